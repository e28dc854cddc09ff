//! Decodes `[guards]`: the conditions that must hold around a victim. The tables below it are decoded in `gates`.

use macaque_core::guard::{GuardConfig, MinReady, NodesGuard, RecoveredGuard, RolloutGuard};

use super::decoder::SettingsDecoder;
use super::forms::{MOST_DRAINS, MOST_READY, MOST_STRIKES};
use super::given_value::{ChosenValue, GivenValue};
use super::mistake::MistakeReported;
use super::recovery::{RecoverySwitch, refuse_unless_watched};

/// Decodes the keys of the section. Without recoveries, which `watched` says, the guards that need them are off.
pub(super) fn decode_guards(
    decoder: &mut SettingsDecoder,
    watched: &RecoverySwitch,
) -> Result<GuardConfig, MistakeReported> {
    let whole = decoder.choice("guards.whole", switch);
    let rollout = decoder.choice("guards.rollout", rollout);
    let min_ready = decoder.choice("guards.min_ready", min_ready);
    let drains = decoder.choice("guards.drains", |value| count(value, MOST_DRAINS));
    let nodes = decoder.choice("guards.nodes", nodes);
    let nodes_unready = decoder.choice("guards.nodes_unready", percent);
    let recovered = decoder.choice("guards.recovered", recovered);
    let recovered = recovered.and_then(|given| if_watched(decoder, given, RecoveredGuard::Off, watched));
    let strikes = decoder.choice("guards.strikes", |value| count(value, MOST_STRIKES));
    let strikes = strikes.and_then(|given| if_watched(decoder, given, 0, watched));
    let freeze = decoder.choice("guards.freeze", switch);

    Ok(GuardConfig {
        whole: whole?.value,
        rollout: rollout?.value,
        min_ready: min_ready?.value,
        drains: drains?.value,
        nodes: nodes?.value,
        nodes_unready: nodes_unready?.value,
        recovered: recovered?,
        strikes: strikes?,
        freeze: freeze?.value,
    })
}

/// The value of a guard that needs recoveries; `off` where they are not watched and the guard was not switched on.
fn if_watched<T: PartialEq>(
    decoder: &mut SettingsDecoder,
    given: GivenValue<T>,
    off: T,
    watched: &RecoverySwitch,
) -> Result<T, MistakeReported> {
    let is_watched = watched.as_ref().is_ok_and(|switch| switch.value);
    if is_watched || given.value == off {
        return Ok(given.value);
    }
    if given.source.is_some() {
        refuse_unless_watched(decoder, &given, watched, Some("\"off\""))?;
    }
    Ok(off)
}

fn switch(value: ChosenValue<'_>) -> Option<bool> {
    match value {
        ChosenValue::On => Some(true),
        ChosenValue::Off => Some(false),
        ChosenValue::Number(_) | ChosenValue::Word(_) => None,
    }
}

fn rollout(value: ChosenValue<'_>) -> Option<RolloutGuard> {
    match value {
        ChosenValue::On => Some(RolloutGuard::On),
        ChosenValue::Off => Some(RolloutGuard::Off),
        ChosenValue::Word(word) => {
            let mut known = RolloutGuard::ALL.into_iter();
            known.find(|known| known.as_str().eq_ignore_ascii_case(word))
        }
        ChosenValue::Number(_) => None,
    }
}

fn min_ready(value: ChosenValue<'_>) -> Option<MinReady> {
    match value {
        ChosenValue::Word(_) => percent(value).map(MinReady::Percent),
        _ => count(value, MOST_READY).map(MinReady::Count),
    }
}

fn recovered(value: ChosenValue<'_>) -> Option<RecoveredGuard> {
    match value {
        ChosenValue::Off => Some(RecoveredGuard::Off),
        ChosenValue::Word(word) => {
            let mut known = RecoveredGuard::ALL.into_iter();
            known.find(|known| known.as_str().eq_ignore_ascii_case(word))
        }
        ChosenValue::On | ChosenValue::Number(_) => None,
    }
}

fn nodes(value: ChosenValue<'_>) -> Option<NodesGuard> {
    match value {
        ChosenValue::Off => Some(NodesGuard::Off),
        ChosenValue::Word(word) => {
            let mut known = NodesGuard::ALL.into_iter();
            known.find(|known| known.as_str().eq_ignore_ascii_case(word))
        }
        ChosenValue::On | ChosenValue::Number(_) => None,
    }
}

/// A number up to `most`; off is zero.
fn count(value: ChosenValue<'_>, most: i64) -> Option<usize> {
    match value {
        ChosenValue::Off => Some(0),
        ChosenValue::Number(number) if number <= most => usize::try_from(number).ok(),
        ChosenValue::On | ChosenValue::Number(_) | ChosenValue::Word(_) => None,
    }
}

/// The number before the percent sign, from 0 to 100.
fn percent(value: ChosenValue<'_>) -> Option<usize> {
    let ChosenValue::Word(word) = value else {
        return None;
    };
    let digits = word.strip_suffix('%')?.trim_end();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let percent = digits.parse().ok().filter(|_| is_number)?;
    (percent <= 100).then_some(percent)
}
