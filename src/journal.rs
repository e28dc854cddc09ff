//! Keeps the journal, in a ConfigMap or in memory; what a step is, [`macaque_core::journal`] decides.
//!
//! A [`JournalStore`] belongs to the process: where the journal is kept and by which limits. A [`JournalWriter`] belongs
//! to one incarnation of the Killer: it reads the journal, takes a step, writes it on the condition that nobody wrote
//! meanwhile, and only then lets the caller act.

mod store;
mod writer;

pub use self::store::JournalStore;
pub use self::writer::{JournalError, JournalWriter};
