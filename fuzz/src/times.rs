//! Laws of times as people write them: lengths, weekly times, zones, and times in the past.

use jiff::tz::TimeZone;
use macaque_core::duration::{in_days, parse_duration};
use macaque_core::schedule::{TimezoneError, WeeklyTime, parse_timezone};

use crate::schedule::instant;
use crate::text;

pub(crate) const DURATIONS_LAW: &str = "a length, a weekly time and a zone print as they parse, and whatever an error \
                                        advises to write instead is right";
pub(crate) const PAST_TIMES_LAW: &str = "the first instant of a time is not after the last, and a time that has begun \
                                         ends now at the latest";

pub(crate) fn durations(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    match parse_duration(text) {
        Ok(length) if length.subsec_nanos() == 0 => {
            assert_eq!(
                parse_duration(&in_days(length)),
                Ok(length),
                "{}",
                in_days(length)
            );
        }
        Ok(_) => {}
        Err(error) => {
            for remedy in error.remedies() {
                assert!(parse_duration(&remedy).is_ok(), "{text:?}: {remedy:?}");
            }
        }
    }

    if let Ok(weekly) = text.parse::<WeeklyTime>() {
        assert_eq!(weekly.to_string().parse(), Ok(weekly));
    }
    let advised = match parse_timezone(text) {
        Ok(zone) => zone.iana_name().map(str::to_owned),
        Err(TimezoneError::Unknown { nearest, .. }) => nearest,
        Err(TimezoneError::Offset { fixed, .. }) => fixed,
        Err(_) => None,
    };
    assert!(
        advised.as_deref().is_none_or(|name| parse_timezone(name).is_ok()),
        "{advised:?}"
    );
}

/// The time, the zone and the instant at which it is read are a line each.
pub(crate) fn past_times(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    let (time, rest) = text::first_line(text);
    let (zone, now) = text::first_line(rest);
    let zone = parse_timezone(zone).unwrap_or(TimeZone::UTC);
    let now = instant(now);

    if let Ok((first, last)) = macaque::fuzzing::past_time(time, &zone, now) {
        assert!(first <= last, "{first} to {last}");
        assert!(first > now || last <= now, "{first} to {last}, and it is {now}");
    }
    if let Ok(weekly) = time.parse::<WeeklyTime>() {
        assert!(weekly.last(now, &zone).is_none_or(|last| last <= now));
    }
}
