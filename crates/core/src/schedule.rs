//! Decides when rounds are due: at the slots of a crontab line in a time zone, outside the quiet times.
//!
//! As for a Kubernetes CronJob, a slot is an instant at which the wall clock of the zone shows a matching minute. When
//! the clock goes forward, the minutes that it skips have no slot; when it goes back, the minutes that it repeats have
//! two. Slots are strictly increasing across every clock change.

mod calendar;
mod cron;
mod field;
mod interval;
mod quiet;
mod quiet_span;
mod spelling;
pub mod timer;
mod timezone;
mod weekly;
mod window;

pub(crate) use calendar::LocalRound;
pub use calendar::{Calendar, ScheduledSlot};
pub use cron::{CronError, CronSchedule};
pub use field::{CronField, CronFieldError, FieldRule};
pub use interval::{EvenLine, even_line};
pub use quiet::{QuietTime, QuietTimeError, QuietTimes};
pub use quiet_span::QuietSpan;
pub use timezone::{TimezoneError, parse_timezone};
pub use weekly::{WeeklyTime, WeeklyTimeError};
pub use window::DayWindow;
