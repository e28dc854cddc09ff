//! The words that the formats for people share.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::recovery::length;
use macaque_core::resilience::{FEW, OwnerFinding, OwnerResilience, ResilienceReport};

use crate::cli::schedule::local;
use crate::text::count;

/// What marks percentiles of few recoveries.
const FEW_MARK: &str = "?";

/// A report, and the time zone of its instants.
#[derive(Debug, Clone, Copy)]
pub(super) struct ReportWords<'a> {
    /// The report.
    pub(super) report: &'a ResilienceReport,
    /// The time zone.
    pub(super) zone: &'a TimeZone,
}

impl<'a> ReportWords<'a> {
    /// The words for `report` in `zone`.
    pub(super) fn new(report: &'a ResilienceReport, zone: &'a TimeZone) -> Self {
        Self { report, zone }
    }

    /// The report in one line, what needs attention first: `14 owners: 1 not recovered in time, 3 without a turn`.
    pub(super) fn headline(self) -> String {
        let owners = match self.report.owners.len() {
            0 => return "no owner was tried, and none in scope is known".to_owned(),
            owners => count(owners, "owner"),
        };
        let findings = self.report.findings();
        let of = |wanted: &[OwnerFinding]| wanted.iter().filter_map(|finding| findings.get(finding)).sum();

        let parts: [(usize, &str); 7] = [
            (of(&[OwnerFinding::Unrecovered]), "not recovered in time"),
            (of(&[OwnerFinding::Slow]), "slow"),
            (of(&[OwnerFinding::Unknown]), "with an unknown outcome"),
            (of(&[OwnerFinding::Recovering]), "not whole yet"),
            (of(&WITHOUT_TURN), "without a turn"),
            (of(&[OwnerFinding::Picked]), "picked in a dry run"),
            (of(&[OwnerFinding::Recovered]), "recovered in time"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<_> = parts.map(|(count, words)| format!("{count} {words}")).collect();
        match parts.as_slice() {
            [] => owners,
            parts => format!("{owners}: {}", parts.join(", ")),
        }
    }

    /// The time that the report is about.
    pub(super) fn span(self) -> String {
        let (from, to) = (self.report.from, self.report.to);
        format!("{} to {}", local(from, self.zone), local(to, self.zone))
    }

    /// What happened in that time: `120 rounds (100 disrupted, 20 idle), 100 pods disrupted`.
    pub(super) fn activity(self) -> String {
        let report = self.report;
        let rounds = count(report.rounds, "round");
        let results = report.results.iter();
        let results: Vec<_> = results
            .map(|(result, count)| format!("{count} {result}"))
            .collect();
        let results = match results.as_slice() {
            [] => String::new(),
            results => format!(" ({})", results.join(", ")),
        };

        let pods = if report.dry_run {
            format!(
                "{} picked, none disrupted: dry run",
                count(report.picked(), "pod")
            )
        } else {
            format!("{} disrupted", count(report.disruptions(), "pod"))
        };
        format!("{rounds}{results}, {pods}")
    }

    /// What the mark means, if it was used.
    pub(super) fn few_note(self) -> Option<String> {
        let is_marked = |owner: &OwnerResilience| owner.recovery.few && owner.recovery.count > 0;
        let note = format!("{FEW_MARK} fewer than {FEW} recoveries");
        self.report.owners.iter().any(is_marked).then_some(note)
    }

    /// What was counted and measured of an owner, in cells: how many pods were disrupted, how long ago the last was, and of
    /// its recoveries how many, the median, the 90th percentile and the slowest.
    pub(super) fn numbers(self, owner: &OwnerResilience) -> [String; 6] {
        let recovery = &owner.recovery;
        let mark = if recovery.few { FEW_MARK } else { "" };
        let time = |millis: Option<u64>| {
            millis.map_or_else(none, |millis| {
                format!("{}{mark}", length(Duration::from_millis(millis)))
            })
        };
        [
            number(owner.disruptions),
            self.age(owner.last),
            number(recovery.count),
            time(recovery.p50_ms),
            time(recovery.p90_ms),
            time(recovery.max_ms),
        ]
    }

    /// How long ago `instant` was at the end of the time: `45m`, `20h`, `3d`.
    fn age(self, instant: Option<Timestamp>) -> String {
        let Some(instant) = instant else {
            return none();
        };
        match self.report.to.duration_since(instant).as_mins() {
            minutes @ ..120 => format!("{minutes}m"),
            minutes @ 120..2_880 => format!("{}h", minutes / 60),
            minutes => format!("{}d", minutes / 1_440),
        }
    }
}

/// The findings of owners without a turn.
const WITHOUT_TURN: [OwnerFinding; 5] = [
    OwnerFinding::Refused,
    OwnerFinding::Held,
    OwnerFinding::NotDrawn,
    OwnerFinding::Gone,
    OwnerFinding::Exempt,
];

/// A number as a cell; none stands for 0, so that the eye finds the others.
pub(super) fn number(number: usize) -> String {
    match number {
        0 => none(),
        number => number.to_string(),
    }
}

/// What was counted by name, the most frequent first: `budget shop/db (3), webhook quota (1)`.
pub(super) fn by_name(counts: &[&BTreeMap<String, usize>]) -> String {
    let counts = counts.iter().flat_map(|counts| counts.iter());
    let mut counts: Vec<_> = counts.collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let words: Vec<_> = counts
        .into_iter()
        .map(|(name, count)| format!("{name} ({count})"))
        .collect();
    match words.as_slice() {
        [] => none(),
        words => words.join(", "),
    }
}

/// What stands in a cell that says nothing.
pub(super) fn none() -> String {
    "-".to_owned()
}
