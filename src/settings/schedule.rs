//! Decodes `[schedule]`: when rounds are due, the quiet times, and how late a round may start.

use std::time::Duration;

use jiff::tz::TimeZone;
use macaque_core::schedule::{
    Calendar, CronError, CronSchedule, QuietTime, QuietTimes, WeeklyTime, parse_timezone,
};

use super::ScheduleNeed;
use super::decoder::{SettingsDecoder, convert_all};
use super::environment;
use super::given_value::GivenValue;
use super::mistake::MistakeReported;

/// A round that starts later may fall into another part of people's day.
const LATEST_START: Duration = Duration::from_secs(3600);

/// Decodes the calendar, and the time zone, which counts without one too. A calendar that is not set is a mistake where
/// it is required.
pub(super) fn decode_calendar(
    decoder: &mut SettingsDecoder,
    need: ScheduleNeed,
) -> Result<(Option<Calendar>, TimeZone), MistakeReported> {
    match need {
        ScheduleNeed::Required => {
            let calendar = decode_required_calendar(decoder)?;
            let zone = calendar.zone().clone();
            Ok((Some(calendar), zone))
        }
        ScheduleNeed::Optional => decode_optional_calendar(decoder),
    }
}

/// Decodes the calendar where one is required.
pub(super) fn decode_required_calendar(decoder: &mut SettingsDecoder) -> Result<Calendar, MistakeReported> {
    let cron = decoder.optional("schedule.cron").and_then(|line| match line {
        Some(line) => parse_cron(decoder, line),
        None => Err(decoder.missing(
            "schedule.cron",
            "is not set, so no round would ever run",
            "set it in the file, such as cron = \"*/30 9-16 * * Mon-Fri\", or with MACAQUE_SCHEDULE__CRON",
        )),
    });
    let rest = decode_zone_and_quiet(decoder);

    let cron = cron?;
    let (zone, quiet) = rest?;
    Ok(Calendar::new(cron, zone, quiet))
}

/// Decodes the calendar where none is required: what is set must be valid all the same.
fn decode_optional_calendar(
    decoder: &mut SettingsDecoder,
) -> Result<(Option<Calendar>, TimeZone), MistakeReported> {
    let cron = decoder
        .optional("schedule.cron")
        .and_then(|line| line.map(|line| parse_cron(decoder, line)).transpose());
    let rest = decode_zone_and_quiet(decoder);

    let cron = cron?;
    let (zone, quiet) = rest?;
    let calendar = cron.map(|cron| Calendar::new(cron, zone.clone(), quiet));
    Ok((calendar, zone))
}

/// Decodes the time zone and the quiet times.
fn decode_zone_and_quiet(decoder: &mut SettingsDecoder) -> Result<(TimeZone, QuietTimes), MistakeReported> {
    let zone = decoder
        .text("schedule.timezone")
        .and_then(|name| parse_timezone(&name.value).map_err(|error| decoder.refuse_fault(&name, error)));
    let quiet = decoder
        .list("schedule.quiet")
        .and_then(|entries| parse_quiet(decoder, entries));
    Ok((zone?, quiet?))
}

/// Decodes when the digest of a week is due.
pub(super) fn decode_digest(decoder: &mut SettingsDecoder) -> Result<WeeklyTime, MistakeReported> {
    let digest = decoder.text("notify.digest")?;
    let parsed = digest.value.parse::<WeeklyTime>();
    parsed.map_err(|error| {
        decoder.refuse(
            &digest,
            error,
            "write a weekday and a time of day, such as \"Mon 09:00\"",
        )
    })
}

/// Decodes how late a round may start.
pub(super) fn decode_starting_deadline(decoder: &mut SettingsDecoder) -> Result<Duration, MistakeReported> {
    let deadline = decoder
        .text("schedule.starting_deadline")
        .and_then(|text| decoder.duration(text))?;

    if deadline.value < Duration::from_secs(1) {
        Err(decoder.refuse(&deadline, "is less than a second", "use \"1s\" or more"))
    } else if deadline.value > LATEST_START {
        Err(decoder.refuse(&deadline, "is longer than an hour", "use \"1h\" or less"))
    } else {
        Ok(deadline.value)
    }
}

fn parse_cron(
    decoder: &mut SettingsDecoder,
    line: GivenValue<String>,
) -> Result<CronSchedule, MistakeReported> {
    let cron: Result<CronSchedule, CronError> = line.value.parse();
    cron.and_then(|cron| cron.must_fire().map(|()| cron))
        .map_err(|error| decoder.refuse_fault(&line, error))
}

fn parse_quiet(
    decoder: &mut SettingsDecoder,
    entries: Vec<GivenValue<String>>,
) -> Result<QuietTimes, MistakeReported> {
    convert_all(entries, |entry| {
        let parsed = entry.value.parse::<QuietTime>();
        parsed.map_err(|error| {
            // A comma belongs to a list of weekdays, so a variable separates quiet times by semicolons.
            if entry.value.contains(',') && is_from_variable(&entry) && !error.is_spelling() {
                decoder.refuse(
                    &entry,
                    error,
                    "in a variable, put a semicolon between two quiet times",
                )
            } else {
                decoder.refuse_fault(&entry, error)
            }
        })
    })
}

fn is_from_variable(given: &GivenValue<String>) -> bool {
    given.source.as_deref().is_some_and(environment::is_origin)
}
