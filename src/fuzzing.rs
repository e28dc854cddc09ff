//! What fuzzing reaches of this crate beside what is public: readers of what others send and write.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::retry_after;
use crate::settings::SettingsListing;

pub use crate::k8s::fuzzing as k8s;

/// How long a header `Retry-After` asks to wait.
pub fn retry_after(value: &str, now: Option<SystemTime>) -> Option<Duration> {
    retry_after::parse(value, now)
}

/// The first and the last instant of a time in the past, as `macaque blame` reads it.
///
/// # Errors
/// The text is none, or is out of range.
pub fn past_time(text: &str, zone: &TimeZone, now: Timestamp) -> Result<(Timestamp, Timestamp), String> {
    crate::cli::fuzzing::past_time(text, zone, now)
}

/// The settings as the configuration file that `macaque config print` writes.
pub fn settings_file(listing: &SettingsListing) -> String {
    crate::cli::fuzzing::settings_file(listing)
}
