//! Decodes `[recovery]`: how disruptions are watched until their owners are whole again.

use std::time::Duration;

use macaque_core::recovery::RecoveryConfig;

use super::decoder::SettingsDecoder;
use super::mistake::MistakeReported;

/// Kubernetes makes a pod ready within this time or, as a rule, never.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(3600);

/// Decodes the section.
pub(super) fn decode_recovery(decoder: &mut SettingsDecoder) -> Result<RecoveryConfig, MistakeReported> {
    let enabled = decoder.boolean("recovery.enabled");
    let expect = decoder
        .text("recovery.expect")
        .and_then(|text| decoder.duration(text));
    let timeout = decoder
        .text("recovery.timeout")
        .and_then(|text| decoder.duration(text));
    let (expect, timeout) = (expect?, timeout?);

    if expect.value.is_zero() {
        return Err(decoder.refuse(&expect, "is no time at all", "use \"1s\" or more"));
    }
    if timeout.value > LONGEST_TIMEOUT {
        return Err(decoder.refuse(&timeout, "is longer than an hour", "use \"1h\" or less"));
    }
    if timeout.value < expect.value {
        let wrong = format!("is less than recovery.expect in {}", expect.place());
        return Err(decoder.refuse(
            &timeout,
            wrong,
            "give a recovery more time than it is expected to take",
        ));
    }
    Ok(RecoveryConfig {
        enabled: enabled?.value,
        expect: expect.value,
        timeout: timeout.value,
    })
}
