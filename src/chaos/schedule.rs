//! When rounds are due: a crontab line in a time zone, less the quiet times.

mod calendar;
mod cron;
mod quiet;
mod zone;

pub use calendar::{Calendar, Slot};
pub use cron::{Cron, CronError};
pub use quiet::{QuietError, QuietTime, QuietTimes};
pub use zone::{ZoneError, parse_zone};
