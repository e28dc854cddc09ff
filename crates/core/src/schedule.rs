//! Says when rounds are due: a crontab line in a time zone, without the quiet times.
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

pub use calendar::{Calendar, ScheduledSlot};
pub use cron::{CronError, CronSchedule};
pub use field::{CronField, CronFieldError, FieldRule};
pub use quiet::{QuietTime, QuietTimeError, QuietTimes};
pub use timezone::{TimezoneError, parse_timezone};
