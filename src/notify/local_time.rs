//! Gives the times in a text in the schedule's zone too, beside UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `text` with the local time behind each instant in UTC: `2027-03-01T09:30:00Z (10:30 CET)`. Where the zone is UTC,
/// nothing is added.
pub(super) fn with_local_times(text: &str, zone: &TimeZone) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((end, instant)) = first_instant(rest) {
        out.push_str(&rest[..end]);
        out.push_str(&local_time(instant, zone));
        rest = &rest[end..];
    }
    out + rest
}

/// The first instant in `text`, and the byte behind it.
fn first_instant(text: &str) -> Option<(usize, Timestamp)> {
    let bytes = text.as_bytes();
    let starts = text.match_indices('T').filter_map(|(t, _)| t.checked_sub(DATE));
    starts.into_iter().find_map(|start| {
        let is_within = start > 0 && bytes[start - 1].is_ascii_alphanumeric();
        let end = start + text.get(start..)?.find('Z')? + 1;
        let instant = text[start..end].parse().ok()?;
        (!is_within).then_some((end, instant))
    })
}

/// The length of `2027-03-01`.
const DATE: usize = 10;

/// The local time in brackets, with the date if that is another.
fn local_time(instant: Timestamp, zone: &TimeZone) -> String {
    let local = instant.to_zoned(zone.clone());
    let utc = instant.to_zoned(TimeZone::UTC);
    if local.datetime() == utc.datetime() && zone.to_offset_info(instant).abbreviation() == "UTC" {
        return String::new();
    }

    let date = if local.date() == utc.date() {
        ""
    } else {
        "%Y-%m-%d "
    };
    let time = if local.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
    format!(" ({})", local.strftime(&format!("{date}{time} %Z")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_instant_is_given_in_the_zone_too() {
        for (zone, text, expected) in [
            (
                "Europe/Paris",
                "slot 2027-03-01T09:30:00Z · seed 42",
                "slot 2027-03-01T09:30:00Z (10:30 CET) · seed 42",
            ),
            (
                "Europe/Paris",
                "2027-07-01T22:30:05.25Z, and 2027-07-02T07:00:00Z",
                "2027-07-01T22:30:05.25Z (2027-07-02 00:30:05 CEST), and 2027-07-02T07:00:00Z (09:00 CEST)",
            ),
            (
                "Asia/Kathmandu",
                "2027-03-01T09:30:00Z",
                "2027-03-01T09:30:00Z (15:15 +0545)",
            ),
            (
                "Europe/London",
                "2027-01-01T09:30:00Z",
                "2027-01-01T09:30:00Z (09:30 GMT)",
            ),
            ("UTC", "2027-03-01T09:30:00Z", "2027-03-01T09:30:00Z"),
            ("Etc/UTC", "2027-03-01T09:30:00Z", "2027-03-01T09:30:00Z"),
        ] {
            let zone = TimeZone::get(zone).unwrap();
            assert_eq!(with_local_times(text, &zone), expected);
        }
    }

    #[test]
    fn what_is_no_instant_stays_as_it_is() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        for text in [
            "",
            "T",
            "TTTZ",
            "a DeploymenT of Z",
            "web-2027-03-01T09:30:00",
            "x2027-03-01T09:30:00Z",
            "2027-13-01T09:30:00Z",
            "äöüäöüT09:30:00Z",
            "9999-99-99T99:99:99Z",
        ] {
            assert_eq!(with_local_times(text, &paris), text);
        }
    }
}
