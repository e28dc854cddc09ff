//! Looks up time zones by name, in the database that is compiled in; the machine's own database is never read.

mod suggestion;

use jiff::tz::{TimeZone, TimeZoneDatabase};

use crate::words::either;

/// The database's name for the zone of a machine that was never set up.
const FACTORY_ZONE: &str = "Factory";

/// The reason why a name is not a time zone, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimezoneError {
    /// An empty name.
    #[error("the time zone is empty: write an IANA name such as Europe/Paris, or UTC")]
    Empty,
    /// A name for the machine's own zone, which differs from machine to machine.
    #[error("`{name}` depends on the machine: write the zone's IANA name, such as Europe/Paris, or UTC")]
    Local {
        /// The name as written.
        name: String,
    },
    /// An offset from UTC, which is not a zone: it ignores clock changes.
    #[error("`{name}` is an offset, not a time zone: write an IANA name such as Europe/Paris{}", or_fixed(.fixed.as_deref()))]
    Offset {
        /// The name as written.
        name: String,
        /// The zone that always has this offset, if there is one.
        fixed: Option<String>,
    },
    /// An abbreviation, which names the winter or the summer half of several zones.
    #[error("`{name}` is an abbreviation, not a time zone: write the IANA name of a place, such as {}", either(.places))]
    Abbreviation {
        /// The name as written.
        name: String,
        /// Zones that are abbreviated so.
        places: &'static [&'static str],
    },
    /// A name that is not in the database.
    #[error("unknown time zone `{name}`: {}", remedy(.nearest.as_deref()))]
    Unknown {
        /// The name as written.
        name: String,
        /// The name that was probably meant.
        nearest: Option<String>,
    },
}

/// Finds a time zone by its IANA name, in any letter case; `UTC` is one.
///
/// # Errors
/// The name is empty, an offset, `Local`, or unknown.
pub fn parse_timezone(name: &str) -> Result<TimeZone, TimezoneError> {
    let written = name.trim();
    let name = written.to_owned();

    if written.is_empty() {
        return Err(TimezoneError::Empty);
    }
    if ["local", "localtime"].contains(&written.to_lowercase().as_str()) {
        return Err(TimezoneError::Local { name });
    }

    let database = TimeZoneDatabase::bundled();
    match database.get(written) {
        Ok(zone) if !zone.is_unknown() && zone.iana_name() != Some(FACTORY_ZONE) => Ok(zone),
        _ if suggestion::is_offset(written) => {
            let fixed = suggestion::fixed_zone(written);
            Err(TimezoneError::Offset { name, fixed })
        }
        _ => Err(match suggestion::places(written) {
            Some(places) => TimezoneError::Abbreviation { name, places },
            None => TimezoneError::Unknown {
                nearest: suggestion::nearest(written, &database),
                name,
            },
        }),
    }
}

fn remedy(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "write an IANA name such as Europe/Paris, or UTC".to_owned(),
    }
}

