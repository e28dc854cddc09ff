//! The state of the cluster: its objects, the table of their kinds, and what is kept beside them.

pub(crate) mod names;
pub(crate) mod object;
pub(crate) mod object_store;
pub(crate) mod resource;
pub(crate) mod state;
