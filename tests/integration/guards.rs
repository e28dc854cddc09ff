//! Promises of the guards: what they hold back before any request to disrupt is sent, and that they let go once the
//! cause is gone.

mod asked;
pub(crate) mod cluster;
mod faults;
mod gates;
mod owners;
mod round;
mod scope;
mod wishes;

use macaque_core::report::{RoundEnd, RoundReport};

/// The guard that ended the round, with its reason.
fn end(report: &RoundReport) -> String {
    match &report.end {
        RoundEnd::Held(hold) => hold.to_string(),
        end => panic!("not held: {end:?}"),
    }
}
