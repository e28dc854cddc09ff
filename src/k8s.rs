//! The Kubernetes adapter: lists, reads and disrupts pods, writes Events, and checks permissions.
//!
//! Requests are sent through [`kube::Client::send`], and status, headers and body are read here, because kube's own
//! calls drop `Retry-After` and `Warning`, its `evict` drops the delete options, and its default policy retries a
//! refused eviction fifteen times. [`macaque_core::verdict`] decides what an answer means.

mod access_review;
mod budgets;
mod clock_skew;
mod config_map;
mod connect;
mod dry_run;
mod error;
mod events;
mod field_owner;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod history_config_map;
mod journal_config_map;
mod key_list;
mod name_list;
mod namespaces;
mod nodes;
mod optional_read;
mod pods;
mod read_progress;
mod request_kind;
mod resource;
mod response;
mod watch;
mod wire;
mod workload;

pub use config_map::WriteResult;
pub use connect::{
    ClusterAccess, ConnectionFault, ContextNamespace, InProcessAnswer, InProcessBody, InProcessServer,
    RequestDeadlines,
};
pub use error::{AccessFault, ApiError};
pub use events::EventWrite;
pub use history_config_map::{HISTORY_KEY, HistoryConfigMap};
pub use journal_config_map::{JournalConfigMap, PauseAnnotations};
pub use key_list::{KeyedResource, KeysPage, NamedKeys};
pub use name_list::NamePage;
pub use namespaces::FoundNamespace;
pub use optional_read::OptionalRead;
pub(crate) use pods::describe_list;
pub use pods::{ListFilter, PageCursor, PodPage};
pub use read_progress::ReadProgress;
pub use watch::{PodWatch, WatchEnd, WatchEvent};
pub use wire::WorkloadScale;
pub use workload::WorkloadRef;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, USER_AGENT};
use http::{HeaderValue, Method, Request};
use jiff::Timestamp;
use kube::client::Body;
use macaque_core::outcome;
use macaque_core::pod::PodRef;
use macaque_core::schedule::timer::ClockReading;
use macaque_core::verdict::ApiAnswer;
use serde::Serialize;
use tokio::sync::Semaphore;

use self::access_review::KnownPermissions;
use self::clock_skew::ServerClock;
use self::connect::Connection;
use self::optional_read::RefusedReads;
use self::request_kind::RequestKind;
use self::resource::KnownResources;
use self::response::ApiResponse;
use self::wire::{DeletionOptions, eviction};
use crate::facts::{Fact, Facts};
use crate::heartbeat::Heartbeat;
use crate::platform::Platform;

/// A connection to one API server, bound to the Arbiter that created it, on which its background task runs.
pub struct Cluster {
    access: ClusterAccess,
    platform: Platform,
    connection: RefCell<Rc<Connection>>,
    /// What the server's clock showed, according to the last answer.
    server_clock: Cell<Option<ServerClock>>,
    /// What this machine's clocks showed before the request of that answer.
    asked_for_time: Cell<Option<ClockReading>>,
    /// Whether the last request failed, so that the configuration, e.g. the certificate authority, may be out of date.
    stale: Cell<bool>,
    /// The slot of the round that requests are sent for.
    round: Cell<Option<Timestamp>>,
    /// The heartbeat to which requests report progress.
    heartbeat: Option<Heartbeat>,
    /// How far it has come with what it reads.
    progress: ReadProgress,
    /// Where what becomes of requests is published.
    facts: Facts,
    /// The resources of the APIs that were asked for, by API version.
    resources: RefCell<BTreeMap<String, KnownResources>>,
    /// The resources that macaque may not read and does without.
    refused: RefCell<RefusedReads>,
    /// What the API server said of permissions not long ago.
    permissions: RefCell<KnownPermissions>,
    /// Lets [`MOST_REQUESTS`] run at once; the others wait for their turn.
    turns: Semaphore,
}

