//! The state of the cluster: objects with their history, and what else the server must remember.
//!
//! [`state`] holds all of it behind one lock; [`object_store`] is what etcd is for a real server. This module does not
//! depend on requests and answers.

pub(crate) mod access_denial;
pub(crate) mod event_log;
pub(crate) mod list_snapshot;
pub(crate) mod names;
pub(crate) mod object;
pub(crate) mod object_store;
pub(crate) mod request_log;
pub(crate) mod resource;
pub(crate) mod review;
pub(crate) mod state;
