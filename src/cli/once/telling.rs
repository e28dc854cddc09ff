//! Tells how the round went, and how its victims recovered: on standard output, to the channels, and by the exit code.

use std::sync::Arc;
use std::time::Duration;

use macaque_core::journal::{JournalEvent, MessageId};
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::{RoundReport, RoundStatus};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use super::FinishedRound;
use super::delivery::{Delivered, MessageNames, deliver};
use super::recovery_wait::{self, PrintedRecovery, WaitResult};
use crate::cli::args::OutputFormat;
use crate::cli::{exit, output};
use crate::notify::{MessageContext, OutgoingMessage, RecoveryMessage, RoundMessage};
use crate::round::{ClaimState, RoundContext};
use crate::settings::ValidSettings;

/// What `once` tells with, and in which form.
pub(super) struct Telling<'a> {
    pub(super) context: RoundContext<'a>,
    pub(super) settings: &'a ValidSettings,
    pub(super) messages: MessageContext,
    /// How long it waits for each recovery, if that is limited.
    pub(super) limit: Option<Duration>,
    /// The statuses that exit with 0 too.
    pub(super) succeed_on: &'a [RoundStatus],
    pub(super) format: OutputFormat,
    pub(super) signals: watch::Receiver<usize>,
}

/// The report as programs read it.
#[derive(Serialize)]
struct PrintedReport<'a> {
    status: RoundStatus,
    #[serde(flatten)]
    report: &'a RoundReport,
    /// With `--wait`, how the victims recovered.
    #[serde(skip_serializing_if = "Option::is_none")]
    recoveries: Option<Vec<PrintedRecovery<'a>>>,
}

impl Telling<'_> {
    /// Tells how the round went, waits for the results of its recoveries, if there are any to wait for, and tells those;
    /// returns the process's exit code.
    pub(super) async fn tell(
        &self,
        round: &FinishedRound,
        waited: Option<UnboundedReceiver<WaitResult>>,
    ) -> i32 {
        let report = &round.report;
        let Some(mut waited) = waited else {
            // Whatever becomes of the deliveries, the caller knows.
            self.print(report, None);
            self.deliver_report(round).await;
            return self.exit_code(report);
        };

        if self.format.is_for_people() {
            self.print(report, None);
        }
        let parents = self.deliver_report(round).await;
        let mut results = Vec::new();
        while let Some(result) = waited.recv().await {
            match self.conclude(result, &parents).await {
                WaitResult::Stuck(_) => {}
                result => results.push(result),
            }
        }
        if !self.format.is_for_people() {
            self.print(report, Some(&results));
        }
        if results.iter().any(WaitResult::is_waiting) {
            self.release().await;
        }

        match self.exit_code(report) {
            exit::OK => recovery_wait::exit_code(report, &results),
            code => code,
        }
    }

    fn print(&self, report: &RoundReport, results: Option<&[WaitResult]>) {
        let printed = PrintedReport {
            status: report.status(),
            report,
            recoveries: results.map(|results| results.iter().map(WaitResult::printed).collect()),
        };
        output::write_in(self.format, &printed, |_| output::report(report, &self.messages));
    }

    /// Delivers the report to every channel; returns its names there.
    async fn deliver_report(&self, round: &FinishedRound) -> MessageNames {
        let message = RoundMessage::in_context(Arc::new(round.report.clone()), &self.messages).into();
        let delivered = self.deliver(&message, &MessageNames::new()).await;
        if round.claim_state == ClaimState::Closed {
            let id = MessageId::of_round(round.report.slot);
            self.record_delivery(id, &delivered).await;
        }
        delivered.names
    }

    async fn deliver(&self, message: &OutgoingMessage, parents: &MessageNames) -> Delivered {
        let notify = &self.settings.notify;
        let signals = self.signals.clone();
        let context = &self.messages;
        deliver(notify, message, context, parents, signals, self.context.platform).await
    }

    /// Records the channels that received a message; a Killer on the same journal delivers it to the others. The messages
    /// about the recoveries are replies to the report's messages of these names.
    async fn record_delivery(&self, message: MessageId, delivered: &Delivered) {
        let delivered = JournalEvent::Delivered {
            message,
            channels: delivered.names.clone(),
            done: delivered.is_complete,
        };
        let context = self.context;
        if let Err(error) = context.writer.commit(context.cluster, &delivered).await {
            log::warn!("could not record delivery of a message: {error}");
        }
    }

    /// Leaves the recoveries that go on to a Killer on the same journal.
    async fn release(&self) {
        let context = self.context;
        let released = context
            .writer
            .commit(context.cluster, &JournalEvent::Release)
            .await;
        if let Err(error) = released {
            log::debug!("could not release the leases of recoveries: {error}");
        }
    }

    /// Records what the wait for a recovery came to, and tells it; returns it as the journal has it.
    async fn conclude(&self, result: WaitResult, parents: &MessageNames) -> WaitResult {
        match result {
            WaitResult::Stuck(report) => WaitResult::Stuck(self.report(report, parents).await),
            WaitResult::Ended(report) => WaitResult::Ended(self.report(report, parents).await),
            WaitResult::TimeOver(_) | WaitResult::Interrupted(_) => {
                if let Some(sentence) = result.sentence_if_waiting(self.limit) {
                    self.print_sentence(&sentence);
                }
                result
            }
        }
    }

    /// Records what became of a recovery, and tells it; returns it as the journal has it.
    async fn report(&self, report: Box<RecoveryReport>, parents: &MessageNames) -> Box<RecoveryReport> {
        let context = self.context;
        let recorded = context.writer.report_recovery(context.cluster, &report).await;
        let entry = recorded.unwrap_or_else(|error| {
            log::warn!("could not record the recovery of {}: {error}", report.owner);
            None
        });
        let recorded = entry.as_ref().and_then(|entry| entry.recovery_report().cloned());
        let report = recorded.map_or(report, Box::new);
        let message = RecoveryMessage::in_context(Arc::new(RecoveryReport::clone(&report)), &self.messages);
        self.print_sentence(&message.headline);
        for note in &message.notes {
            self.print_sentence(note);
        }

        // Otherwise another has recorded the recovery, and tells it.
        if let Some(entry) = entry {
            self.deliver_recovery(message, entry.message.id(), parents).await;
        }
        report
    }

    async fn deliver_recovery(&self, message: RecoveryMessage, id: MessageId, parents: &MessageNames) {
        let delivered = self.deliver(&message.into(), parents).await;
        self.record_delivery(id, &delivered).await;
    }

    /// The exit code that tells how the round went.
    fn exit_code(&self, report: &RoundReport) -> i32 {
        let status = report.status();
        if self.succeed_on.contains(&status) {
            return exit::OK;
        }

        match status {
            RoundStatus::Disrupted | RoundStatus::DryRun => exit::OK,
            RoundStatus::Failed => exit::CLUSTER,
            RoundStatus::Refused => exit::REFUSED,
            RoundStatus::Held => exit::HELD,
            RoundStatus::Unanswered => exit::UNANSWERED,
            RoundStatus::Idle => exit::IDLE,
        }
    }

    /// Prints a sentence for people.
    fn print_sentence(&self, sentence: &str) {
        if self.format.is_for_people() {
            output::write_plain(sentence);
        }
    }
}
