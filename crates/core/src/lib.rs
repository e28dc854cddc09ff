//! The pure core: what may be disrupted, when, and what an answer means.
//!
//! Nothing here knows a network, a file, a clock or a global generator: time, chance and answers are arguments,
//! decisions are values.

pub mod budget;
pub mod config;
pub mod eligibility;
pub mod journal;
pub mod outcome;
pub mod permissions;
pub mod pod;
pub mod preview;
pub mod report;
pub mod schedule;
pub mod selection;
pub mod selector;
pub mod verdict;
