//! The outbox: reports that were not delivered to every channel yet, in a bounded number and size.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Journal, LeaseHolder, StepContext, after};
use crate::outcome::Outcome;
use crate::report::{ExemptionTallies, ExemptionTally, RoundEnd, RoundReport};

/// Reports beyond this number are dropped, the oldest first.
const MOST_ENTRIES: usize = 20;
/// The longest report, in bytes of JSON; a longer one is abridged. With everything else that a journal may hold, twenty
/// of them stay below the 1 MiB of a ConfigMap.
const LONGEST_REPORT: usize = 8 * 1024;
/// The longest text in an abridged report, in characters.
const ABRIDGED_TEXT: usize = 120;
/// How many problems an abridged report keeps.
const ABRIDGED_PROBLEMS: usize = 3;

/// One report, kept until it was delivered to every channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxEntry {
    /// Who delivers it.
    pub holder: LeaseHolder,
    /// When the lease ends: later, another holder may take the entry over.
    pub lease_until: Timestamp,
    /// The names of the channels it was delivered to.
    pub delivered: Vec<String>,
    /// The report; its slot identifies the entry.
    pub report: RoundReport,
}

impl Journal {
    pub(super) fn add_to_outbox(&mut self, report: &RoundReport, context: &StepContext<'_>) {
        self.outbox.push(OutboxEntry {
            holder: context.holder.clone(),
            lease_until: after(context.now, context.timing.lease),
            delivered: Vec::new(),
            report: abridged(report),
        });
        while self.outbox.len() > MOST_ENTRIES {
            self.outbox.remove(0);
            self.dropped += 1;
        }
    }

    pub(super) fn record_delivery(&mut self, slot: Timestamp, channels: &[String], done: bool) {
        let Some(index) = self.outbox.iter().position(|entry| entry.report.slot == slot) else {
            return;
        };
        if done {
            self.outbox.remove(index);
            return;
        }

        let delivered = &mut self.outbox[index].delivered;
        for channel in channels {
            if !delivered.contains(channel) {
                delivered.push(channel.clone());
            }
        }
    }
}

/// The report, shortened if it is long: who was disrupted is kept before who was not.
fn abridged(report: &RoundReport) -> RoundReport {
    if !is_long(report) {
        return report.clone();
    }

    let mut short = report.clone();
    short.exempted = without_reasons(&report.exempted);
    short.namespaces.truncate(ABRIDGED_PROBLEMS);
    short.selector = cut(&short.selector);
    short.end = match short.end {
        RoundEnd::Failed { why } => RoundEnd::Failed { why: cut(&why) },
        RoundEnd::Withheld { why } => RoundEnd::Withheld { why: cut(&why) },
        end => end,
    };
    short.problems.truncate(ABRIDGED_PROBLEMS);
    short.problems = short.problems.iter().map(|problem| cut(problem)).collect();

    short
        .attempts
        .sort_by_key(|attempt| !attempt.outcome.counts_as_disruption());
    for attempt in &mut short.attempts {
        attempt.warnings.clear();
        if let Outcome::Unknown { why } = &mut attempt.outcome {
            *why = cut(why);
        }
    }
    while is_long(&short) && !short.attempts.is_empty() {
        short.attempts.truncate(short.attempts.len() / 2);
    }

    let left_out = report.attempts.len() - short.attempts.len();
    short.problems.push(format!(
        "shortened to fit into the journal: {left_out} more attempts are not listed"
    ));
    short
}

fn is_long(report: &RoundReport) -> bool {
    serde_json::to_string(report).map_or(0, |text| text.len()) > LONGEST_REPORT
}

/// The exempted pods counted together, so that it stays known how many were checked.
fn without_reasons(exempted: &ExemptionTallies) -> ExemptionTallies {
    let Some(first) = exempted.values().next() else {
        return ExemptionTallies::new();
    };
    let together = ExemptionTally {
        count: exempted.values().map(|tally| tally.count).sum(),
        example: first.example.clone(),
        detail: "the reasons are too long for the journal".to_owned(),
    };
    ExemptionTallies::from([("shortened".to_owned(), together)])
}

fn cut(text: &str) -> String {
    text.chars().take(ABRIDGED_TEXT).collect()
}
