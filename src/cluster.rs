//! The Kubernetes adapter: lists pods, reads one, disrupts one, and asks what is permitted.
//!
//! It sends every request by hand through [`kube::Client::send`] and reads status, headers and body itself: kube's
//! own calls drop `Retry-After` and `Warning`, its `evict` drops the delete options, and its default policy
//! repeats a refused eviction fifteen times. What an answer means is decided in [`crate::chaos::answer`].

mod ask;
mod budgets;
mod connect;
mod error;
mod pods;
mod response;
mod review;
mod wire;

pub use connect::Access;
pub use error::ClusterError;
pub use pods::Page;
pub use review::Grant;

use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};
use kube::Client;
use kube::client::Body;
use serde::Serialize;

use self::response::Response;
use self::wire::{Deletion, eviction};
use crate::chaos::answer::Answer;
use crate::chaos::outcome;
use crate::chaos::pod::PodRef;

/// A disruption's deadline: longer than the 34 s after which the API server itself gives up
/// (`requestTimeoutUpperBound`, `apiserver/pkg/endpoints/handlers/rest.go`), so that ours never hides its answer.
const DISRUPT_DEADLINE: Duration = Duration::from_secs(40);

/// A read's deadline; reads are repeated by the caller where that is safe.
const READ_DEADLINE: Duration = Duration::from_secs(30);

/// A connection to one API server. It belongs to the arbiter that made it: its worker lives and ends there.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    /// The API server's address, for errors.
    server: Arc<str>,
}

impl Cluster {
    /// Asks the API server to disrupt `pod`, and no other of its name: the UID is always a precondition.
    /// Returns whatever was answered, for [`crate::chaos::answer::classify`] to judge.
    ///
    /// # Errors
    /// No answer came: the disruption may or may not have happened.
    pub async fn disrupt(
        &self,
        pod: &PodRef,
        method: outcome::Method,
        grace_period: Option<Duration>,
    ) -> Result<Answer, ClusterError> {
        let path = pod_path(pod);
        let options = Deletion::of(pod, grace_period);
        let request = match method {
            outcome::Method::Evict => {
                let path = format!("{path}/eviction?fieldValidation=Strict");
                json(Method::POST, &path, &eviction(pod, options))
            }
            outcome::Method::Delete => json(Method::DELETE, &path, &options),
        };
        let what = || format!("{method} {pod}");
        Ok(self.send(request, DISRUPT_DEADLINE, what).await?.into_answer())
    }

    /// Sends one request and reads its answer whole, within `deadline`; `what` names it in errors.
    async fn send(
        &self,
        request: Request<Body>,
        deadline: Duration,
        what: impl Fn() -> String,
    ) -> Result<Response, ClusterError> {
        let exchange = async {
            let response = self
                .client
                .send(request)
                .await
                .map_err(|error| error::reason(&error))?;
            response::read(response).await
        };
        let why = match tokio::time::timeout(deadline, exchange).await {
            Ok(Ok(response)) => return Ok(response),
            Ok(Err(why)) => why,
            Err(_) => format!("no answer within {} s", deadline.as_secs()),
        };
        Err(ClusterError::Unreachable {
            what: what(),
            server: Arc::clone(&self.server),
            why,
        })
    }
}

fn pod_path(pod: &PodRef) -> String {
    format!("/api/v1/namespaces/{}/pods/{}", pod.namespace, pod.name)
}

fn get(path: &str) -> Request<Body> {
    request(Method::GET, path, Vec::new())
}

fn json(method: Method, path: &str, body: &impl Serialize) -> Request<Body> {
    let body = serde_json::to_vec(body).expect("a Kubernetes object serialises");
    request(method, path, body)
}

fn request(method: Method, path: &str, body: Vec<u8>) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(http::header::CONTENT_TYPE, "application/json")
        .header(http::header::ACCEPT, "application/json")
        .body(Body::from(body))
        .expect("paths are built from validated names and encoded queries")
}
