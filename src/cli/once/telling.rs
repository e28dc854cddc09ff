//! Tells how the round went, and how its victims recovered: on standard output, to the channels, and by the exit code.

use std::collections::BTreeMap;
use std::time::Duration;

use macaque_core::journal::{JournalEvent, MessageId};
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::{RoundReport, RoundStatus};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::watch;

use super::FinishedRound;
use super::delivery::deliver;
use super::recovery_wait::{self, PrintedRecovery, WaitResult};
use crate::cli::args::OutputFormat;
use crate::cli::{exit, output};
use crate::notify::{MessageContext, RoundMessage};
use crate::round::{ClaimState, RoundContext};
use crate::settings::ValidSettings;

/// What `once` tells with, and in which form.
pub(super) struct Telling<'a> {
    pub(super) context: RoundContext<'a>,
    pub(super) settings: &'a ValidSettings,
    pub(super) messages: MessageContext,
    /// How long it waits for each recovery, if that is limited.
    pub(super) limit: Option<Duration>,
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
            self.deliver(round).await;
            return exit_code(report);
        };

        if self.format == OutputFormat::Table {
            self.print(report, None);
        }
        self.deliver(round).await;
        let mut results = Vec::new();
        while let Some(result) = waited.recv().await {
            let result = self.record(result).await;
            if self.format == OutputFormat::Table {
                output::write_plain(&self.sentence(&result));
            }
            results.push(result);
        }
        if self.format != OutputFormat::Table {
            self.print(report, Some(&results));
        }

        match exit_code(report) {
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
        match self.format {
            OutputFormat::Table => output::write_plain(&output::report(report, &self.messages)),
            OutputFormat::Json => output::json(&printed),
            OutputFormat::Yaml => output::yaml(&printed),
        }
    }

    /// Delivers the report to every channel.
    async fn deliver(&self, round: &FinishedRound) {
        let message = RoundMessage::in_context(&round.report, &self.messages);
        let platform = self.context.platform;
        let delivered = deliver(
            &self.settings.notify,
            &message,
            self.signals.clone(),
            platform,
        );
        if delivered.await && round.claim_state == ClaimState::Closed {
            self.record_delivery(MessageId::of_round(round.report.slot)).await;
        }
    }

    /// Records that a message was delivered to every channel; otherwise a Killer on the same journal delivers it.
    async fn record_delivery(&self, message: MessageId) {
        let delivered = JournalEvent::Delivered {
            message,
            channels: BTreeMap::new(),
            done: true,
        };
        let context = self.context;
        if let Err(error) = context.writer.commit(context.cluster, &delivered).await {
            log::warn!("could not record delivery of the report: {error}");
        }
    }

    /// Records how a recovery ended; returns it as the journal has it.
    async fn record(&self, result: WaitResult) -> WaitResult {
        let WaitResult::Ended(report) = result else {
            return result;
        };

        let context = self.context;
        let recorded = context.writer.report_recovery(context.cluster, &report).await;
        match recorded {
            Ok(entry) => {
                let recorded = entry.and_then(|entry| entry.recovery_report().cloned());
                WaitResult::Ended(recorded.map_or(report, Box::new))
            }
            Err(error) => {
                log::warn!("could not record the recovery of {}: {error}", report.owner);
                WaitResult::Ended(report)
            }
        }
    }

    fn sentence(&self, result: &WaitResult) -> String {
        let of_report = |report: &RecoveryReport| format!("{report:?}");
        match result {
            WaitResult::Ended(report) => of_report(report),
            other => other.sentence_if_waiting(self.limit).unwrap_or_default(),
        }
    }
}

/// The exit code that tells how the round went.
fn exit_code(report: &RoundReport) -> i32 {
    match report.status() {
        RoundStatus::Disrupted | RoundStatus::DryRun => exit::OK,
        RoundStatus::Failed => exit::CLUSTER,
        RoundStatus::Refused => exit::REFUSED,
        RoundStatus::Held => exit::HELD,
        RoundStatus::Unanswered => exit::UNANSWERED,
        RoundStatus::Idle => exit::IDLE,
    }
}
