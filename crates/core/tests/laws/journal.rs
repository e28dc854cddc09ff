//! Laws of the journal and of the slots, held by random histories.

mod caps;
mod clocks;
mod codec;
mod history;
mod messages;
mod notices;
mod recoveries;
mod samples;
mod steps;
mod strikes;
mod turns;
mod usage;
