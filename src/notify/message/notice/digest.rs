//! The wording of what happened in a day or a week, and of the owners that had no turn.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::time::Duration;

use macaque_core::notice::{Activity, Digest, NoTurn, OwnerWithoutTurn, OwnersWithoutTurn};
use macaque_core::recovery::length;

use crate::notify::message::LINE;
use crate::text::{self, count};

/// The room for a list in a line, whose lead takes the rest.
const ROOM: usize = LINE - 80;

/// What happened, a line for each kind of thing; `median_ms` is that of the recoveries.
pub(super) fn activity_notes(activity: &Activity, median_ms: Option<u64>) -> Vec<String> {
    let verb = if activity.dry_run { "picked" } else { "disrupted" };
    let mut notes = Vec::new();
    notes.extend(counts(verb, " in", &activity.namespaces));
    if activity.unknown > 0 {
        notes.push(format!(
            "with unknown outcome: {}",
            count(activity.unknown, "pod")
        ));
    }
    notes.extend(counts("refused", " by", &activity.refusals));
    notes.extend(counts("held back", " by guard", &activity.holds));
    notes.extend(recoveries(activity, median_ms));
    if activity.withheld > 0 {
        notes.push(format!("withheld: {}", count(activity.withheld, "round")));
    }
    if activity.failed > 0 {
        notes.push(format!("failed: {}", count(activity.failed, "round")));
    }
    notes
}

/// What a digest says beside its headline.
pub(super) fn digest_notes(digest: &Digest) -> Vec<String> {
    let mut notes = activity_notes(&digest.activity, digest.median_ms);
    if digest.owners > 0 && digest.without_turn.is_empty() && digest.unjudged == 0 {
        notes.push("every workload in scope had a turn".to_owned());
    }
    notes.extend(digest.without_turn.iter().map(without_turn));
    if digest.unjudged > 0 {
        notes.push(format!(
            "not looked at: {} in scope",
            count(digest.unjudged, "more workload")
        ));
    }
    if digest.forgotten > 0 {
        notes.push(format!(
            "{} had a turn and may be named all the same: there were too many to remember",
            count(digest.forgotten, "workload")
        ));
    }
    notes.extend(
        digest
            .problems
            .iter()
            .map(|problem| format!("problem: {problem}")),
    );
    notes
}

/// Counts by name, the most first: `refused: 3 by budget shop/web, 1 by webhook virt`.
fn counts(lead: &str, joint: &str, counts: &BTreeMap<String, usize>) -> Option<String> {
    let mut sorted: Vec<_> = counts.iter().collect();
    sorted.sort_by_key(|(name, count)| (Reverse(**count), name.as_str()));

    let items = sorted
        .iter()
        .map(|(name, count)| format!("{count}{joint} {name}"));
    let items: Vec<_> = items.collect();
    (!items.is_empty()).then(|| format!("{lead}: {}", text::list(&items, ", ", ROOM, text::chars)))
}

fn recoveries(activity: &Activity, median_ms: Option<u64>) -> Option<String> {
    let verdicts = activity.recoveries.iter();
    let items = verdicts.map(|(verdict, count)| format!("{count} {}", verdict.as_str()));
    let items: Vec<_> = items.collect();
    let median = median_ms.map_or(String::new(), |median_ms| {
        let median = length(Duration::from_millis(median_ms));
        format!("; half of them within {median}")
    });
    (!items.is_empty()).then(|| format!("recoveries: {}{median}", items.join(", ")))
}

/// The owners that had no turn for one reason: `no turn, not drawn (2): deployment/cart in shop, deployment/web in shop`.
fn without_turn(group: &OwnersWithoutTurn) -> String {
    let reason = match group.reason {
        NoTurn::Refused => "refused",
        NoTurn::Held => "held back",
        NoTurn::NotDrawn => "eligible but not drawn",
        NoTurn::Exempt => "exempt",
    };
    let names: Vec<_> = group
        .owners
        .iter()
        .map(|owner| name(owner, group.reason))
        .collect();
    format!(
        "no turn, {reason} ({}): {}",
        group.count,
        listed(&names, group.count)
    )
}

fn name(owner: &OwnerWithoutTurn, reason: NoTurn) -> String {
    let OwnerWithoutTurn { namespace, owner, by } = owner;
    let by = match (by, reason) {
        (Some(by), NoTurn::Held) => format!(" (guard {by})"),
        (Some(by), _) => format!(" ({by})"),
        (None, _) => String::new(),
    };
    format!("{owner} in {namespace}{by}")
}

/// As many names as fit, and the number of the others of `total`.
fn listed(names: &[String], total: usize) -> String {
    let shown = |count: usize| {
        let more = total.saturating_sub(count);
        let more = (more > 0).then(|| format!("… and {more} more"));
        let named = names[..count].iter().cloned();
        named.chain(more).collect::<Vec<_>>().join(", ")
    };
    let fits = |count: &usize| text::chars(&shown(*count)) <= ROOM;
    shown((0..=names.len()).rev().find(fits).unwrap_or(0))
}
