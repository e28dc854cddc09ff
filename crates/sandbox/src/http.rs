//! The HTTP side: connections, TLS, the bytes of requests and answers, and streaming watches.

pub(crate) mod response;
pub(crate) mod server;
pub(crate) mod tls;
mod watch_stream;
