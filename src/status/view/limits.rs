//! The limits: how much of each is used, and what is left.

use jiff::Timestamp;
use macaque_core::config::DisruptionLimits;
use macaque_core::journal::LimitWindow;
use serde::Serialize;

use super::super::notes::StatusNotes;

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct LimitView {
    /// The key in `[limits]`.
    pub(in super::super) name: &'static str,
    /// The limit in words.
    pub(in super::super) what: &'static str,
    /// The most disruptions.
    pub(in super::super) limit: usize,
    /// How many of them happened; `None` if that differs from one place to another, or is not known yet.
    pub(in super::super) used: Option<usize>,
    /// How many more are allowed.
    pub(in super::super) left: Option<usize>,
}

/// The limits that are set.
pub(super) fn limits(notes: &StatusNotes, now: Timestamp) -> Vec<LimitView> {
    let limits = &notes.config.limits;
    let DisruptionLimits {
        per_hour,
        per_day,
        per_node,
        per_zone,
        per_namespace_day,
        per_owner_day,
        in_flight,
        cooldown: _,
    } = *limits;
    let journal = notes.journal.as_ref().map(|read| &read.journal);
    let left = |window| journal?.remaining_in(window, limits, now);
    let flying = journal.map(|journal| journal.in_flight(now));
    let in_flight_left = flying
        .zip(in_flight)
        .map(|(flying, limit)| limit.saturating_sub(flying));

    let all = [
        ("per_hour", "in any hour", per_hour, left(LimitWindow::Hour)),
        ("per_day", "in any 24 hours", per_day, left(LimitWindow::Day)),
        ("in_flight", "not recovered at once", in_flight, in_flight_left),
        ("per_node", "of one node in 10 minutes", per_node, None),
        ("per_zone", "of one zone in 10 minutes", per_zone, None),
        (
            "per_namespace_day",
            "in one namespace in 24 hours",
            per_namespace_day,
            None,
        ),
        ("per_owner_day", "of one owner in 24 hours", per_owner_day, None),
    ];
    let view = |(name, what, limit, left): (&'static str, &'static str, Option<usize>, Option<usize>)| {
        let limit = limit?;
        Some(LimitView {
            name,
            what,
            limit,
            used: left.map(|left| limit.saturating_sub(left)),
            left,
        })
    };
    all.into_iter().filter_map(view).collect()
}
