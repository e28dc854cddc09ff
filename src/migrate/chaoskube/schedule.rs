//! When chaoskube disrupts: its interval, and the times at which it does not.

use std::time::Duration;

use macaque_core::schedule::{even_line, parse_timezone};

use super::quiet;
use crate::migrate::go_duration::{parse_go_duration, setting_text};
use crate::migrate::migration::UnmigratedEffect;
use crate::migrate::translator::{GivenText, Translator};

/// The interval of chaoskube if none is given.
const INTERVAL: Duration = Duration::from_secs(600);

/// The longest time that every month has.
const SHORTEST_MONTH: Duration = Duration::from_secs(28 * 24 * 3600);

/// Translates the flags of the schedule.
pub(super) fn translate(translator: &mut Translator) {
    translate_interval(translator);
    let is_quiet = quiet::translate(translator);
    translate_timezone(translator, is_quiet);

    if let Some(given) = translator.text("max-runtime") {
        match parse_go_duration(&given.text) {
            None => refuse_duration(translator, &given),
            Some(runtime) if runtime.is_negative() => {}
            Some(_) => translator.lose(
                given.shown(),
                "`macaque run` runs until it is stopped: run `macaque once` from a CronJob or a pipeline, as often as \
                 needed",
                UnmigratedEffect::Wider,
            ),
        }
    }
}

fn translate_interval(translator: &mut Translator) {
    let Some(given) = translator.text("interval") else {
        set_interval(translator, INTERVAL, None);
        return;
    };
    let interval = parse_go_duration(&given.text).and_then(|interval| Duration::try_from(interval).ok());
    match interval.filter(|interval| !interval.is_zero()) {
        Some(interval) => set_interval(translator, interval, Some(&given)),
        None => refuse_duration(translator, &given),
    }
}

/// Sets the crontab line of an interval: that which repeats it, or a longer one.
fn set_interval(translator: &mut Translator, interval: Duration, given: Option<&GivenText>) {
    let default = translator.default_origin();
    let origin = given.map_or(default.as_str(), |given| &given.origin);
    let shown = given.map_or_else(|| setting_text(interval), |given| given.text.clone());

    match even_line(interval) {
        Some(even) if even.interval == interval => translator.set("schedule.cron", even.line, origin),
        Some(even) => {
            let every = setting_text(even.interval);
            let remark = format!("no crontab line repeats every {shown}: this is every {every}");
            translator.set_with("schedule.cron", even.line, origin, remark);
        }
        None => {
            let remark = format!("no crontab line repeats every {shown}: this is every month");
            translator.set_with("schedule.cron", "0 0 1 * *", origin, remark);
            if interval > SHORTEST_MONTH {
                let why = "the longest interval of a crontab line is a month: name the months too, such as \
                           `0 0 1 */3 *`";
                translator.lose(format!("{origin}={shown:?}"), why, UnmigratedEffect::Wider);
            }
        }
    }
}

/// Sets the time zone. The zone of the machine matters only if there are quiet times.
fn translate_timezone(translator: &mut Translator, is_quiet: bool) {
    let Some(given) = translator.text("timezone") else {
        return;
    };
    if given.text == "Local" {
        let effect = if is_quiet {
            UnmigratedEffect::Wider
        } else {
            UnmigratedEffect::Same
        };
        let why = "the zone of the machine, which is UTC in most containers: name it in schedule.timezone";
        translator.lose(given.shown(), why, effect);
        return;
    }
    match parse_timezone(&given.text) {
        Ok(_) => translator.set("schedule.timezone", given.text, &given.origin),
        Err(error) => translator.refuse_fault(&given.origin, error),
    }
}

/// Refuses what is not a duration, or not one above zero.
pub(super) fn refuse_duration(translator: &mut Translator, given: &GivenText) {
    let wrong = format!("{:?} is not a length of time that chaoskube takes", given.text);
    translator.refuse(
        &given.origin,
        &wrong,
        "write a number with its unit, such as 10m or 1h30m",
    );
}
