//! Decodes `[disrupt]`: how many pods a round disrupts, and how.

use std::time::Duration;

use macaque_core::config::{DisruptConfig, DisruptionPace, DrawBy, VictimCount};
use macaque_core::outcome::DisruptionMethod;

use super::decoder::SettingsDecoder;
use super::mistake::{MistakeReported, quote};
use super::victim_count::GivenCount;

/// The longest grace period: a pod that ends more slowly is hardly disrupted.
const LONGEST_GRACE: Duration = Duration::from_secs(24 * 3600);

/// Decodes the rest of the section.
pub(super) fn decode_disrupt(
    decoder: &mut SettingsDecoder,
    count: GivenCount,
    pace: Result<DisruptionPace, MistakeReported>,
) -> Result<DisruptConfig, MistakeReported> {
    let method = decoder.one_of(
        "disrupt.method",
        "a method",
        DisruptionMethod::ALL,
        DisruptionMethod::as_str,
    );
    let draw = decoder.one_of(
        "disrupt.draw",
        "a way to pick victims",
        DrawBy::ALL,
        DrawBy::as_str,
    );
    let grace_period = decode_grace_period(decoder);
    let counts = decode_counts(decoder, count);
    let after_webhook = decoder.count("disrupt.attempts_after_webhook");

    let (count, attempts) = counts?;
    Ok(DisruptConfig {
        method: method?,
        count,
        pace: pace?,
        grace_period: grace_period?,
        attempts,
        attempts_after_webhook: after_webhook?.value,
        draw: draw?,
    })
}

/// Decodes the attempts per round, and returns them after the victims.
fn decode_counts(
    decoder: &mut SettingsDecoder,
    count: GivenCount,
) -> Result<(VictimCount, usize), MistakeReported> {
    let attempts = decoder.count("disrupt.attempts");
    let count = count?;
    let attempts = attempts?;
    let victims = count.value.fixed_most().unwrap_or(1);

    if attempts.source.is_none() {
        // The default is raised if it is too low: many victims need not be configured with as many attempts.
        return Ok((count.value, attempts.value.max(victims)));
    }
    if attempts.value < victims {
        let wrong = format!("{} is less than {victims} in {}", attempts.value, count.place());
        return Err(decoder.refuse(&attempts, wrong, format!("use {victims} or more")));
    }
    Ok((count.value, attempts.value))
}

fn decode_grace_period(decoder: &mut SettingsDecoder) -> Result<Option<Duration>, MistakeReported> {
    let Some(text) = decoder.optional("disrupt.grace_period")? else {
        return Ok(None);
    };
    let shown = quote(&text.value);
    let grace = decoder.duration(text)?;

    let (wrong, right) = match grace.value {
        Duration::ZERO => (
            format!(
                "{shown} would remove the pod from the API server at once, even if its containers still run"
            ),
            "use \"1s\" or more, or leave it empty for the pod's own",
        ),
        value if value.subsec_nanos() != 0 => (
            format!("{shown} is not a whole number of seconds, as Kubernetes requires"),
            "use \"1s\", \"2s\" and so on",
        ),
        value if value > LONGEST_GRACE => (format!("{shown} is longer than a day"), "use \"24h\" or less"),
        value => return Ok(Some(value)),
    };
    Err(decoder.refuse(&grace, wrong, right))
}
