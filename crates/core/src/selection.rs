//! Selects the victims of one round: candidates in a random order that a seed repeats, one victim an owner, and after
//! a refusal the other owners first.

mod candidate_index;
mod name_index;
mod picker;
mod queue;

pub use candidate_index::Register;
pub use name_index::{CROWD, Entry, Roster};
pub use picker::Choice;
pub use queue::{Lot, draw};
