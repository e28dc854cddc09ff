//! The forms in which an API server is spoken to and answers: requests, routes, replies, statuses, tables.

pub(crate) mod protobuf;
pub(crate) mod reply;
pub(crate) mod representation;
pub(crate) mod request;
pub(crate) mod route;
pub(crate) mod status_error;
pub(crate) mod table;
