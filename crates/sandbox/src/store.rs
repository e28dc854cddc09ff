//! What the cluster holds: objects with their history, and what the server keeps beside them.
//!
//! [`state`] is the whole of it behind one lock; [`object_store`] is the part that etcd is to a real server. This
//! room knows nothing of requests and answers.

pub(crate) mod access_denial;
pub(crate) mod list_snapshot;
pub(crate) mod names;
pub(crate) mod object;
pub(crate) mod object_store;
pub(crate) mod request_log;
pub(crate) mod resource;
pub(crate) mod state;
