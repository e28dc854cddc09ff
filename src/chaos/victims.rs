//! Orders the candidates by lot: who is tried first, who next. Knows nothing of clusters or clocks.

use rand::SeedableRng;
use rand::rngs::ChaCha12Rng;
use rand::seq::SliceRandom;

use super::eligibility::Candidate;

/// Puts `candidates` in the order in which they are to be tried. Every order is equally likely over the seeds;
/// the same seed and the same pods give the same order, however the API server listed them, on every platform
/// (a named generator over a list sorted by UID).
pub fn draw(mut candidates: Vec<Candidate>, seed: u64) -> Vec<Candidate> {
    candidates.sort_unstable_by(|a, b| a.pod.uid.cmp(&b.pod.uid));
    // A page boundary may repeat a pod; by UID it is the same one.
    candidates.dedup_by(|a, b| a.pod.uid == b.pod.uid);
    candidates.shuffle(&mut ChaCha12Rng::seed_from_u64(seed));
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::pod::PodRef;

    fn candidates(uids: impl IntoIterator<Item = usize>) -> Vec<Candidate> {
        let pod = |n: usize| PodRef {
            namespace: "shop".into(),
            name: format!("web-{n}"),
            uid: format!("uid-{n:03}"),
        };
        uids.into_iter().map(|n| Candidate { pod: pod(n), owner: None }).collect()
    }

    #[test]
    fn the_same_seed_and_pods_give_the_same_order_however_they_were_listed() {
        let forwards = draw(candidates(0..40), 7);
        let backwards = draw(candidates((0..40).rev()), 7);
        assert_eq!(forwards, backwards);
        assert_ne!(forwards, draw(candidates(0..40), 8));
    }

    #[test]
    fn the_order_of_a_seed_never_changes_between_releases() {
        let order: Vec<_> = draw(candidates(0..5), 42).into_iter().map(|c| c.pod.name).collect();
        assert_eq!(order, ["web-3", "web-4", "web-2", "web-1", "web-0"]);
    }

    #[test]
    fn a_pod_listed_twice_is_drawn_once() {
        assert_eq!(draw(candidates([1, 2, 1, 3, 2]), 1).len(), 3);
    }

    #[test]
    fn every_candidate_is_first_about_equally_often() {
        let (pods, seeds) = (10, 5_000);
        let mut first = vec![0_f64; pods];
        for seed in 0..seeds {
            let order = draw(candidates(0..pods), seed);
            let winner: usize = order[0].pod.name.trim_start_matches("web-").parse().unwrap();
            first[winner] += 1.0;
        }
        let expected = seeds as f64 / pods as f64;
        let chi_square: f64 = first.iter().map(|n| (n - expected).powi(2) / expected).sum();
        // 9 degrees of freedom: 27.9 is passed once in a thousand; the seeds are fixed, so this never flickers.
        assert!(chi_square < 27.9, "chi-square {chi_square}: {first:?}");
    }
}
