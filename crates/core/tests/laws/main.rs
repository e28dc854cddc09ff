//! Laws of the core, held by random histories and by a second opinion: the journal, the history, the clocks, the
//! schedule, the guards of siblings, recoveries, patterns of names, the rota, the calendar for other programs, blame.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod blame;
mod history;
mod icalendar;
mod journal;
mod name_patterns;
mod recovery;
mod resilience;
mod rota;
mod schedule;
mod siblings;
