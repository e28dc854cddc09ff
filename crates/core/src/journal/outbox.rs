//! The notices: the reports that not everybody was told of yet, in a bounded number and size.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Journal, LeaseHolder, StepContext, ahead};
use crate::outcome::Outcome;
use crate::report::{ExemptionTallies, ExemptionTally, RoundEnd, RoundReport};

/// Notices beyond this number are dropped, the oldest first.
const MOST_NOTICES: usize = 20;
/// The longest report, in bytes of JSON; a longer one is abridged. With everything else that a journal may hold, twenty
/// of them stay below the 1 MiB of a ConfigMap.
const LONGEST_REPORT: usize = 8 * 1024;
/// An abridged report's longest text, in characters.
const ABRIDGED_TEXT: usize = 120;
/// An abridged report tells of so many problems.
const ABRIDGED_PROBLEMS: usize = 3;

/// One report, kept until everybody was told.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxEntry {
    /// Who tells it.
    pub holder: LeaseHolder,
    /// Until when the holder is taken to be at it.
    pub until: Timestamp,
    /// The names of the channels that were told.
    pub told: Vec<String>,
    /// What is told; its slot is the notice's name.
    pub report: RoundReport,
}

impl Journal {
    pub(super) fn notify(&mut self, report: &RoundReport, moment: &StepContext<'_>) {
        self.notices.push(OutboxEntry {
            holder: moment.holder.clone(),
            until: ahead(moment.now, moment.timing.lease),
            told: Vec::new(),
            report: fit(report),
        });
        while self.notices.len() > MOST_NOTICES {
            self.notices.remove(0);
            self.dropped += 1;
        }
    }

    pub(super) fn told(&mut self, slot: Timestamp, channels: &[String], done: bool) {
        let Some(place) = self.notices.iter().position(|notice| notice.report.slot == slot) else {
            return;
        };
        if done {
            self.notices.remove(place);
            return;
        }
        let told = &mut self.notices[place].told;
        for channel in channels {
            if !told.contains(channel) {
                told.push(channel.clone());
            }
        }
    }
}

/// The report, abridged if it is long: who was disrupted is told before who was not.
fn fit(report: &RoundReport) -> RoundReport {
    let is_long =
        |report: &RoundReport| serde_json::to_string(report).map_or(0, |text| text.len()) > LONGEST_REPORT;
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
        .sort_by_key(|attempt| !attempt.outcome.spends_the_count());
    for attempt in &mut short.attempts {
        attempt.warnings.clear();
        if let Outcome::Unknown { why } = &mut attempt.outcome {
            *why = cut(why);
        }
    }
    while is_long(&short) && !short.attempts.is_empty() {
        short.attempts.truncate(short.attempts.len() / 2);
    }
    let untold = report.attempts.len() - short.attempts.len();
    short.problems.push(format!(
        "abridged to fit into the journal: {untold} more victims were tried"
    ));
    short
}

/// The exempted pods counted together, so that it stays known how many were judged.
fn without_reasons(exempted: &ExemptionTallies) -> ExemptionTallies {
    let together = exempted.values().next().map(|first| ExemptionTally {
        count: exempted.values().map(|tally| tally.count).sum(),
        example: first.example.clone(),
        detail: "the reasons are too long for the journal".to_owned(),
    });
    together
        .map(|tally| ("abridged".to_owned(), tally))
        .into_iter()
        .collect()
}

fn cut(text: &str) -> String {
    text.chars().take(ABRIDGED_TEXT).collect()
}
