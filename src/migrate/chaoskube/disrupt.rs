//! How many pods chaoskube disrupts, and how.

use std::time::Duration;

use super::schedule::refuse_duration;
use crate::migrate::go_duration::{parse_go_duration, setting_text};
use crate::migrate::translator::Translator;

/// The most victims of a round of macaque.
const MOST_VICTIMS: i64 = 100;
/// The longest grace period that macaque takes, in seconds.
const LONGEST_GRACE: i64 = 24 * 3600;

/// Translates the number of victims and the grace period, and sets what chaoskube always does.
pub(super) fn translate(translator: &mut Translator) {
    let remark = "PodDisruptionBudgets are not asked; \"evict\" honours them";
    translator.set_fixed("disrupt.method", "delete", remark);
    translator.set_fixed("disrupt.draw", "owners", "every owner is as likely as another");
    translate_count(translator);
    translate_grace_period(translator);
}

fn translate_count(translator: &mut Translator) {
    let Some(given) = translator.text("max-kill") else {
        return;
    };
    match given.text.parse::<i64>() {
        Ok(count @ 1..=MOST_VICTIMS) => translator.set("disrupt.count", count, &given.origin),
        Ok(count) if count > MOST_VICTIMS => {
            let remark = format!("{} is more than macaque disrupts in a round", given.text);
            translator.set_with("disrupt.count", MOST_VICTIMS, &given.origin, remark);
        }
        Ok(_) => {
            let wrong = format!("with {} chaoskube disrupts nothing", given.text);
            translator.refuse(&given.origin, &wrong, "write 1 to 100");
        }
        Err(_) => {
            let wrong = format!("{:?} is not a whole number", given.text);
            translator.refuse(&given.origin, &wrong, "write 1 to 100");
        }
    }
}

/// Sets the grace period. chaoskube drops the part of a second.
fn translate_grace_period(translator: &mut Translator) {
    let Some(given) = translator.text("grace-period") else {
        return;
    };
    let Some(grace) = parse_go_duration(&given.text) else {
        refuse_duration(translator, &given);
        return;
    };
    if grace.is_negative() {
        return;
    }

    let remark = match grace.as_secs() {
        0 => Some("0s would remove the pod from the API server at once, even if its containers still run"),
        LONGEST_GRACE.. if grace.as_secs() > LONGEST_GRACE => Some("a day is the longest"),
        _ => None,
    };
    let seconds = u64::try_from(grace.as_secs().clamp(1, LONGEST_GRACE)).unwrap_or(1);
    let text = setting_text(Duration::from_secs(seconds));
    match remark {
        None => translator.set("disrupt.grace_period", text, &given.origin),
        Some(remark) => translator.set_with("disrupt.grace_period", text, &given.origin, remark),
    }
}
