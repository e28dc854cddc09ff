//! Looks up time zones by name, in the database that is compiled in; the machine's own database is never read.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use strsim::damerau_levenshtein;

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
    #[error("`{name}` is an offset, not a time zone: write an IANA name such as Europe/Paris, or UTC")]
    Offset {
        /// The name as written.
        name: String,
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
        _ if is_offset(written) => Err(TimezoneError::Offset { name }),
        _ => Err(TimezoneError::Unknown {
            nearest: nearest(written, &database),
            name,
        }),
    }
}

/// Whether `name` is an offset: `+01:00`, `-5`, `UTC+1`, `GMT-03`, `Z`.
fn is_offset(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let offset = ["UTC", "GMT"]
        .iter()
        .find_map(|zero| name.strip_prefix(zero))
        .unwrap_or(&name);

    let number = offset.strip_prefix(['+', '-', '\u{2212}']);
    name == "Z" || number.is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
}

/// The zone that `name` probably means: the one whose full name or city has the fewest typing mistakes in `name`, at
/// most one in four letters, so that `PST` is not taken for `EST`.
fn nearest(name: &str, database: &TimeZoneDatabase) -> Option<String> {
    let written = name.to_lowercase().replace(' ', "_");
    let distance_to = |zone: &str| {
        let zone = zone.to_lowercase();
        let city = zone.rsplit('/').next().unwrap_or_default();
        damerau_levenshtein(&written, &zone).min(damerau_levenshtein(&written, city))
    };

    let zones = database.available().map(|zone| zone.to_string());
    let zones = zones.filter(|zone| zone != FACTORY_ZONE);
    let (mistakes, zone) = zones.map(|zone| (distance_to(&zone), zone)).min()?;
    (mistakes <= written.chars().count() / 4).then_some(zone)
}

fn remedy(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "write an IANA name such as Europe/Paris, or UTC".to_owned(),
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
        ] {
            assert_eq!(
                complaint(written),
                format!("unknown time zone `{written}`: did you mean {meant}?")
            );
        }
        for hopeless in ["PST", "Mars/Olympus_Mons", "Factory", "Etc/Unknown", "Moon"] {
            assert!(
                complaint(hopeless).contains("write an IANA name"),
                "{}",
                complaint(hopeless)
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
}
