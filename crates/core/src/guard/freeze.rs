//! The guard `freeze`: a namespace or an owner whose annotations or labels keep macaque off all of its pods.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{GuardAnswer, GuardFinding};
use crate::annotations::{ENABLED, pair, yes_or_no};
use crate::freeze::frozen;
use crate::selector::Selector;

/// Judges a namespace or an owner, which `place` names (`namespace shop`), by its annotations and labels at `now`. It
/// holds back while it is frozen, and if it opted out by `macaque/enabled`, as a pod does.
pub fn judge_freeze(
    place: &str,
    annotations: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
    now: Timestamp,
) -> GuardFinding {
    let freeze = frozen(annotations, labels, now);
    let why = freeze.map(|freeze| format!("is {freeze}"));
    let (answer, seen) = match why.or_else(|| opt_out(annotations, labels)) {
        Some(why) => (GuardAnswer::HoldsBack, format!("{place} {why}")),
        None => (GuardAnswer::Go, format!("{place} is not frozen")),
    };
    finding(answer, seen)
}

/// Judges a namespace or an owner by `macaque/enabled` alone, where freezes are not read.
pub fn judge_opt_out(
    place: &str,
    annotations: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> GuardFinding {
    let (answer, seen) = match opt_out(annotations, labels) {
        Some(why) => (GuardAnswer::HoldsBack, format!("{place} {why}")),
        None => (GuardAnswer::Go, format!("{place} did not opt out")),
    };
    opting(answer, seen)
}

/// The finding about a victim that nobody opted in any more, for this reason.
pub fn not_opted_in(why: String) -> GuardFinding {
    opting(GuardAnswer::HoldsBack, why)
}

/// The finding about a victim whose namespace was found by its labels, and does not match any more.
pub fn unselected_namespace(namespace: &str, selector: &Selector) -> GuardFinding {
    let seen = format!("namespace {namespace} does not match {selector} any more");
    selecting(GuardAnswer::HoldsBack, selector, seen)
}

/// The finding if the labels of a namespace cannot be read, by which it was found, for this reason.
pub fn unknown_selection(selector: &Selector, why: String) -> GuardFinding {
    selecting(GuardAnswer::CannotAnswer, selector, why)
}

/// The finding about a namespace or an owner that macaque may not read, and so takes for not frozen.
pub fn unseen_freeze(place: &str) -> GuardFinding {
    finding(GuardAnswer::Go, format!("{place} may not be read"))
}

/// The finding if a namespace or an owner cannot be read, for this reason.
pub fn unknown_freeze(why: String) -> GuardFinding {
    finding(GuardAnswer::CannotAnswer, why)
}

fn finding(answer: GuardAnswer, seen: String) -> GuardFinding {
    GuardFinding::new("freeze", answer, "guards.freeze = true".to_owned(), seen)
}

/// A finding that the configured mode asks for, and not the guard.
fn opting(answer: GuardAnswer, seen: String) -> GuardFinding {
    GuardFinding::new("freeze", answer, "target.mode = opt-in".to_owned(), seen)
}

/// A finding that the configured scope asks for, and not the guard.
fn selecting(answer: GuardAnswer, selector: &Selector, seen: String) -> GuardFinding {
    let setting = format!("target.namespace_selector = {selector}");
    GuardFinding::new("freeze", answer, setting, seen)
}

/// The opt-out by `macaque/enabled`, unless its value is understood as permission.
fn opt_out(annotations: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> Option<String> {
    let values = [annotations, labels]
        .into_iter()
        .filter_map(|map| map.get(ENABLED));
    let denied = values.into_iter().find(|value| yes_or_no(value) != Some(true))?;

    let pair = pair(ENABLED, denied);
    Some(match yes_or_no(denied) {
        Some(_) => format!("opted out by {pair}"),
        None => format!("opted out by {pair}, which is neither yes nor no"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_that_left_the_scope_holds_back_and_names_the_setting() {
        let selector = "chaos=on".parse().unwrap();
        let left = unselected_namespace("shop", &selector);
        assert_eq!(left.answer, GuardAnswer::HoldsBack);
        assert_eq!(left.setting, "target.namespace_selector = chaos=on");
        assert_eq!(left.seen, "namespace shop does not match chaos=on any more");

        let unknown = unknown_selection(&selector, "timeout".to_owned());
        assert_eq!(
            (unknown.answer, unknown.seen.as_str()),
            (GuardAnswer::CannotAnswer, "timeout")
        );
    }

    #[test]
    fn a_no_of_a_namespace_or_an_owner_holds_back_and_a_yes_lets_go() {
        let rows = [
            (None, None, GuardAnswer::Go, "is not frozen"),
            (Some(("app", "web")), None, GuardAnswer::Go, "is not frozen"),
            (
                Some(("macaque/enabled", "true")),
                None,
                GuardAnswer::Go,
                "is not frozen",
            ),
            (
                Some(("macaque/frozen", "false")),
                None,
                GuardAnswer::Go,
                "is not frozen",
            ),
            (
                Some(("macaque/frozen", "true")),
                Some(("macaque/enabled", "true")),
                GuardAnswer::HoldsBack,
                "is frozen by macaque/frozen=\"true\"",
            ),
            (
                Some(("macaque/enabled", "yes")),
                Some(("macaque/enabled", "False")),
                GuardAnswer::HoldsBack,
                "opted out by macaque/enabled=\"False\"",
            ),
            (
                Some(("macaque/enabled", "")),
                None,
                GuardAnswer::HoldsBack,
                "opted out by macaque/enabled=\"\", which is neither yes nor no",
            ),
            (
                None,
                Some(("macaque/frozen-until", "2026-12-24")),
                GuardAnswer::HoldsBack,
                "is frozen by macaque/frozen-until=\"2026-12-24\", which has no time and offset: write \
                 2026-12-24T00:00:00Z, for example",
            ),
        ];

        let now = "2026-06-10T12:00:00Z".parse().unwrap();
        let map = |pair: Option<(&str, &str)>| {
            pair.into_iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        };
        for (annotation, label, answer, seen) in rows {
            let finding = judge_freeze("namespace shop", &map(annotation), &map(label), now);
            assert_eq!(finding.answer, answer, "{annotation:?} {label:?}");
            assert_eq!(finding.seen, format!("namespace shop {seen}"));
            assert_eq!(
                (finding.guard.as_str(), finding.setting.as_str()),
                ("freeze", "guards.freeze = true")
            );
        }
    }
}
