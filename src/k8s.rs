//! The Kubernetes adapter: lists pods, reads one, disrupts one, and asks what is permitted.
//!
//! It sends every request by hand through [`kube::Client::send`] and reads status, headers and body itself: kube's
//! own calls drop `Retry-After` and `Warning`, its `evict` drops the delete options, and its default policy
//! repeats a refused eviction fifteen times. What an answer means is decided in [`macaque_core::verdict`].

mod access_review;
mod budgets;
mod clock_skew;
mod config_map;
mod connect;
mod credentials;
mod dry_run;
mod error;
mod name_list;
mod pods;
mod response;
mod wire;

pub use config_map::{JournalConfigMap, WriteResult};
pub use connect::{ClusterAccess, RequestDeadlines};
pub use error::ApiError;
pub use name_list::NamePage;
pub(crate) use pods::describe_list;
pub use pods::{PageCursor, PodPage};

use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

use http::{Method, Request};
use jiff::SignedDuration;
use kube::Client;
use kube::client::Body;
use macaque_core::outcome;
use macaque_core::pod::PodRef;
use macaque_core::verdict::ApiAnswer;
use serde::Serialize;

use self::response::ApiResponse;
use self::wire::{DeletionOptions, eviction};
use crate::heartbeat::Heartbeat;
use crate::platform::Platform;

/// A connection to one API server. It belongs to the arbiter that made it: its worker lives and ends there.
pub struct Cluster {
    access: ClusterAccess,
    platform: Platform,
    client: RefCell<Client>,
    /// How far this machine's clock is ahead of the server's, by the last answer.
    skew: Cell<Option<SignedDuration>>,
    /// Whether an exchange failed: the configuration may have changed, a certificate authority rotated.
    stale: Cell<bool>,
    /// Who is told that something is going on.
    heartbeat: Option<Heartbeat>,
    /// The API server's address, for errors.
    server: Arc<str>,
}

/// One request, which may have to be sent twice.
struct ApiRequest {
    method: Method,
    path: String,
    content_type: &'static str,
    accept: &'static str,
    /// A list of which so many items remain after the page is read no further than its head.
    glance: Option<usize>,
    body: Vec<u8>,
}

const JSON: &str = "application/json";

impl Cluster {
    /// Asks the API server to disrupt `pod`, and no other of its name: the UID is always a precondition.
    /// Returns whatever was answered, for [`macaque_core::verdict::classify`] to judge.
    ///
    /// # Errors
    /// No answer came: the disruption may or may not have happened.
    pub async fn disrupt(
        &self,
        pod: &PodRef,
        method: outcome::DisruptionMethod,
        grace_period: Option<Duration>,
    ) -> Result<ApiAnswer, ApiError> {
        let path = pod_path(pod);
        let options = DeletionOptions::of(pod, grace_period);
        let request = match method {
            outcome::DisruptionMethod::Evict => {
                let path = format!("{path}/eviction?fieldValidation=Strict");
                json(Method::POST, &path, &eviction(pod, options))
            }
            outcome::DisruptionMethod::Delete => json(Method::DELETE, &path, &options),
        };
        let what = || format!("{method} {pod}");
        Ok(self
            .send(request, self.access.deadlines.disrupt, what)
            .await?
            .into_answer())
    }

    /// Reports each exchange as progress to `heartbeat`.
    pub fn with_heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = Some(heartbeat);
        self
    }

    /// How far this machine's clock is ahead of the API server's, behind if negative, by its last answer; `None`
    /// while no answer told the time.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.skew.get()
    }

    /// Sends one request and reads its answer whole, within `deadline`; `what` names it in errors.
    ///
    /// A token may have expired since it was read. A 401 proves that nothing was done, so the credentials are read
    /// afresh and the request is sent once more, whatever it asks for.
    async fn send(
        &self,
        call: ApiRequest,
        deadline: Duration,
        what: impl Fn() -> String,
    ) -> Result<ApiResponse, ApiError> {
        if self.stale.get() {
            self.connect_afresh().await?;
        }
        let response = self.exchange(&call, deadline, &what).await;
        if !response.as_ref().is_ok_and(ApiResponse::is_unauthorized) {
            self.stale.set(response.is_err());
            return response;
        }
        self.connect_afresh().await?;
        self.exchange(&call, deadline, &what).await
    }

    /// Reads the configuration and its credentials again, as they are now.
    async fn connect_afresh(&self) -> Result<(), ApiError> {
        let (fresh, _) = connect::client(&self.access).await?;
        self.client.replace(fresh);
        self.stale.set(false);
        Ok(())
    }

    async fn exchange(
        &self,
        call: &ApiRequest,
        deadline: Duration,
        what: &impl Fn() -> String,
    ) -> Result<ApiResponse, ApiError> {
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.progress();
        }

        // Cloned out of its cell: nothing stays borrowed over an await.
        let client = self.client.borrow().clone();
        let exchange = async {
            let sent = self.platform.now();
            let sending = client.send(call.request()).await;
            let response = sending.map_err(|error| error::reason(&error))?;
            if let Some(skew) = clock_skew::of(response.headers(), sent, self.platform.now()) {
                self.skew.set(Some(skew));
            }
            response::read(response, call.glance).await
        };

        let why = match self.platform.within(deadline, exchange).await {
            Some(Ok(response)) => return Ok(response),
            Some(Err(why)) => why,
            None => format!("no answer within {} s", deadline.as_secs()),
        };

        Err(ApiError::Unreachable {
            what: what(),
            server: Arc::clone(&self.server),
            why,
        })
    }
}

fn pod_path(pod: &PodRef) -> String {
    format!("/api/v1/namespaces/{}/pods/{}", pod.namespace, pod.name)
}

fn get(path: &str) -> ApiRequest {
    ApiRequest {
        method: Method::GET,
        path: path.to_owned(),
        content_type: JSON,
        accept: JSON,
        glance: None,
        body: Vec::new(),
    }
}

fn json(method: Method, path: &str, body: &impl Serialize) -> ApiRequest {
    let body = serde_json::to_vec(body).expect("a Kubernetes object serialises");
    ApiRequest {
        method,
        path: path.to_owned(),
        content_type: JSON,
        accept: JSON,
        glance: None,
        body,
    }
}

impl ApiRequest {
    fn request(&self) -> Request<Body> {
        let request = Request::builder()
            .method(&self.method)
            .uri(&self.path)
            .header(http::header::CONTENT_TYPE, self.content_type)
            .header(http::header::ACCEPT, self.accept);
        // Only reads have long answers; the API server compresses those above 128 KiB.
        let request = match self.method {
            Method::GET => request.header(http::header::ACCEPT_ENCODING, "gzip"),
            _ => request,
        };
        request
            .body(Body::from(self.body.clone()))
            .expect("paths are built from validated names and encoded queries")
    }
}
