//! HTTP: connections, the bytes of requests and answers, and the waiting that watches need.

mod response;
pub(crate) mod server;
mod watch_stream;
