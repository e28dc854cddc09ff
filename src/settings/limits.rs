//! Proves the limits over time.

use std::time::Duration;

use super::decoder::{GivenValue, SettingsDecoder};
use super::mistake::MistakeReported;
use macaque_core::config::DisruptionLimits;

/// More than this over time is as good as no limit.
const MOST_OVER_TIME: usize = 100_000;
/// The journal remembers owners at rest no longer.
const LONGEST_COOLDOWN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Decodes `[limits]`.
pub(super) fn limits(d: &mut SettingsDecoder) -> Result<DisruptionLimits, MistakeReported> {
    let per_hour = d.optional_count("limits.per_hour", MOST_OVER_TIME);
    let per_day = d.optional_count("limits.per_day", MOST_OVER_TIME);
    let cooldown = d.optional("limits.cooldown").and_then(|text| match text {
        Some(text) => cooldown(d, text),
        None => Ok(Duration::ZERO),
    });
    let (per_hour, per_day) = (per_hour?, per_day?);
    if let (Some(hour), Some(day)) = (&per_hour, &per_day)
        && hour.value > day.value
    {
        let wrong = format!("{} is more than {} in {}", hour.value, day.value, day.place());
        return Err(d.refuse(hour, wrong, format!("use {} or less", day.value)));
    }
    Ok(DisruptionLimits {
        per_hour: per_hour.map(|given| given.value),
        per_day: per_day.map(|given| given.value),
        cooldown: cooldown?,
    })
}

fn cooldown(d: &mut SettingsDecoder, text: GivenValue<String>) -> Result<Duration, MistakeReported> {
    let cooldown = d.duration(text)?;
    match cooldown.value {
        value if value <= LONGEST_COOLDOWN => Ok(value),
        _ => Err(d.refuse(&cooldown, "is longer than a week", "use \"168h\" or less")),
    }
}
