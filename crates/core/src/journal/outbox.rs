//! The outbox: messages that were not delivered to every channel yet, bounded in number and size. Reports, recoveries and
//! notices have bounds of their own, so that none pushes out another.

mod shortened;

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub(super) use self::shortened::shortened_trouble;
use self::shortened::{shortened, shortened_recovery};
use super::{Journal, LeaseHolder, StepContext, indented_bytes};
use crate::notice::Notice;
use crate::recovery::RecoveryReport;
use crate::report::RoundReport;

/// The maximum number of reports; beyond it the oldest are dropped.
const MAX_REPORTS: usize = 20;
/// The maximum number of messages about recoveries, and how many bytes they may take together.
const MAX_RECOVERIES: usize = 40;
const MOST_RECOVERY_BYTES: usize = 60_000;
/// The maximum number of notices, and how many bytes they may take together: more than one digest takes.
const MAX_NOTICES: usize = 10;
const MOST_NOTICE_BYTES: usize = 30_000;
/// The maximum number of channels whose threads are kept, and the maximum length of the name of one, in bytes.
const MAX_THREADS: usize = 8;
const MAX_THREAD_NAME: usize = 200;

/// One message, kept until it was delivered to every channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OutboxEntry {
    /// The holder that delivers the message.
    pub holder: LeaseHolder,
    /// When the lease ends, by the API server's clock: after that, another holder may take the entry over.
    pub lease_until: Timestamp,
    /// The names of the channels that the message was delivered to.
    pub delivered: Vec<String>,
    /// By channel, the message of the round there, to which a message about a recovery is a reply.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub threads: BTreeMap<String, String>,
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
    /// A notice.
    Notice(Notice),
}

/// What identifies a message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId {
    /// The slot of the round.
    pub slot: Timestamp,
    /// The message of those about the round.
    pub part: MessagePart,
}

/// One of the messages about a round.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessagePart {
    /// The report.
    Report,
    /// The replacement of the victim with this UID is stuck, for this reason.
    Trouble(String, String),
    /// How the recovery from the disruption of the victim with this UID ended.
    Recovery(String),
    /// A notice of this kind; the slot is its instant.
    Notice(String),
}

impl OutboxEntry {
    /// The report of a round, if the message is one.
    pub fn round_report(&self) -> Option<&RoundReport> {
        match &self.message {
            Message::Report(report) => Some(report),
            Message::Recovery(_) | Message::Notice(_) => None,
        }
    }

    /// What became of a recovery, if the message says that.
    pub fn recovery_report(&self) -> Option<&RecoveryReport> {
        match &self.message {
            Message::Report(_) | Message::Notice(_) => None,
            Message::Recovery(report) => Some(report),
        }
    }

    /// The notice, if the message is one.
    pub fn notice(&self) -> Option<&Notice> {
        match &self.message {
            Message::Notice(notice) => Some(notice),
            Message::Report(_) | Message::Recovery(_) => None,
        }
    }

    /// Whether it is about a recovery that people need not act on.
    fn is_calm(&self) -> bool {
        let calm = |report: &RecoveryReport| {
            report.paused.is_none() && report.verdict.is_some_and(|verdict| !verdict.is_bad())
        };
        self.recovery_report().is_some_and(calm)
    }
}

impl Message {
    /// What identifies the message.
    pub fn id(&self) -> MessageId {
        match self {
            Self::Report(report) => MessageId::of_round(report.slot),
            Self::Recovery(report) => MessageId::of_recovery(report),
            Self::Notice(notice) => MessageId::of_notice(notice),
        }
    }
}

impl MessageId {
    /// The report of the round of `slot`.
    pub fn of_round(slot: Timestamp) -> Self {
        let part = MessagePart::Report;
        Self { slot, part }
    }

    /// The notice.
    pub fn of_notice(notice: &Notice) -> Self {
        Self {
            slot: notice.at,
            part: MessagePart::Notice(notice.content.kind().to_owned()),
        }
    }

    /// The message about the recovery of this report.
    pub fn of_recovery(report: &RecoveryReport) -> Self {
        let uid = report.pod.uid.clone();
        let part = match (report.verdict, &report.trouble) {
            (None, Some(trouble)) => MessagePart::Trouble(uid, trouble.reason.clone()),
            _ => MessagePart::Recovery(uid),
        };
        Self {
            slot: report.slot,
            part,
        }
    }
}

/// Shows the identity as text that is the same for each try, and for no other message of this monkey.
impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slot = self.slot;
        match &self.part {
            MessagePart::Report => write!(f, "round-{slot}"),
            MessagePart::Trouble(uid, reason) => write!(f, "stuck-{slot}-{uid}-{reason}"),
            MessagePart::Recovery(uid) => write!(f, "recovery-{slot}-{uid}"),
            MessagePart::Notice(kind) => write!(f, "{kind}-{slot}"),
        }
    }
}

