//! Laws of the journal and of the slots, held by random histories.

mod caps;
mod clocks;
mod codec;
pub(crate) mod history;
mod messages;
mod notices;
mod numbers;
mod recoveries;
pub(crate) mod samples;
mod steps;
mod strikes;
mod turns;
mod usage;
