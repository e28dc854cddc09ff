//! Decodes `[limits]`: how many pods are disrupted at once and over time.

use std::time::Duration;

use macaque_core::config::{DisruptionLimits, VictimCount};

use super::decoder::SettingsDecoder;
use super::given_value::GivenValue;
use super::mistake::MistakeReported;
use super::recovery::{RecoverySwitch, refuse_unless_watched};

/// The longest cooldown: the journal remembers owners no longer.
const LONGEST_COOLDOWN: Duration = Duration::from_secs(7 * 24 * 3600);

/// Decodes the section, for rounds of so many victims; `watched` says whether recoveries are watched.
pub(super) fn decode_limits(
    decoder: &mut SettingsDecoder,
    victims: Option<&GivenValue<VictimCount>>,
    watched: &RecoverySwitch,
) -> Result<DisruptionLimits, MistakeReported> {
    let per_hour = decoder.optional_count("limits.per_hour");
    let per_day = decoder.optional_count("limits.per_day");
    let per_namespace_day = decoder.optional_count("limits.per_namespace_day");
    let per_owner_day = decoder.optional_count("limits.per_owner_day");
    let per_node = decoder.optional_count("limits.per_node");
    let per_zone = decoder.optional_count("limits.per_zone");
    let in_flight = decode_in_flight(decoder, victims, watched);
    let cooldown = decode_cooldown(decoder);
    let per_hour = per_hour?;
    let per_day = per_day?;
    let per_namespace_day = per_namespace_day?;
    let per_owner_day = per_owner_day?;

    for (part, whole) in [
        (&per_hour, &per_day),
        (&per_namespace_day, &per_day),
        (&per_owner_day, &per_namespace_day),
        (&per_owner_day, &per_day),
    ] {
        refuse_above(decoder, part.as_ref(), whole.as_ref())?;
    }

    let count = |given: Option<GivenValue<usize>>| given.map(|given| given.value);
    Ok(DisruptionLimits {
        per_hour: count(per_hour),
        per_day: count(per_day),
        per_node: count(per_node?),
        per_zone: count(per_zone?),
        per_namespace_day: count(per_namespace_day),
        per_owner_day: count(per_owner_day),
        in_flight: in_flight?,
        cooldown: cooldown?,
    })
}

/// Decodes the limit of victims that have not recovered. A round of more victims than it allows would always end early.
fn decode_in_flight(
    decoder: &mut SettingsDecoder,
    victims: Option<&GivenValue<VictimCount>>,
    watched: &RecoverySwitch,
) -> Result<Option<usize>, MistakeReported> {
    let Some(limit) = decoder.optional_count("limits.in_flight")? else {
        return Ok(None);
    };

    refuse_unless_watched(decoder, &limit, watched, None)?;
    if let Some(victims) = victims
        && let Some(most) = victims.value.fixed_most()
        && most > limit.value
    {
        let wrong = format!("{} is less than {most} in {}", limit.value, victims.place());
        let right = format!("use {most} or more, or lower disrupt.count");
        return Err(decoder.refuse(&limit, wrong, right));
    }
    Ok(Some(limit.value))
}

/// Refuses a limit that is never reached, because one that includes it is lower.
fn refuse_above(
    decoder: &mut SettingsDecoder,
    part: Option<&GivenValue<usize>>,
    whole: Option<&GivenValue<usize>>,
) -> Result<(), MistakeReported> {
    let (Some(part), Some(whole)) = (part, whole) else {
        return Ok(());
    };
    if part.value <= whole.value {
        return Ok(());
    }

    let wrong = format!("{} is more than {} in {}", part.value, whole.value, whole.place());
    Err(decoder.refuse(part, wrong, format!("use {} or less", whole.value)))
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