/// The words for a zone of a fixed offset. The signs of such zones are those of POSIX, reversed.
fn or_fixed(fixed: Option<&str>) -> String {
    match fixed {
        Some("UTC") | None => ", or UTC".to_owned(),
        Some(fixed) => format!("; the zone of this offset all year is {fixed}, with the sign reversed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaint(name: &str) -> String {
        parse_timezone(name).unwrap_err().to_string()
    }

    #[test]
    fn iana_names_are_found_in_any_case() {
        for (written, name) in [
            ("Europe/Paris", "Europe/Paris"),
            (" europe/paris ", "Europe/Paris"),
            ("UTC", "UTC"),
            ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
            ("Etc/GMT-1", "Etc/GMT-1"),
        ] {
            assert_eq!(parse_timezone(written).unwrap().iana_name(), Some(name));
        }
    }

    #[test]
    fn a_mistyped_name_gets_the_nearest_as_a_suggestion() {
        for (written, meant) in [
            ("Europe/Pari", "Europe/Paris"),
            ("Amercia/New_York", "America/New_York"),
            ("America/New York", "America/New_York"),
            ("Paris", "Europe/Paris"),
            ("kolkata", "Asia/Kolkata"),
            ("Europe/Roma", "Europe/Rome"),
            ("Berlinn", "Europe/Berlin"),
            ("Europ/Paris", "Europe/Paris"),
            ("Europe/Tokyo", "Asia/Tokyo"),
            ("Australia/Auckland", "Pacific/Auckland"),
            ("America/Buenos Aires", "America/Buenos_Aires"),
        ] {
            assert_eq!(
                complaint(written),
                format!("unknown time zone `{written}`: did you mean {meant}?")
            );
        }
        for hopeless in [
            "XYZT",
            "Mars/Olympus_Mons",
            "Factory",
            "Etc/Unknown",
            "Moon",
            "Pacific Standard Time",
        ] {
            assert_eq!(
                complaint(hopeless),
                format!("unknown time zone `{hopeless}`: write an IANA name such as Europe/Paris, or UTC")
            );
        }
    }

    #[test]
    fn the_machines_zone_and_offsets_are_rejected() {
        assert_eq!(parse_timezone("  "), Err(TimezoneError::Empty));
        assert!(complaint("Local").starts_with("`Local` depends on the machine"));
        for offset in ["+01:00", "-5", "UTC+1", "gmt-03:30", "Z"] {
            assert!(
                complaint(offset).contains("is an offset, not a time zone"),
                "{offset}"
            );
        }
    }

    #[test]
    fn a_city_that_names_no_zone_is_not_taken_for_another() {
        for (written, wrong) in [
            ("Asia/Mumbai", "Dubai"),
            ("Asia/Delhi", "Dili"),
            ("Europe/Munich", "Zurich"),
            ("Europe/Milan", "Minsk"),
            ("America/Boston", "Bogota"),
            ("America/Austin", "Asuncion"),
            ("West", "Australia/West"),
        ] {
            assert!(!complaint(written).contains(wrong), "{}", complaint(written));
        }
    }

    #[test]
    fn an_abbreviation_leads_to_the_zones_that_it_abbreviates() {
        for (abbreviation, places) in [
            ("CEST", "Europe/Paris"),
            ("cest", "Europe/Paris"),
            ("MESZ", "Europe/Berlin"),
            ("PST", "America/Los_Angeles"),
            ("EDT", "America/New_York"),
            ("CST", "America/Chicago or Asia/Shanghai"),
            ("BST", "Europe/London or Asia/Dhaka"),
            ("IST", "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem"),
            ("AEDT", "Australia/Sydney"),
        ] {
            let words = "is an abbreviation, not a time zone: write the IANA name of a place, such as";
            assert_eq!(
                complaint(abbreviation),
                format!("`{abbreviation}` {words} {places}")
            );
        }
        for name in ["CET", "EET", "EST", "GMT", "WET", "MST", "EST5EDT"] {
            assert!(parse_timezone(name).is_ok(), "{name}: an IANA name");
        }
    }

    #[test]
    fn an_offset_of_whole_hours_leads_to_the_zone_that_always_has_it() {
        for (written, fixed) in [
            ("+02:00", Some("Etc/GMT-2")),
            ("GMT+2", Some("Etc/GMT-2")),
            ("UTC+2", Some("Etc/GMT-2")),
            ("UTC+02:00", Some("Etc/GMT-2")),
            ("+0200", Some("Etc/GMT-2")),
            ("-5", Some("Etc/GMT+5")),
            ("\u{2212}05:00", Some("Etc/GMT+5")),
            ("UTC+14", Some("Etc/GMT-14")),
            ("UTC-12", Some("Etc/GMT+12")),
            ("UTC-14", None),
            ("UTC+15", None),
            ("+05:30", None),
            ("UTC+0", Some("UTC")),
            ("Z", Some("UTC")),
        ] {
            assert_eq!(
                parse_timezone(written),
                Err(TimezoneError::Offset {
                    name: written.to_owned(),
                    fixed: fixed.map(str::to_owned)
                })
            );
            assert!(
                fixed.is_none_or(|fixed| parse_timezone(fixed).is_ok()),
                "{written}"
            );
        }
        assert_eq!(
            complaint("GMT+2"),
            "`GMT+2` is an offset, not a time zone: write an IANA name such as Europe/Paris; the zone of this offset all \
             year is Etc/GMT-2, with the sign reversed"
        );
        assert!(complaint("+05:30").ends_with("such as Europe/Paris, or UTC"));
    }
}
