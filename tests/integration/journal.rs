//! Promises of the journal, kept on a ConfigMap over HTTP: nothing is disrupted that was not written down before, by
//! no replica and after no restart, and a journal in doubt disrupts nothing.

mod damage;
mod facts;
pub(crate) mod fixture;
mod interruptions;
mod limits;
mod notices;
mod outages;
mod pauses;
mod replicas;
mod strikes;
