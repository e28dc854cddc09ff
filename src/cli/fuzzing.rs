//! What fuzzing reaches of the commands: texts that people type, and what is printed for a program to read.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::blame::past_time::PastTime;
use super::config::toml;
use crate::settings::SettingsListing;

/// The first and the last instant of a time in the past.
///
/// # Errors
/// The text is none, or is out of range.
pub(crate) fn past_time(
    text: &str,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<(Timestamp, Timestamp), String> {
    let time: PastTime = text.parse().map_err(str::to_owned)?;
    let span = time.span(zone, now).map_err(|error| error.to_string())?;
    Ok((span.first, span.last))
}

/// The settings as a configuration file.
pub(crate) fn settings_file(listing: &SettingsListing) -> String {
    toml::file(listing, true)
}
