//! HTTP: connections, the bytes of requests and the bytes of answers.

pub(crate) mod server;
