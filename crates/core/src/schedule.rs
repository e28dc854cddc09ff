//! When rounds are due: a crontab line in a time zone, less the quiet times.
//!
//! The rule is that of a Kubernetes CronJob: a slot is an instant at which the wall clock of the zone shows a
//! matching minute. Where the clock is put forward, the minutes it never shows have no slot; where it is put
//! back, the minutes it shows twice have two. Slots are strictly increasing, whatever the clocks do.

mod calendar;
mod cron;
mod field;
mod quiet;
pub mod timer;
mod timezone;

pub use calendar::{Calendar, Slot};
pub use cron::{Cron, CronError};
pub use field::{Field, FieldError, Rule};
pub use quiet::{QuietError, QuietTime, QuietTimes};
pub use timezone::{ZoneError, parse_zone};
