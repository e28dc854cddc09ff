//! Promises of the actors as a whole: an actor that fails or hangs is replaced and the next round comes, one that
//! fails too often ends the process, and a shutdown is in order. The cluster is the sandbox, spoken to over HTTP.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod actors_setup;
mod events;
mod facts;
mod fail_hooks;
mod failures;
mod hangs;
mod history;
mod probes;
mod process;
mod recoveries;
mod reloads;
mod running_actors;
mod scrapes;
mod shutdown;
mod waiting;
