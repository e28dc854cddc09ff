//! The times at which chaoskube does not disrupt, as quiet times.

use macaque_core::schedule::QuietTime;

use crate::migrate::translator::{GivenText, Translator};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// What one entry of a list becomes: a quiet time, nothing, or a mistake with what would be right.
type Entry = Result<Option<String>, &'static str>;

/// Translates the three flags; returns whether there is a quiet time.
pub(super) fn translate(translator: &mut Translator) -> bool {
    let mut quiet = Vec::new();
    let mut origins = Vec::new();
    let weekdays = entries(translator, "excluded-weekdays", weekday, &mut origins);
    if !weekdays.is_empty() {
        quiet.push(weekdays.join(","));
    }
    quiet.extend(entries(translator, "excluded-times-of-day", hours, &mut origins));
    quiet.extend(entries(translator, "excluded-days-of-year", date, &mut origins));

    let is_quiet = !quiet.is_empty();
    if is_quiet {
        translator.set("schedule.quiet", quiet, &origins.join(", "));
    }
    is_quiet
}

/// The entries of a list, each read by `read`.
fn entries(
    translator: &mut Translator,
    name: &str,
    read: fn(&str) -> Entry,
    origins: &mut Vec<String>,
) -> Vec<String> {
    let Some(given) = translator.text(name) else {
        return Vec::new();
    };
    let mut times = Vec::new();
    for entry in given
        .text
        .split(',')
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
    {
        match read(entry) {
            Ok(time) => times.extend(time),
            Err(right) => refuse(translator, &given, entry, right),
        }
    }
    origins.push(given.origin);
    times
}

fn refuse(translator: &mut Translator, given: &GivenText, entry: &str, right: &str) {
    let wrong = format!("{entry:?} is not what chaoskube takes");
    translator.refuse(&given.origin, &wrong, right);
}

fn weekday(entry: &str) -> Entry {
    let found = WEEKDAYS.iter().find(|day| day.eq_ignore_ascii_case(entry));
    let day = found.ok_or("write Mon, Tue, Wed, Thu, Fri, Sat or Sun; chaoskube ignores any other word")?;
    Ok(Some((*day).to_owned()))
}

/// A range of hours. If both ends are the same, chaoskube excludes a single instant.
fn hours(entry: &str) -> Entry {
    const RIGHT: &str = "write both ends, such as 22:00-08:00, from 00:00 to 23:59";
    let (from, to) = entry.split_once('-').ok_or(RIGHT)?;
    let from = clock(from.trim()).ok_or(RIGHT)?;
    let to = clock(to.trim()).ok_or(RIGHT)?;
    Ok((from != to).then(|| format!("{from}-{to}")))
}

/// A time of day with two digits for the hour; Go takes one too.
fn clock(text: &str) -> Option<String> {
    let (hour, minute) = text.split_once(':')?;
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !matches!(hour.len(), 1 | 2) || minute.len() != 2 || !is_digits(hour) || !is_digits(minute) {
        return None;
    }
    let hour: u8 = hour.parse().ok().filter(|hour| *hour < 24)?;
    let minute: u8 = minute.parse().ok().filter(|minute| *minute < 60)?;
    Some(format!("{hour:02}:{minute:02}"))
}

/// A day of every year, such as `Apr1`.
fn date(entry: &str) -> Entry {
    const RIGHT: &str = "write a month and a day of it, such as Apr1 or Dec24";
    let (month, day) = entry.split_at_checked(3).ok_or(RIGHT)?;
    let month = MONTHS
        .iter()
        .position(|name| name.eq_ignore_ascii_case(month))
        .ok_or(RIGHT)?;
    let day: u8 = day.trim_start().parse().map_err(|_| RIGHT)?;

    let date = format!("{:02}-{day:02}", month + 1);
    match date.parse::<QuietTime>() {
        Ok(_) => Ok(Some(date)),
        Err(_) => Err(RIGHT),
    }
}
