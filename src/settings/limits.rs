//! Decodes `[limits]`: how many pods are disrupted at once and over time.

use std::time::Duration;

use macaque_core::config::DisruptionLimits;

use super::decoder::SettingsDecoder;
use super::given_value::GivenValue;
use super::mistake::MistakeReported;

/// A higher limit is as good as none.
const MOST_OVER_TIME: usize = 100_000;
/// The longest cooldown: the journal remembers owners no longer.
const LONGEST_COOLDOWN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Decodes the section.
pub(super) fn decode_limits(decoder: &mut SettingsDecoder) -> Result<DisruptionLimits, MistakeReported> {
    let per_hour = decoder.optional_count("limits.per_hour", MOST_OVER_TIME);
    let per_day = decoder.optional_count("limits.per_day", MOST_OVER_TIME);
    let per_namespace_day = decoder.optional_count("limits.per_namespace_day", MOST_OVER_TIME);
    let per_owner_day = decoder.optional_count("limits.per_owner_day", MOST_OVER_TIME);
    let per_node = decoder.optional_count("limits.per_node", MOST_OVER_TIME);
    let per_zone = decoder.optional_count("limits.per_zone", MOST_OVER_TIME);
    let cooldown = decode_cooldown(decoder);
    let per_hour = per_hour?;
    let per_day = per_day?;

    if let (Some(hour), Some(day)) = (&per_hour, &per_day)
        && hour.value > day.value
    {
        let wrong = format!("{} is more than {} in {}", hour.value, day.value, day.place());
        return Err(decoder.refuse(hour, wrong, format!("use {} or less", day.value)));
    }

    let count = |given: Option<GivenValue<usize>>| given.map(|given| given.value);
    Ok(DisruptionLimits {
        per_hour: count(per_hour),
        per_day: count(per_day),
        per_node: count(per_node?),
        per_zone: count(per_zone?),
        per_namespace_day: count(per_namespace_day?),
        per_owner_day: count(per_owner_day?),
        cooldown: cooldown?,
    })
}

fn decode_cooldown(decoder: &mut SettingsDecoder) -> Result<Duration, MistakeReported> {
    let Some(text) = decoder.optional("limits.cooldown")? else {
        return Ok(Duration::ZERO);
    };
    let cooldown = decoder.duration(text)?;
    if cooldown.value > LONGEST_COOLDOWN {
        return Err(decoder.refuse(&cooldown, "is longer than a week", "use \"7d\" or less"));
    }
    Ok(cooldown.value)
}
