//! A message that the Killer offers to the Notifier until it is accepted.

use std::sync::Arc;

use macaque_core::journal::{Message, MessageId, OutboxEntry};
use macaque_core::report::RoundReport;

use super::KillerRecipients;
use crate::actors::messages::{NoticeIssued, RecoveryReported, RoundFinished};

/// A message that the Killer offers to the Notifier.
pub(super) struct MessageOffer {
    /// What identifies the message, if it is in the outbox.
    id: Option<MessageId>,
    content: OfferContent,
}

/// What a message says.
enum OfferContent {
    Round(RoundFinished),
    Recovery(RecoveryReported),
    Notice(NoticeIssued),
}

impl MessageOffer {
    /// The report of a round that was just run.
    pub(super) fn of_round(report: RoundReport, in_outbox: bool) -> Self {
        Self {
            id: in_outbox.then_some(MessageId::of_round(report.slot)),
            content: OfferContent::Round(RoundFinished {
                report: Arc::new(report),
                in_outbox,
                from_journal: false,
                delivered: Vec::new(),
            }),
        }
    }

    /// A message from the outbox, which `id` identifies.
    pub(super) fn of_entry(id: MessageId, entry: OutboxEntry) -> Self {
        let content = match entry.message {
            Message::Report(report) => OfferContent::Round(RoundFinished {
                report: Arc::new(report),
                in_outbox: true,
                from_journal: true,
                delivered: entry.delivered,
            }),
            Message::Recovery(report) => OfferContent::Recovery(RecoveryReported {
                report: Arc::new(report),
                delivered: entry.delivered,
                threads: entry.threads,
            }),
            Message::Notice(notice) => OfferContent::Notice(NoticeIssued {
                notice: Arc::new(notice),
                delivered: entry.delivered,
            }),
        };
        let id = Some(id);
        Self { id, content }
    }

    /// What identifies the message, if it is in the outbox.
    pub(super) fn id(&self) -> Option<&MessageId> {
        self.id.as_ref()
    }

    /// Sends the message to the Notifier.
    ///
    /// # Errors
    /// Returns the message if no Notifier accepted it.
    pub(super) fn send(self, recipients: &KillerRecipients) -> Result<(), Self> {
        let id = self.id;
        let sent = match self.content {
            OfferContent::Round(finished) => recipients
                .round_finished
                .send(finished)
                .map_err(OfferContent::Round),
            OfferContent::Recovery(reported) => recipients
                .recovery_reported
                .send(reported)
                .map_err(OfferContent::Recovery),
            OfferContent::Notice(issued) => recipients
                .notice_issued
                .send(issued)
                .map_err(OfferContent::Notice),
        };
        sent.map_err(|content| Self { id, content })
    }
}
