//! The instant at which a wall clock shows a time, where it skips times and shows some twice.

use jiff::Timestamp;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

/// The first instant from which on the wall clock of `zone` shows `local` or later, in seconds since it showed the
/// beginning of 1970.
pub(super) fn instant_of(local: i64, zone: &TimeZone) -> Timestamp {
    let Ok(shown) = Timestamp::from_second(local).map(|local| Offset::UTC.to_datetime(local)) else {
        return Timestamp::MAX;
    };
    let instant = |offset: Offset| offset.to_timestamp(shown).unwrap_or(Timestamp::MAX);

    match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } => instant(offset),
        // The clock skips this time: it shows a later one as soon as it skips.
        AmbiguousOffset::Gap { after, .. } => {
            let before = instant(after);
            let change = zone.following(before).next();
            change.map_or(before, |change| change.timestamp())
        }
        // The clock shows this time twice. After the first it goes back, unless this is what it goes back to.
        AmbiguousOffset::Fold { before, after } => {
            let first = instant(before);
            let change = zone.following(first).next();
            let back_to = change.map(|change| after.to_datetime(change.timestamp()));
            if back_to == Some(shown) {
                first
            } else {
                instant(after)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::parse_timezone;

    fn ends(zone: &str, local: &str) -> String {
        let local: Timestamp = local.parse().unwrap();
        let zone = parse_timezone(zone).unwrap();
        instant_of(local.as_second(), &zone).to_string()
    }

    #[test]
    fn a_period_is_over_when_the_clock_shows_none_of_its_times_any_more() {
        assert_eq!(ends("UTC", "2026-06-01T00:00:00Z"), "2026-06-01T00:00:00Z");
        assert_eq!(
            ends("Europe/Paris", "2026-06-01T00:00:00Z"),
            "2026-05-31T22:00:00Z"
        );
        // Paris skips 02:00 to 03:00 on 2027-03-28, at 01:00Z.
        for skipped in ["02:00", "02:30"] {
            let end = ends("Europe/Paris", &format!("2027-03-28T{skipped}:00Z"));
            assert_eq!(end, "2027-03-28T01:00:00Z", "{skipped}");
        }
        assert_eq!(
            ends("Europe/Paris", "2027-03-28T03:30:00Z"),
            "2027-03-28T01:30:00Z"
        );
        // Paris shows 02:00 to 03:00 twice on 2027-10-31: it goes back at 01:00Z.
        assert_eq!(
            ends("Europe/Paris", "2027-10-31T02:00:00Z"),
            "2027-10-31T00:00:00Z"
        );
        assert_eq!(
            ends("Europe/Paris", "2027-10-31T02:30:00Z"),
            "2027-10-31T01:30:00Z"
        );
        assert_eq!(
            ends("Europe/Paris", "2027-10-31T03:00:00Z"),
            "2027-10-31T02:00:00Z"
        );
    }
}
