//! The log as a channel: one line per victim, and one for the round if it says more, with structured values for
//! queries.

use log::Level;
use macaque_core::report::RoundStatus;

use super::message::RoundMessage;

/// Writes `message` to the log. Unknown outcomes, failed rounds, and guards that cannot answer are warnings.
pub(super) fn write(message: &RoundMessage) {
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
