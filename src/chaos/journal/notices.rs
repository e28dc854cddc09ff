//! The notices: the reports that not everybody was told of yet, in a bounded number and size.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Holder, Journal, Moment, ahead};
use crate::chaos::outcome::Outcome;
use crate::chaos::report::{Exempted, Report};

/// Notices beyond this number are dropped, the oldest first.
const MOST_NOTICES: usize = 20;
/// A longer report, in bytes of JSON, is abridged: twenty of them stay far below the 1 MiB of a ConfigMap.
const LONGEST_REPORT: usize = 16 * 1024;
/// An abridged report tells of so many victims.
const ABRIDGED_ATTEMPTS: usize = 50;
/// An abridged report's longest text, in characters.
const ABRIDGED_TEXT: usize = 120;

/// One report, kept until everybody was told.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// Who tells it.
    pub holder: Holder,
    /// Until when the holder is taken to be at it.
    pub until: Timestamp,
    /// The names of the channels that were told.
    pub told: Vec<String>,
    /// What is told; its slot is the notice's name.
    pub report: Report,
}

impl Journal {
    pub(super) fn notify(&mut self, report: &Report, moment: &Moment<'_>) {
        self.notices.push(Notice {
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

/// The report, abridged if it is long: what was disrupted is told before what was not.
fn fit(report: &Report) -> Report {
    let length = |report: &Report| serde_json::to_string(report).map_or(usize::MAX, |text| text.len());
    if length(report) <= LONGEST_REPORT {
        return report.clone();
    }
    let mut short = report.clone();
    short.exempted = Exempted::new();
    short
        .attempts
        .sort_by_key(|attempt| !attempt.outcome.spends_the_count());
    short.attempts.truncate(ABRIDGED_ATTEMPTS);
    for attempt in &mut short.attempts {
        attempt.warnings.clear();
        if let Outcome::Unknown { why } = &mut attempt.outcome {
            *why = cut(why);
        }
    }
    if length(&short) > LONGEST_REPORT {
        short
            .attempts
            .retain(|attempt| attempt.outcome.spends_the_count());
    }
    short.problems.truncate(5);
    short.problems = short.problems.iter().map(|problem| cut(problem)).collect();
    short
        .problems
        .push("this report was abridged to fit into the journal".to_owned());
    short
}

fn cut(text: &str) -> String {
    text.chars().take(ABRIDGED_TEXT).collect()
}
