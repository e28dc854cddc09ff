//! Time zones by name, from the database that is compiled in.

use jiff::tz::{TimeZone, TimeZoneDatabase};

/// Why a name is no time zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no time zone is called `{name}`")]
pub struct ZoneError {
    name: String,
}

/// Finds an IANA zone in the compiled-in database; `UTC` is one.
pub fn parse_zone(name: &str) -> Result<TimeZone, ZoneError> {
    TimeZoneDatabase::bundled().get(name).map_err(|_| ZoneError {
        name: name.to_owned(),
    })
}
