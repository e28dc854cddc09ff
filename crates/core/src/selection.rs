//! Selects the victims of one round: candidates in the random order of a seed, one victim per owner, and after a
//! refusal the other owners first.

mod candidate_index;
mod compact_uid;
mod name_index;
mod node_hints;
mod pick_limit;
mod picker;
mod queue;

pub use candidate_index::CandidateIndex;
pub use name_index::{IndexedName, NameIndex, SAMPLING_THRESHOLD};
pub use node_hints::NodeHints;
pub use pick_limit::{PageSample, PickLimit};
pub use picker::VictimPicker;
pub use queue::{DrawQueue, count_owners, draw};
