//! The pure core: what may be disrupted, when, and what an answer means.
//!
//! Nothing here knows a network, a file, a clock or a global generator: time, chance and answers are arguments,
//! decisions are values.

pub mod answer;
pub mod budget;
pub mod choice;
pub mod eligibility;
pub mod exam;
pub mod grants;
pub mod journal;
pub mod outcome;
pub mod plan;
pub mod pod;
pub mod preview;
pub mod register;
pub mod report;
pub mod roster;
pub mod schedule;
pub mod selector;
pub mod slots;
pub mod victims;
pub mod why;
