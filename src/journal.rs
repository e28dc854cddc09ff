//! Stores the journal in a ConfigMap or in memory; [`macaque_core::journal`] decides what each step does.
//!
//! A [`JournalStore`] belongs to the process: it knows where the journal is stored and which limits apply. A
//! [`JournalWriter`] belongs to one incarnation of the Killer: it reads the journal, takes a step, writes the result on
//! condition that the ConfigMap has not changed, and only then lets the caller act.

mod store;
mod writer;

pub use self::store::JournalStore;
pub use self::writer::{JournalError, JournalWriter, missing, unusable};
