//! The run days and the window of hours of kube-monkey, as a crontab line with a round each hour.

use macaque_core::schedule::parse_timezone;

use crate::migrate::translator::Translator;

const WEEKDAYS: [(&str, &str); 7] = [
    ("monday", "Mon"),
    ("tuesday", "Tue"),
    ("wednesday", "Wed"),
    ("thursday", "Thu"),
    ("friday", "Fri"),
    ("saturday", "Sat"),
    ("sunday", "Sun"),
];

/// Monday to Friday, the default.
const OFFICE_DAYS: [bool; 7] = [true, true, true, true, true, false, false];

/// Translates the keys of the schedule.
pub(super) fn translate(translator: &mut Translator) {
    let run = hour(translator, "kubemonkey.run_hour", 8);
    let start = hour(translator, "kubemonkey.start_hour", 10);
    let end = hour(translator, "kubemonkey.end_hour", 16);
    let days = run_days(translator);
    if let (Some(run), Some(start), Some(end)) = (run, start, end) {
        if start >= end {
            let wrong = format!("{start} is not before kubemonkey.end_hour, {end}");
            translator.refuse("kubemonkey.start_hour", &wrong, "write an earlier hour");
        } else if run >= start {
            let wrong = format!("{run} is not before kubemonkey.start_hour, {start}");
            translator.refuse("kubemonkey.run_hour", &wrong, "write an earlier hour");
        } else {
            set_line(translator, start, end, &days);
        }
    }

    match translator.text("kubemonkey.time_zone") {
        None => translator.set_default("schedule.timezone", "America/Los_Angeles"),
        Some(given) => match parse_timezone(&given.text) {
            Ok(_) => translator.set("schedule.timezone", given.text, &given.origin),
            Err(error) => translator.refuse_fault(&given.origin, error),
        },
    }
}

fn set_line(translator: &mut Translator, start: u8, end: u8, days: &str) {
    let hours = match end - 1 {
        last if last == start => start.to_string(),
        last => format!("{start}-{last}"),
    };
    let names = [
        "kubemonkey.start_hour",
        "kubemonkey.end_hour",
        "kubemonkey.run_days",
    ];
    let origins: Vec<String> = names
        .into_iter()
        .filter_map(|name| translator.origin(name))
        .collect();
    let origin = match origins.as_slice() {
        [] => translator.default_origin(),
        origins => origins.join(", "),
    };
    let remark = "a round each hour of the window; kube-monkey draws a minute for each workload";
    translator.set_with("schedule.cron", format!("0 {hours} * * {days}"), &origin, remark);
}

/// An hour of the day; `None` after a mistake.
fn hour(translator: &mut Translator, name: &str, default: u8) -> Option<u8> {
    let Some(given) = translator.text(name) else {
        return Some(default);
    };
    let hour = given.text.parse::<u8>().ok().filter(|hour| *hour < 24);
    if hour.is_none() {
        let wrong = format!("{:?} is not an hour", given.text);
        translator.refuse(&given.origin, &wrong, "write a whole number from 0 to 23");
    }
    hour
}

/// How many days of a week are run days; at least one.
pub(super) fn run_days_in_week(translator: &mut Translator) -> u64 {
    let text = translator.text("kubemonkey.run_days").map(|given| given.text);
    let chosen = text.map_or(OFFICE_DAYS, |text| chosen_days(&text).0);
    chosen
        .iter()
        .map(|is_chosen| u64::from(*is_chosen))
        .sum::<u64>()
        .max(1)
}

/// The run days as crontab has them.
fn run_days(translator: &mut Translator) -> String {
    let mut chosen = OFFICE_DAYS;
    if let Some(given) = translator.text("kubemonkey.run_days") {
        let (days, unknown) = chosen_days(&given.text);
        for entry in unknown {
            let wrong = format!("{entry:?} is not a weekday");
            translator.refuse(&given.origin, &wrong, "write mon, tue, wed, thu, fri, sat or sun");
        }
        chosen = days;
    }

    match chosen {
        OFFICE_DAYS => "Mon-Fri".to_owned(),
        [true, true, true, true, true, true, true] => "*".to_owned(),
        _ => {
            let days = WEEKDAYS.iter().zip(chosen).filter(|(_, is_chosen)| *is_chosen);
            days.map(|((_, short), _)| *short).collect::<Vec<_>>().join(",")
        }
    }
}

/// The weekdays of a list, and its words that are none.
fn chosen_days(text: &str) -> ([bool; 7], Vec<String>) {
    let mut chosen = [false; 7];
    let mut unknown = Vec::new();
    for entry in text.split([',', ' ']).filter(|entry| !entry.is_empty()) {
        let entry = entry.to_lowercase();
        let found = WEEKDAYS
            .iter()
            .position(|(long, short)| entry == *long || entry == short.to_lowercase());
        match found {
            Some(day) => chosen[day] = true,
            None => unknown.push(entry),
        }
    }
    (chosen, unknown)
}
