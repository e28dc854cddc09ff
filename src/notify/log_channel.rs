//! The log as a channel: a line for each victim and one for the round, with values that a query finds.

use log::Level;

use super::message::RoundMessage;
use macaque_core::report::RoundVerdict;

/// Writes `message` to the log. Doubt and failure are warnings.
pub(super) fn write(message: &RoundMessage) {
    let (slot, seed) = (message.slot, message.seed);
    for victim in &message.victims {
        let level = if victim.doubtful { Level::Warn } else { Level::Info };
        log::log!(
            level, slot:%, seed, pod = victim.pod.as_str(), uid = victim.uid.as_str(), outcome = victim.outcome;
            "{}", victim.line
        );
    }
    let (level, verdict) = match message.verdict {
        RoundVerdict::Disrupted => (Level::Info, "disrupted"),
        RoundVerdict::Refused => (Level::Info, "refused"),
        RoundVerdict::Idle => (Level::Info, "idle"),
        RoundVerdict::Failed => (Level::Warn, "failed"),
    };
    let victims = message.victims.len();
    let notes = message.notes.join("; ");
    let why = if notes.is_empty() { "" } else { ": " };
    log::log!(level, slot:%, seed, verdict, victims; "{}{why}{notes}", message.headline);
}
