//! The rows about the victims of a round: pods that were spared with the same words share a row.

use macaque_core::report::AttemptReport;

use super::{ShownCell, server_text};
use crate::text::{self, chars};

/// The longest list of names in a cell, in characters.
const NAMES: usize = 120;

/// One row for each victim that was disrupted or may have been, and one for all that were spared with the same words:
/// pods, owners, outcome.
pub(super) fn rows(attempts: &[AttemptReport]) -> Vec<[ShownCell; 3]> {
    let mut groups: Vec<(String, Vec<&AttemptReport>)> = Vec::new();
    for attempt in attempts {
        let outcome = server_text(&attempt.outcome.to_string());
        let is_shared = !attempt.outcome.counts_as_disruption();
        match groups
            .iter_mut()
            .find(|(known, _)| is_shared && *known == outcome)
        {
            Some((_, group)) => group.push(attempt),
            None => groups.push((outcome, vec![attempt])),
        }
    }

    let rows = groups.into_iter().map(row);
    let cells = rows.map(|[pods, owners, outcome]| [pods.into(), owners.into(), ShownCell::result(outcome)]);
    cells.collect()
}

fn row((outcome, group): (String, Vec<&AttemptReport>)) -> [String; 3] {
    let pods: Vec<_> = group.iter().map(|attempt| attempt.pod.to_string()).collect();
    // In the order of the pods.
    let mut owners = Vec::new();
    for owner in group.iter().filter_map(|attempt| attempt.owner.as_ref()) {
        let owner = owner.to_string();
        if !owners.contains(&owner) {
            owners.push(owner);
        }
    }

    let owners = match owners.as_slice() {
        [] => "-".to_owned(),
        owners => names(owners),
    };
    [names(&pods), owners, outcome]
}

/// The names as a list of bounded length; one name alone is whole.
pub(in crate::cli) fn names(names: &[String]) -> String {
    match names {
        [only] => only.clone(),
        several => text::list(several, ", ", NAMES, chars),
    }
}

#[cfg(test)]
mod tests {
    use macaque_core::outcome::Outcome;
    use macaque_core::pod::{PodOwner, PodRef};
    use macaque_core::refusal::Refusal;

    use super::*;

    fn attempt(name: &str, outcome: Outcome) -> AttemptReport {
        AttemptReport {
            pod: PodRef {
                namespace: "shop".to_owned(),
                name: name.to_owned(),
                uid: name.to_owned(),
            },
            owner: None,
            team: None,
            outcome,
            warnings: Vec::new(),
        }
    }

    fn owned(name: &str, owner: &str) -> AttemptReport {
        let owner = PodOwner {
            kind: "Deployment".to_owned(),
            name: owner.to_owned(),
        };
        AttemptReport {
            owner: Some(owner),
            ..attempt(name, refused("no"))
        }
    }

    #[test]
    fn owners_are_listed_once_each_in_the_order_of_their_pods() {
        let attempts = [owned("web-1", "web"), owned("db-1", "db"), owned("web-2", "web")];
        let [[pods, owners, _]] = rows(&attempts).try_into().unwrap();
        assert_eq!(pods.plain(), "shop/web-1, shop/db-1, shop/web-2");
        assert_eq!(owners.plain(), "deployment/web, deployment/db");
    }

    fn refused(message: &str) -> Outcome {
        Outcome::Refused(Refusal::Webhook {
            name: "guard".to_owned(),
            message: message.to_owned(),
            temporary: false,
        })
    }

    #[test]
    fn pods_that_were_refused_with_the_same_words_share_a_bounded_row() {
        let long = "no ".repeat(7_000);
        let mut attempts: Vec<_> = (0..20)
            .map(|n| attempt(&format!("web-{n}"), refused(&long)))
            .collect();
        attempts.insert(3, attempt("db-0", Outcome::Gone));
        attempts.push(attempt("web-20", refused("maintenance")));
        attempts.push(attempt("web-21", Outcome::Evicted));
        attempts.push(attempt("web-22", Outcome::Evicted));

        let rows = rows(&attempts);
        let pods: Vec<_> = rows.iter().map(|[pods, ..]| pods.plain()).collect();
        assert!(
            pods[0].starts_with("shop/web-0, shop/web-1, ") && pods[0].ends_with(" more"),
            "{pods:?}"
        );
        assert_eq!(
            pods[1..],
            ["shop/db-0", "shop/web-20", "shop/web-21", "shop/web-22"]
        );
        assert!(rows.iter().flatten().all(|cell| chars(&cell.plain()) <= 400));
    }
}
