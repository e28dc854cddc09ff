//! The outbox: messages that were not delivered to every channel yet, bounded in number and size.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Journal, LeaseHolder, RecoveryRecord, StepContext, after};
use crate::guard::GuardHold;
use crate::outcome::Outcome;
use crate::recovery::RecoveryReport;
use crate::report::{ExemptionTallies, ExemptionTally, RoundEnd, RoundReport};

/// The maximum number of reports; beyond it the oldest are dropped.
const MAX_ENTRIES: usize = 20;
/// The maximum size of a report, in bytes of JSON; a longer one is shortened. With everything else that a journal may
/// hold, twenty reports of this size stay below the 1 MiB of a ConfigMap.
const MAX_REPORT_BYTES: usize = 8 * 1024;
/// The maximum length of a text in a shortened report, in characters.
const MAX_SHORT_TEXT: usize = 120;
/// The maximum number of problems, and of namespaces, in a shortened report.
const MAX_SHORT_LIST: usize = 3;

/// One message, kept until it was delivered to every channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// The holder that delivers the message.
    pub holder: LeaseHolder,
    /// When the lease ends: after that, another holder may take the entry over.
    pub lease_until: Timestamp,
    /// The names of the channels that the message was delivered to.
    pub delivered: Vec<String>,
    /// The message.
    #[serde(flatten)]
    pub message: Message,
}

/// A message that people are to get.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Message {
    /// The report of a round.
    Report(RoundReport),
    /// What became of a recovery.
    Recovery(RecoveryReport),
}

/// What identifies a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The slot of the round.
    pub slot: Timestamp,
    /// Which of the messages about the round it is.
    pub part: MessagePart,
}

/// One of the messages about a round.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessagePart {
    /// The report.
    Report,
    /// That the replacement of the victim with this UID is stuck, for this reason.
    Trouble(String, String),
    /// How the recovery from the disruption of the victim with this UID ended.
    Recovery(String),
}

impl OutboxEntry {
    /// The report of a round, if the message is one.
    pub fn round_report(&self) -> Option<&RoundReport> {
        match &self.message {
            Message::Report(report) => Some(report),
            Message::Recovery(_) => None,
        }
    }
}

impl Message {
    /// What identifies the message.
    pub fn id(&self) -> MessageId {
        match self {
            Self::Report(report) => MessageId::of_round(report.slot),
            Self::Recovery(report) => {
                let uid = report.pod.uid.clone();
                let part = match (report.verdict, &report.trouble) {
                    (None, Some(trouble)) => MessagePart::Trouble(uid, trouble.reason.clone()),
                    _ => MessagePart::Recovery(uid),
                };
                MessageId {
                    slot: report.slot,
                    part,
                }
            }
        }
    }
}

impl MessageId {
    /// The report of the round of `slot`.
    pub fn of_round(slot: Timestamp) -> Self {
        let part = MessagePart::Report;
        Self { slot, part }
    }
}

impl Journal {
    /// Adds a report for delivery; the oldest is dropped if there are too many.
    pub(super) fn add_to_outbox(&mut self, report: &RoundReport, context: &StepContext<'_>) {
        self.add_message(Message::Report(shortened(report)), context);
    }

    /// Adds what became of a recovery for delivery.
    pub(super) fn add_recovery_to_outbox(&mut self, report: &RecoveryReport, context: &StepContext<'_>) {
        self.add_message(Message::Recovery(report.clone()), context);
    }

    fn add_message(&mut self, message: Message, context: &StepContext<'_>) {
        self.outbox.push(OutboxEntry {
            holder: context.holder.clone(),
            lease_until: after(context.now, context.timing.lease),
            delivered: Vec::new(),
            message,
        });
        while self.outbox.len() > MAX_ENTRIES {
            self.outbox.remove(0);
            self.dropped += 1;
        }
    }

    /// Records that `channels` got a message, and removes it once it is `done`. The recoveries of a round learn where
    /// its report is.
    pub(super) fn record_delivery(
        &mut self,
        message: &MessageId,
        channels: &BTreeMap<String, Option<String>>,
        done: bool,
    ) {
        let Some(index) = self
            .outbox
            .iter()
            .position(|entry| entry.message.id() == *message)
        else {
            return;
        };
        if message.part == MessagePart::Report {
            let of_round = |record: &&mut RecoveryRecord| record.victim.slot == message.slot;
            for record in self.recovering.iter_mut().filter(of_round) {
                let threads = channels
                    .iter()
                    .filter_map(|(channel, thread)| Some((channel, thread.as_ref()?)));
                record
                    .threads
                    .extend(threads.map(|(channel, thread)| (channel.clone(), thread.clone())));
            }
        }
        if done {
            self.outbox.remove(index);
            return;
        }

        let delivered = &mut self.outbox[index].delivered;
        for channel in channels.keys() {
            if !delivered.contains(channel) {
                delivered.push(channel.clone());
            }
        }
    }
}

/// The report, shortened if it is too long: attempts that disrupted a pod are kept before others.
fn shortened(report: &RoundReport) -> RoundReport {
    if !is_long(report) {
        return report.clone();
    }

    let mut short = report.clone();
    short.exempted = merged(&report.exempted);
    short.namespaces.truncate(MAX_SHORT_LIST);
    short.selector = cut(&short.selector);
    short.end = match short.end {
        RoundEnd::Failed { why } => RoundEnd::Failed { why: cut(&why) },
        RoundEnd::Withheld { why } => RoundEnd::Withheld { why: cut(&why) },
        RoundEnd::Held(hold) => RoundEnd::Held(GuardHold {
            why: cut(&hold.why),
            ..hold
        }),
        end => end,
    };
    short.problems.truncate(MAX_SHORT_LIST);
    short.problems = short.problems.iter().map(|problem| cut(problem)).collect();
    short.warnings.truncate(MAX_SHORT_LIST);
    short.warnings = short.warnings.iter().map(|warning| cut(warning)).collect();

    short
        .attempts
        .sort_by_key(|attempt| !attempt.outcome.counts_as_disruption());
    for attempt in &mut short.attempts {
        attempt.warnings.clear();
        if let Outcome::Unknown { why } = &mut attempt.outcome {
            *why = cut(why);
        }
        if let Outcome::Held(hold) = &mut attempt.outcome {
            hold.why = cut(&hold.why);
        }
    }
    while is_long(&short) && !short.attempts.is_empty() {
        short.attempts.truncate(short.attempts.len() / 2);
    }

    let omitted = report.attempts.len() - short.attempts.len();
    short.problems.push(format!(
        "shortened to fit into the journal: {omitted} more attempts are not listed"
    ));
    short
}

/// Whether the report is too long for the journal.
fn is_long(report: &RoundReport) -> bool {
    serde_json::to_string(report).map_or(0, |text| text.len()) > MAX_REPORT_BYTES
}

/// All exempted pods in one tally, which keeps their number without the reasons.
fn merged(exempted: &ExemptionTallies) -> ExemptionTallies {
    let Some(first) = exempted.values().next() else {
        return ExemptionTallies::new();
    };

    let all = ExemptionTally {
        count: exempted.values().map(|tally| tally.count).sum(),
        example: first.example.clone(),
        detail: "the reasons are too long for the journal".to_owned(),
    };
    ExemptionTallies::from([("shortened".to_owned(), all)])
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_SHORT_TEXT).collect()
}
