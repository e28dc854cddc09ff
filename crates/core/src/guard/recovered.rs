//! The guard `recovered`: the owner of the last victim is whole again.

use jiff::{Timestamp, Unit};

use super::{GuardAnswer, GuardFinding, RecoveredGuard};
use crate::eligibility::Candidate;
use crate::recovery::DisruptedVictim;

/// Judges a victim by the recoveries that are `open` at `now`; `None` if the guard is off, or nothing owns the victim and
/// the guard looks at owners.
pub fn judge_recovered<'a>(
    victim: &Candidate,
    open: impl Iterator<Item = &'a DisruptedVictim>,
    guard: RecoveredGuard,
    now: Timestamp,
) -> Option<GuardFinding> {
    let concerns = |earlier: &&DisruptedVictim| {
        let same_namespace = earlier.pod.namespace == victim.pod.namespace;
        match guard {
            RecoveredGuard::Off => false,
            RecoveredGuard::Owner => same_namespace && victim.owner.as_ref() == Some(&earlier.owner),
            RecoveredGuard::Namespace => same_namespace,
            RecoveredGuard::All => true,
        }
    };
    let is_asked = match guard {
        RecoveredGuard::Off => false,
        RecoveredGuard::Owner => victim.owner.is_some(),
        RecoveredGuard::Namespace | RecoveredGuard::All => true,
    };
    if !is_asked {
        return None;
    }

    let setting = format!("guards.recovered = \"{}\"", guard.as_str());
    let (answer, seen) = match open.filter(concerns).min_by_key(|earlier| earlier.accepted) {
        None => {
            let place = match guard {
                RecoveredGuard::Owner => " of this owner",
                RecoveredGuard::Namespace => " in this namespace",
                RecoveredGuard::Off | RecoveredGuard::All => "",
            };
            (GuardAnswer::Go, format!("no victim{place} is recovering"))
        }
        Some(earlier) => {
            let age = now.duration_since(earlier.accepted);
            let age = age
                .round(Unit::Second)
                .unwrap_or(age)
                .max(jiff::SignedDuration::ZERO);
            let owner = &earlier.owner;
            let seen = format!(
                "{owner} has not recovered since {} was disrupted {age:#} ago",
                earlier.pod
            );
            (GuardAnswer::HoldsBack, seen)
        }
    };
    Some(GuardFinding::new("recovered", answer, setting, seen))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::DisruptionMethod;
    use crate::pod::{PodOwner, PodRef};
    use crate::recovery::{AcceptedBy, RecoveryBaseline};

    const NOW: Timestamp = Timestamp::constant(1_000_000, 0);

    fn candidate(namespace: &str, name: &str, owner: Option<&str>) -> Candidate {
        let pod = PodRef {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            uid: format!("uid-of-{name}"),
        };
        let owner = owner.map(|name| PodOwner {
            kind: "Deployment".to_owned(),
            name: name.to_owned(),
        });
        Candidate {
            pod,
            owner,
            team: None,
            period_end: None,
        }
    }

    fn earlier(namespace: &str, owner: &str, seconds_ago: i64) -> DisruptedVictim {
        let Candidate { pod, owner, .. } = candidate(namespace, &format!("{owner}-0"), Some(owner));
        let accepted = NOW - jiff::SignedDuration::from_secs(seconds_ago);
        DisruptedVictim {
            slot: accepted,
            pod,
            owner: owner.unwrap(),
            team: None,
            method: DisruptionMethod::Evict,
            accepted,
            origin: AcceptedBy::Answer,
            baseline: RecoveryBaseline::default(),
        }
    }

    #[test]
    fn each_scope_holds_back_whom_it_names_and_nobody_else() {
        let open = [earlier("shop", "web", 12), earlier("team", "api", 90)];
        let web = candidate("shop", "web-1", Some("web"));
        let cart = candidate("shop", "cart-1", Some("cart"));
        let namesake = candidate("team", "web-1", Some("web"));
        let other = candidate("lab", "x-1", Some("x"));
        let bare = candidate("shop", "bare", None);
        let of_web = "Deployment/web has not recovered since shop/web-0 was disrupted 12s ago";
        let of_api = "Deployment/api has not recovered since team/api-0 was disrupted 1m 30s ago";

        for (guard, victim, seen) in [
            (RecoveredGuard::Owner, &web, Some(of_web)),
            (RecoveredGuard::Owner, &cart, None),
            (RecoveredGuard::Owner, &namesake, None),
            (RecoveredGuard::Namespace, &cart, Some(of_web)),
            (RecoveredGuard::Namespace, &bare, Some(of_web)),
            (RecoveredGuard::Namespace, &namesake, Some(of_api)),
            (RecoveredGuard::Namespace, &other, None),
            (RecoveredGuard::All, &other, Some(of_api)),
        ] {
            let finding = judge_recovered(victim, open.iter(), guard, NOW).unwrap();
            let expected = seen.map_or(GuardAnswer::Go, |_| GuardAnswer::HoldsBack);
            assert_eq!(finding.answer, expected, "{guard:?} {}", victim.pod);
            assert_eq!(
                finding.setting,
                format!("guards.recovered = \"{}\"", guard.as_str())
            );
            if let Some(seen) = seen {
                assert_eq!(
                    finding.seen.to_lowercase(),
                    seen.to_lowercase(),
                    "{guard:?} {}",
                    victim.pod
                );
            }
        }
    }

    #[test]
    fn nobody_is_asked_if_the_guard_is_off_or_looks_at_owners_and_there_is_none() {
        let open = [earlier("shop", "web", 12)];
        let web = candidate("shop", "web-1", Some("web"));
        let bare = candidate("shop", "bare", None);
        assert_eq!(judge_recovered(&web, open.iter(), RecoveredGuard::Off, NOW), None);
        assert_eq!(
            judge_recovered(&bare, open.iter(), RecoveredGuard::Owner, NOW),
            None
        );
    }

    #[test]
    fn what_goes_says_of_whom_no_victim_recovers() {
        let web = candidate("shop", "web-1", Some("web"));
        for (guard, seen) in [
            (RecoveredGuard::Owner, "no victim of this owner is recovering"),
            (
                RecoveredGuard::Namespace,
                "no victim in this namespace is recovering",
            ),
            (RecoveredGuard::All, "no victim is recovering"),
        ] {
            assert_eq!(judge_recovered(&web, [].iter(), guard, NOW).unwrap().seen, seen);
        }
    }
}
