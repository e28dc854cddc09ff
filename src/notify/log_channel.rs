//! The log as a channel, with structured values for queries: one line per victim, one for the round if it says more, and
//! one for each recovery.

use std::time::Duration;

use log::Level;
use macaque_core::recovery::RecoveryVerdict;
use macaque_core::report::RoundStatus;

use super::message::{NoticeMessage, RecoveryMessage, RoundMessage};
use super::outgoing::OutgoingMessage;
use crate::text::line;

/// Writes `message` to the log.
pub(super) fn write(message: &OutgoingMessage) {
    match message {
        OutgoingMessage::Round(round) => write_round(round),
        OutgoingMessage::Recovery(recovery) => write_recovery(recovery),
        OutgoingMessage::Notice(notice) => write_notice(notice),
    }
}

/// Writes a round. Unknown outcomes, failed rounds, and guards that cannot answer are warnings.
fn write_round(message: &RoundMessage) {
    let slot = message.slot;
    let seed = message.seed;
    for victim in &message.victims {
        let level = if victim.doubtful { Level::Warn } else { Level::Info };
        log::log!(
            level, slot:%, seed, pod = victim.pod.as_str(), uid = victim.uid.as_str(), outcome = victim.outcome;
            "{}", victim.line
        );
    }
    if message.repeats_its_victim {
        return;
    }

    let status = message.status.as_str();
    let level = match message.status {
        RoundStatus::Failed | RoundStatus::Unanswered => Level::Warn,
        RoundStatus::Disrupted
        | RoundStatus::DryRun
        | RoundStatus::Refused
        | RoundStatus::Held
        | RoundStatus::Idle => Level::Info,
    };

    let victims = message.victims.len();
    let notes = message.notes.join("; ");
    let separator = if notes.is_empty() { "" } else { ": " };
    log::log!(level, slot:%, seed, status, victims; "{}{separator}{notes}", message.headline);
}

/// Writes a notice.
fn write_notice(message: &NoticeMessage) {
    let kind = message.notice.content.kind();
    let notes = message.notes.join("; ");
    let separator = if notes.is_empty() { "" } else { "; " };
    log::info!(kind; "{}{separator}{notes}", message.headline);
}

/// Writes a recovery. A workload that did not recover is an error of somebody; one that is slow or stuck, or that nobody
/// watched, is a warning.
fn write_recovery(message: &RecoveryMessage) {
    let report = &message.report;
    let level = match report.verdict {
        Some(RecoveryVerdict::Unrecovered) => Level::Error,
        None | Some(RecoveryVerdict::Slow | RecoveryVerdict::Unwatched) => Level::Warn,
        Some(
            RecoveryVerdict::Recovered
            | RecoveryVerdict::Shrunk
            | RecoveryVerdict::Rolled
            | RecoveryVerdict::Completed
            | RecoveryVerdict::Ownerless,
        ) => Level::Info,
    };

    let slot = report.slot;
    let namespace = line(&report.pod.namespace);
    let pod = line(&report.pod.to_string());
    let uid = line(&report.pod.uid);
    let owner = line(&report.owner.to_string());
    let verdict = message.status();
    let (ready, target) = (report.ready, report.target);
    let sentences: Vec<_> = [&message.headline]
        .into_iter()
        .chain(&message.notes)
        .map(String::as_str)
        .collect();
    let text = sentences.join("; ");

    match report
        .times
        .whole_ms
        .map(|ms| Duration::from_millis(ms).as_secs_f64())
    {
        Some(seconds) => log::log!(
            level, slot:%, namespace, pod, uid, owner, verdict, seconds, ready, target; "{text}"
        ),
        None => log::log!(level, slot:%, namespace, pod, uid, owner, verdict, ready, target; "{text}"),
    }
}
