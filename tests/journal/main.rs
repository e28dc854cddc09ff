//! Laws of the journal and of the slots, held by random histories.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod clocks;
mod codec;
mod history;
mod ledger;
mod steps;