impl Journal {
    /// The message in the outbox that `id` identifies, as it was recorded: a recovery with what is usual for its owner, and
    /// the pause that it called for.
    pub fn message(&self, id: &MessageId) -> Option<&OutboxEntry> {
        self.outbox.iter().find(|entry| entry.message.id() == *id)
    }

    /// Adds a report for delivery.
    pub(super) fn add_to_outbox(&mut self, report: &RoundReport, context: &StepContext<'_>) {
        self.outbox.push(OutboxEntry {
            holder: context.holder.clone(),
            lease_until: context.lease_end(),
            delivered: Vec::new(),
            threads: BTreeMap::new(),
            message: Message::Report(shortened(report)),
        });
    }

    /// Adds what became of a recovery for delivery in these threads, or what keeps it from going on.
    pub(super) fn add_recovery_to_outbox(
        &mut self,
        report: RecoveryReport,
        threads: BTreeMap<String, String>,
        context: &StepContext<'_>,
    ) {
        self.notices.note_recovery(&report);
        self.outbox.push(OutboxEntry {
            // The Watcher writes it and the Killer of its process delivers it: any Killer has replaced incarnation 0.
            holder: LeaseHolder {
                process: context.holder.process.clone(),
                incarnation: 0,
            },
            lease_until: context.lease_end(),
            delivered: Vec::new(),
            threads,
            message: Message::Recovery(shortened_recovery(report)),
        });
    }

    /// Adds a notice for delivery.
    pub(super) fn add_notice_to_outbox(&mut self, notice: Notice, context: &StepContext<'_>) {
        self.outbox.push(OutboxEntry {
            holder: context.holder.clone(),
            lease_until: context.lease_end(),
            delivered: Vec::new(),
            threads: BTreeMap::new(),
            message: Message::Notice(notice),
        });
    }

    /// Drops messages if there are too many: the oldest, and of those about recoveries first one that people need not
    /// act on.
    pub(super) fn bound_outbox(&mut self) {
        let is_report = |entry: &OutboxEntry| entry.round_report().is_some();
        while self.outbox.iter().filter(|entry| is_report(entry)).count() > MAX_REPORTS {
            self.drop_message(is_report);
        }

        let is_recovery = |entry: &OutboxEntry| entry.recovery_report().is_some();
        let is_calm = |entry: &OutboxEntry| entry.is_calm();
        while self.exceeds(is_recovery, MAX_RECOVERIES, MOST_RECOVERY_BYTES) {
            if !self.drop_message(is_calm) {
                self.drop_message(is_recovery);
            }
        }

        let is_notice = |entry: &OutboxEntry| entry.notice().is_some();
        while self.exceeds(is_notice, MAX_NOTICES, MOST_NOTICE_BYTES) {
            self.drop_message(is_notice);
        }
    }

    /// Whether there are more messages of a kind than so many, or they take more than so many bytes.
    fn exceeds(&self, is_meant: impl Fn(&OutboxEntry) -> bool, most: usize, most_bytes: usize) -> bool {
        let meant = self.outbox.iter().filter(|entry| is_meant(entry));
        let sizes: Vec<_> = meant.map(indented_bytes).collect();
        sizes.len() > most || sizes.iter().sum::<usize>() > most_bytes
    }

    /// Drops the first message of a kind before it was delivered; returns whether there was one.
    fn drop_message(&mut self, is_meant: impl Fn(&OutboxEntry) -> bool) -> bool {
        let Some(index) = self.outbox.iter().position(is_meant) else {
            return false;
        };
        self.outbox.remove(index);
        self.dropped += 1;
        true
    }

    /// Records that `channels` got a message, and removes it once it is `done`. The messages about the
    /// recoveries of a round learn where its report is.
    pub(super) fn record_delivery(
        &mut self,
        message: &MessageId,
        channels: &BTreeMap<String, Option<String>>,
        done: bool,
    ) {
        if message.part == MessagePart::Report {
            self.note_threads(message.slot, channels);
        }
        let Some(index) = self
            .outbox
            .iter()
            .position(|entry| entry.message.id() == *message)
        else {
            return;
        };
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

    /// Notes where the report of the round of `slot` is: the first that is known of each channel.
    fn note_threads(&mut self, slot: Timestamp, channels: &BTreeMap<String, Option<String>>) {
        let records = self.recovering.iter_mut();
        let records = records.filter(|record| record.victim.slot == slot);
        let records = records.map(|record| &mut record.threads);
        let is_of_round =
            |entry: &OutboxEntry| entry.recovery_report().is_some_and(|report| report.slot == slot);
        let entries = self.outbox.iter_mut().filter(|entry| is_of_round(entry));
        let entries = entries.map(|entry| &mut entry.threads);

        for threads in records.chain(entries) {
            for (channel, thread) in channels {
                let Some(thread) = thread.as_ref().filter(|thread| thread.len() <= MAX_THREAD_NAME) else {
                    continue;
                };
                if threads.len() < MAX_THREADS {
                    threads.entry(channel.clone()).or_insert_with(|| thread.clone());
                }
            }
        }
    }
}