/// A request, in a form that can be sent twice.
struct ApiRequest {
    method: Method,
    path: String,
    content_type: &'static str,
    accept: &'static str,
    /// If more than this many items remain after the page, only the head of the list is read.
    max_following: Option<usize>,
    /// Whether the answer may be compressed.
    compressed: bool,
    body: Vec<u8>,
}

const JSON: &str = "application/json";

/// How many requests run at once. Each has a connection, which takes about 100 KiB of memory here, and more on the server.
const MOST_REQUESTS: usize = 16;

impl Cluster {
    /// Asks the API server to disrupt `pod`. The UID is always a precondition, so no other pod of that name is
    /// disrupted. Returns the answer for [`macaque_core::verdict::classify`] to judge.
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
                json(Method::POST, &path, &eviction(pod, options, self.round.get()))
            }
            outcome::DisruptionMethod::Delete => json(Method::DELETE, &path, &options),
        };
        let what = || format!("{method} {pod}");
        Ok(self
            .send(request, self.access.deadlines.disrupt, what)
            .await?
            .into_answer())
    }

    /// Makes each request report progress to `heartbeat`.
    pub fn with_heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.heartbeat = Some(heartbeat);
        self
    }

    /// Makes requests name the round of `slot`, or none, as what they are sent for: audit logs show the User-Agent, and
    /// admission webhooks the annotations of an eviction.
    pub fn set_round(&self, slot: Option<Timestamp>) {
        self.round.set(slot);
    }

    /// The User-Agent: the version, and the round.
    fn user_agent(&self) -> String {
        let version = concat!("macaque/", env!("CARGO_PKG_VERSION"));
        match self.round.get() {
            Some(slot) => format!("{version} (round {slot})"),
            None => version.to_owned(),
        }
    }

    /// Publishes each request that ends to `facts`.
    pub fn with_facts(mut self, facts: Facts) -> Self {
        self.facts = facts;
        self
    }

    /// The time by this machine's clock.
    pub fn now(&self) -> Timestamp {
        self.platform.now()
    }

    /// What this machine's clocks showed before the request whose answer last showed the server's time; what they show now
    /// if none did. The machine may have slept since, even before it read the answer.
    pub fn asked_for_time(&self) -> ClockReading {
        self.asked_for_time
            .get()
            .unwrap_or_else(|| self.platform.reading())
    }

    /// Sends a request and reads the whole answer within `deadline`; `what` describes the request in errors.
    async fn send(
        &self,
        call: ApiRequest,
        deadline: Duration,
        what: impl Fn() -> String,
    ) -> Result<ApiResponse, ApiError> {
        let exchange = async || self.exchange(&call, deadline, &what).await;
        self.with_credentials(exchange, ApiResponse::is_unauthorized)
            .await
    }

    /// Makes an `exchange` with the API server. After a 401, reads the credentials again and makes it once more, because
    /// the token may have expired. Repeating is safe for every request: a 401 proves that nothing was done.
    async fn with_credentials<T>(
        &self,
        exchange: impl AsyncFn() -> Result<T, ApiError>,
        is_unauthorized: impl Fn(&T) -> bool,
    ) -> Result<T, ApiError> {
        if self.stale.get() || self.has_ended_credentials() {
            Box::pin(self.reconnect(None)).await?;
        }

        // Boxed, because it is large, and part of the futures of all that send requests.
        let response = Box::pin(exchange()).await;
        if !response.as_ref().is_ok_and(is_unauthorized) {
            self.stale.set(response.is_err());
            return response;
        }

        let rejected = self.connection.borrow().credentials.plugin_run;
        Box::pin(self.reconnect(rejected)).await?;
        Box::pin(exchange()).await
    }

    fn report_progress(&self) {
        if let Some(heartbeat) = &self.heartbeat {
            heartbeat.progress();
        }
    }

    /// Whether the credentials are about to end, and must be obtained again.
    fn has_ended_credentials(&self) -> bool {
        let end = self.connection.borrow().credentials.renew_at;
        end.is_some_and(|end| end <= self.platform.now())
    }

    /// Reads the configuration and the credentials again, and replaces the connection. What the run `rejected` of a
    /// credentials command printed is not used again.
    async fn reconnect(&self, rejected: Option<u64>) -> Result<(), ApiError> {
        // A credentials command may take as long as a request.
        self.report_progress();
        let fresh = connect::open(&self.access, rejected, &self.platform).await?;
        self.connection.replace(Rc::new(fresh));
        self.stale.set(false);
        Ok(())
    }

    /// Sends a request once, and reads its answer.
    async fn exchange(
        &self,
        call: &ApiRequest,
        deadline: Duration,
        what: &impl Fn() -> String,
    ) -> Result<ApiResponse, ApiError> {
        let read = async |response, _, authorization| {
            response::read(response, authorization, call.max_following).await
        };
        self.exchange_with(call, deadline, what, read).await
    }

    /// Sends a request once, and reads its answer by `read`, which also gets the server's address and what the request
    /// was authorized by.
    async fn exchange_with<T>(
        &self,
        call: &ApiRequest,
        deadline: Duration,
        what: &impl Fn() -> String,
        read: impl AsyncFnOnce(http::Response<Body>, Arc<str>, Option<HeaderValue>) -> Result<T, ConnectionFault>,
    ) -> Result<T, ApiError> {
        // The semaphore is never closed.
        let _turn = self.turns.acquire().await.ok();
        self.report_progress();
        self.progress.add_request();
        // Cloned, so that the cell is not borrowed across an await.
        let connection = Rc::clone(&self.connection.borrow());
        let authorization = connection.credentials.header(&self.platform);
        let request = call.request(&self.user_agent(), authorization.clone());
        // No object has a name that does not fit into a path; an edited journal may hold such a name.
        let request = request.map_err(|_| ApiError::NotFound { what: what() })?;
        let begun = self.platform.monotonic();
        let asked = self.platform.reading();
        let status = Cell::new(None);
        let exchange = async {
            let sending = connection.client.send(request).await;
            let response = sending.map_err(|error| ConnectionFault::of(&error))?;
            status.set(Some(response.status().as_u16()));
            self.compare_clocks(response.headers(), begun, asked);
            read(response, Arc::clone(&connection.server), authorization).await
        };

        let ended = self.platform.within(deadline, exchange).await;
        let RequestKind { verb, resource } = RequestKind::of(&call.method, &call.path);
        self.facts.publish(Fact::RequestEnded {
            verb,
            resource,
            code: status.get().filter(|_| matches!(ended, Some(Ok(_)))),
            took: self.platform.monotonic() - begun,
        });

        let why = match ended {
            Some(Ok(read)) => return Ok(read),
            Some(Err(why)) => why,
            None => ConnectionFault::NoAnswer(deadline),
        };

        Err(ApiError::Unreachable {
            what: what(),
            server: Arc::clone(&connection.server),
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
        max_following: None,
        compressed: true,
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
        max_following: None,
        compressed: false,
        body,
    }
}

impl ApiRequest {
    fn request(
        &self,
        user_agent: &str,
        authorization: Option<HeaderValue>,
    ) -> Result<Request<Body>, http::Error> {
        let mut request = Request::builder()
            .method(&self.method)
            .uri(&self.path)
            .header(USER_AGENT, user_agent)
            .header(http::header::CONTENT_TYPE, self.content_type)
            .header(http::header::ACCEPT, self.accept);
        if let Some(authorization) = authorization {
            request = request.header(AUTHORIZATION, authorization);
        }

        // Only reads have long answers; the API server compresses those above 128 KiB.
        if self.compressed {
            request = request.header(http::header::ACCEPT_ENCODING, "gzip");
        }
        request.body(Body::from(self.body.clone()))
    }
}
