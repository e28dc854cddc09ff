//! A way to an API server in the same process, which a simulation puts in place of the network.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::sync::Arc;

use http::{Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Bytes;
use kube::Client;
use kube::client::{Body, ClientBuilder};
use tower::service_fn;

/// The body of an answer, which may be an endless stream, and may break off.
pub type InProcessBody = UnsyncBoxBody<Bytes, io::Error>;

/// The answer of a server in the same process, or the error of the connection to it.
pub type InProcessAnswer =
    Pin<Box<dyn Future<Output = Result<Response<InProcessBody>, Box<dyn Error + Send + Sync>>> + Send>>;

/// A server in the same process: it gets each request as it would be sent. Two are equal if they are the same one.
#[derive(Clone)]
pub struct InProcessServer(Arc<dyn Fn(Request<Body>) -> InProcessAnswer + Send + Sync>);

impl InProcessServer {
    /// A server that answers by `answer`.
    pub fn new(answer: impl Fn(Request<Body>) -> InProcessAnswer + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    /// A client of the server.
    pub(super) fn client(&self) -> Client {
        let server = Arc::clone(&self.0);
        let service = service_fn(move |request| server(request));
        ClientBuilder::new(service, "default").build()
    }
}

impl PartialEq for InProcessServer {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for InProcessServer {}

impl fmt::Debug for InProcessServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcessServer")
    }
}
