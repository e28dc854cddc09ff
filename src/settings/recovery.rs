//! Decodes `[recovery]`: how disruptions are watched until their owners are whole again.

use std::time::Duration;

use macaque_core::recovery::RecoveryConfig;

use super::decoder::SettingsDecoder;
use super::given_value::GivenValue;
use super::mistake::{MistakeReported, quote};

/// Whoever expects less expects no replacement.
const SHORTEST: Duration = Duration::from_secs(1);
/// Kubernetes makes a pod ready within this time or, as a rule, never.
const LONGEST: Duration = Duration::from_secs(3600);

/// Whether recoveries are watched, with where that was set: other sections have keys that need it.
pub(super) type RecoverySwitch = Result<GivenValue<bool>, MistakeReported>;

/// Decodes the key on which those of other sections depend.
pub(super) fn decode_enabled(decoder: &mut SettingsDecoder) -> RecoverySwitch {
    decoder.boolean("recovery.enabled")
}

/// Decodes the rest of the section.
pub(super) fn decode_recovery(
    decoder: &mut SettingsDecoder,
    enabled: RecoverySwitch,
) -> Result<RecoveryConfig, MistakeReported> {
    let expect = decode_time(decoder, "recovery.expect");
    let timeout = decode_time(decoder, "recovery.timeout");
    let (expect, timeout) = (expect?, timeout?);

    if timeout.value < expect.value {
        return Err(refuse_order(decoder, &expect, &timeout));
    }
    Ok(RecoveryConfig {
        enabled: enabled?.value,
        expect: expect.value,
        timeout: timeout.value,
    })
}

/// Reports a setting that has no effect because recoveries are not watched, unless they are, or that is a mistake
/// itself; `neutral` is the value that says the same as leaving it out, if there is one.
pub(super) fn refuse_unless_watched<T>(
    decoder: &mut SettingsDecoder,
    given: &GivenValue<T>,
    enabled: &RecoverySwitch,
    neutral: Option<&str>,
) -> Result<(), MistakeReported> {
    let Ok(off) = enabled else {
        return Ok(());
    };
    if off.value {
        return Ok(());
    }

    let wrong = format!("has no effect, because {} is false", off.place());
    let or_neutral = neutral.map_or_else(String::new, |neutral| format!(", or set it to {neutral}"));
    let right = format!("leave it out{or_neutral}, or set recovery.enabled to true");
    Err(decoder.refuse(given, wrong, right))
}

/// A length of time, given with the text that it was written as.
fn decode_time(
    decoder: &mut SettingsDecoder,
    path: &'static str,
) -> Result<GivenValue<Duration>, MistakeReported> {
    let text = decoder.text(path)?;
    let shown = quote(&text.value);
    let time = decoder.duration(text)?;
    if time.value < SHORTEST {
        let wrong = format!("{shown} is less than a second");
        return Err(decoder.refuse(&time, wrong, "use \"1s\" or more"));
    }
    if time.value > LONGEST {
        let wrong = format!("{shown} is more than an hour");
        return Err(decoder.refuse(&time, wrong, "use \"1h\" or less"));
    }
    Ok(time)
}

/// Reports that a recovery would end before it is expected to. At fault is what was set, and the timeout if both were.
fn refuse_order(
    decoder: &mut SettingsDecoder,
    expect: &GivenValue<Duration>,
    timeout: &GivenValue<Duration>,
) -> MistakeReported {
    if timeout.source.is_some() {
        let default = if expect.source.is_none() {
            ", whose default is 1m"
        } else {
            ""
        };
        let wrong = format!("is less than {}{default}", expect.place());
        return decoder.refuse(timeout, wrong, "use as much or more, or lower recovery.expect");
    }
    let wrong = format!("is more than {}, whose default is 5m", timeout.place());
    decoder.refuse(expect, wrong, "use \"5m\" or less, or raise recovery.timeout")
}
