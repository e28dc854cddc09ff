//! The flags of `macaque pause` and `macaque resume`.

use std::time::Duration;

use clap::Args as Flags;
use jiff::fmt::friendly::SpanParser;

use super::GlobalArgs;

/// `macaque pause`.
#[derive(Debug, Flags)]
pub(in crate::cli) struct PauseArgs {
    #[command(flatten)]
    pub(in crate::cli) common: GlobalArgs,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
    /// For how long, such as 30m or 2h [default: until resumed]
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    pub(in crate::cli) duration: Option<Duration>,
}

/// `macaque resume`.
#[derive(Debug, Flags)]
pub(in crate::cli) struct ResumeArgs {
    #[command(flatten)]
    pub(in crate::cli) common: GlobalArgs,
    #[command(flatten)]
    pub(in crate::cli) home: HomeArgs,
}

/// The flag that says where macaque lives.
#[derive(Debug, Clone, Default, Flags)]
pub(in crate::cli) struct HomeArgs {
    /// The namespace that macaque lives in [default: where this one runs]
    #[arg(short, long, value_name = "NAME")]
    pub(in crate::cli) namespace: Option<String>,
}

/// A duration that is more than nothing, and whole seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let duration = SpanParser::new().parse_unsigned_duration(text.trim());
    match duration {
        Ok(duration) if duration >= Duration::from_secs(1) && duration <= LONGEST_PAUSE => Ok(duration),
        Ok(_) => Err("a pause is from 1s to 8760h; without --for it lasts until resumed".to_owned()),
        Err(_) => Err("write a number with its unit, such as 30m or 2h".to_owned()),
    }
}

/// A year: who means longer means until resumed.
const LONGEST_PAUSE: Duration = Duration::from_secs(365 * 24 * 3600);
