//! The network between a replica and the API server, and what goes wrong on it.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::stream::unfold;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Bytes, Frame};
use kube::client::Body;
use macaque::k8s::{InProcessAnswer, InProcessBody, InProcessServer};
use serde_json::json;
use tokio::sync::oneshot;

use crate::fault::{FAULTY, Fault, Moment, RequestFault, RequestNumber};
use crate::life::LifeControl;
use crate::world::{Sender, World, is_disruption};

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The longest that a request, or its answer, travels when nothing is wrong, in microseconds.
const TRAVEL: u64 = 3_000;
/// A page that a proxy sends.
const PAGE: &str = "<html><body>Sign in to the network</body></html>";

/// The network between a replica and the API server. Clones share it.
#[derive(Clone)]
pub(crate) struct Network {
    world: World,
    replica: usize,
    faults: Arc<[Fault]>,
    sent: Arc<Mutex<SentCount>>,
    control: LifeControl,
}

/// How many requests a replica has sent, and how many of them write, disrupt a pod, or watch.
#[derive(Default)]
struct SentCount {
    all: u32,
    writes: u32,
    disruptions: u32,
    watches: u32,
}

/// A request on its way.
struct Exchange {
    network: Network,
    /// Its numbers: among all requests, and among those of its kinds.
    numbers: Vec<RequestNumber>,
    fault: Option<RequestFault>,
    is_watch: bool,
    what: String,
}

impl SentCount {
    /// The numbers of a request, which is the next.
    fn count<B>(&mut self, request: &Request<B>) -> Vec<RequestNumber> {
        let next = |count: &mut u32| std::mem::replace(count, *count + 1);
        let mut numbers = vec![RequestNumber::Overall(next(&mut self.all))];
        if request.method() != Method::GET {
            numbers.push(RequestNumber::Write(next(&mut self.writes)));
        }
        if is_disruption(request) {
            numbers.push(RequestNumber::Disruption(next(&mut self.disruptions)));
        }
        let query = request.uri().query().unwrap_or_default();
        if query.contains("watch=true") {
            numbers.push(RequestNumber::Watch(next(&mut self.watches)));
        }
        numbers
    }
}

impl Network {
    pub(crate) fn new(world: &World, replica: usize, faults: Arc<[Fault]>, control: LifeControl) -> Self {
        Self {
            world: world.clone(),
            replica,
            faults,
            sent: Arc::default(),
            control,
        }
    }

    /// The server at the other end, for the replica's client.
    pub(crate) fn server(&self) -> InProcessServer {
        let network = self.clone();
        InProcessServer::new(move |request| network.exchange(request))
    }

    /// Sends a request. What was sent arrives, whether the client waits for the answer or not.
    fn exchange(&self, request: Request<Body>) -> InProcessAnswer {
        let exchange = self.begin(&request);
        let (sender, answer) = oneshot::channel();
        tokio::spawn(async move {
            let answer = exchange.carry(request).await;
            // The client may be gone.
            let _ = sender.send(answer);
        });
        Box::pin(async {
            match answer.await {
                Ok(Some(answer)) => answer,
                // Nothing is heard of the request.
                Ok(None) | Err(_) => std::future::pending().await,
            }
        })
    }

    fn begin(&self, request: &Request<Body>) -> Exchange {
        let numbers = self.sent.lock().unwrap().count(request);
        let is_watch = numbers
            .iter()
            .any(|number| matches!(number, RequestNumber::Watch(_)));
        let is_faulty = self.world.elapsed() < FAULTY;
        let fault = self.faults.iter().find_map(|fault| match *fault {
            Fault::Request(replica, at, fault) if replica == self.replica => {
                numbers.contains(&at).then_some(fault)
            }
            _ => None,
        });
        let fault = fault.filter(|fault| is_faulty && !(is_watch && fault.spares_watches()));
        if let Some(fault) = fault {
            self.world.note_fault(fault.kind());
        }
        Exchange {
            network: self.clone(),
            numbers,
            fault,
            is_watch,
            what: format!("{} {}", request.method(), request.uri()),
        }
    }
}

impl Exchange {
    /// Carries the request to the server and its answer back; `None` if nothing is heard of it.
    async fn carry(self, request: Request<Body>) -> Option<Result<Response<InProcessBody>, BoxError>> {
        let (head, body) = request.into_parts();
        let body = body
            .collect()
            .await
            .map(|body| body.to_bytes().to_vec())
            .unwrap_or_default();
        let request = || {
            let mut request = Request::builder()
                .method(head.method.clone())
                .uri(head.uri.clone());
            if let Some(headers) = request.headers_mut() {
                headers.clone_from(&head.headers);
            }
            request.body(body.clone()).unwrap()
        };
        let replica = self.network.replica;
        let world = &self.network.world;

        self.pass(Moment::Sent);
        self.travel().await;
        match self.fault {
            Some(RequestFault::LostBefore) => return self.lost("before the server got it"),
            Some(RequestFault::SilentBefore) => return self.silent("before the server got it"),
            Some(RequestFault::Code(code)) => return Some(Ok(self.error(code, "before the server acted"))),
            Some(RequestFault::YesAlone) => return Some(Ok(self.yes_alone())),
            Some(RequestFault::ActsLater(after)) => {
                let later = self.network.world.clone();
                let request = request();
                let what = self.what.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(Duration::from_millis(after)).await;
                    let answer = later.act(Sender::Replica(replica), request);
                    later.tell(|| format!("replica {replica}: {what}: late: {}", answer.status()));
                });
                return self.lost("and will be acted on");
            }
            _ => {}
        }
        if world.is_away() {
            return self.lost("as the server is away");
        }

        let answer = world.act(Sender::Replica(replica), request());
        world.tell(|| format!("replica {replica}: {}: {}", self.what, answer.status()));
        self.pass(Moment::Acted);
        // Who sends a request again has seen no answer; a refusal is one.
        if let Some(RequestFault::Twice(after)) = self.fault
            && head.method != Method::GET
            && answer.status().is_success()
        {
            let again = self.network.world.clone();
            let request = request();
            let what = self.what.clone();
            tokio::spawn(async move {
                tokio::time::sleep(Duration::from_millis(after)).await;
                let answer = again.act(Sender::Replica(replica), request);
                again.tell(|| format!("replica {replica}: {what}: again: {}", answer.status()));
            });
        }
        self.travel().await;
        self.deliver(answer).await
    }

    /// Lets the replica fail if it is to at this moment of the request.
    fn pass(&self, moment: fn(RequestNumber) -> Moment) {
        if self.network.world.elapsed() < FAULTY {
            let control = &self.network.control;
            for number in &self.numbers {
                control.pass(moment(*number));
            }
        }
    }

    /// Delivers the answer of the server, as far as nothing is wrong.
    async fn deliver(
        &self,
        answer: Response<kube_sandbox::ResponseBody>,
    ) -> Option<Result<Response<InProcessBody>, BoxError>> {
        let whole = |answer: Response<kube_sandbox::ResponseBody>| {
            answer.map(|body| body.map_err(|never: Infallible| match never {}).boxed_unsync())
        };
        let world = &self.network.world;
        match self.fault {
            Some(RequestFault::LostAfter) => self.lost("after the server acted"),
            Some(RequestFault::SilentAfter) => self.silent("after the server acted"),
            Some(RequestFault::CodeAfter(code)) => Some(Ok(self.error(code, "after the server acted"))),
            Some(RequestFault::Page) => Some(Ok(page())),
            Some(RequestFault::Garbage) => {
                world.tell(|| format!("{}: the answer is garbage", self.what));
                Some(Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "invalid HTTP version parsed",
                )
                .into()))
            }
            Some(RequestFault::Truncated) => {
                world.tell(|| format!("{}: the answer is truncated", self.what));
                let (head, body) = answer.into_parts();
                let bytes = body
                    .collect()
                    .await
                    .map(|body| body.to_bytes())
                    .unwrap_or_default();
                let half = bytes.slice(..bytes.len() / 2);
                let frames = [Ok(Frame::data(half)), Err(reset())];
                let body = StreamBody::new(futures_util::stream::iter(frames)).boxed_unsync();
                Some(Ok(Response::from_parts(head, body)))
            }
            _ if self.is_watch => {
                let (after, is_cut) = match self.fault {
                    Some(RequestFault::WatchCut(after)) => (after, true),
                    Some(RequestFault::WatchSilent(after)) => (after, false),
                    _ => return Some(Ok(whole(answer))),
                };
                let end = tokio::time::Instant::now() + Duration::from_millis(after);
                let frames = unfold(Some(whole(answer).into_body()), move |body| async move {
                    let mut body = body?;
                    tokio::select! {
                        biased;
                        () = tokio::time::sleep_until(end) => {
                            if !is_cut {
                                std::future::pending::<()>().await;
                            }
                            Some((Err(reset()), None))
                        }
                        frame = body.frame() => frame.map(|frame| (frame, Some(body))),
                    }
                });
                let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                Some(Ok(response))
            }
            _ => Some(Ok(whole(answer))),
        }
    }

    async fn travel(&self) {
        let travel = Duration::from_micros(100 + self.network.world.draw(TRAVEL));
        let slow = match self.fault {
            Some(RequestFault::Slow(milliseconds)) => Duration::from_millis(milliseconds),
            _ => Duration::ZERO,
        };
        tokio::time::sleep(travel + slow).await;
    }

    fn lost(&self, when: &str) -> Option<Result<Response<InProcessBody>, BoxError>> {
        self.network
            .world
            .tell(|| format!("replica {}: {}: lost {when}", self.network.replica, self.what));
        Some(Err(reset().into()))
    }

    fn silent(&self, when: &str) -> Option<Result<Response<InProcessBody>, BoxError>> {
        self.network
            .world
            .tell(|| format!("replica {}: {}: silence {when}", self.network.replica, self.what));
        None
    }

    fn yes_alone(&self) -> Response<InProcessBody> {
        self.network.world.tell(|| {
            format!(
                "replica {}: {}: yes, and nothing was done",
                self.network.replica, self.what
            )
        });
        let status = json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success" });
        text(200, "application/json", status.to_string())
    }

    fn error(&self, code: u16, when: &str) -> Response<InProcessBody> {
        self.network
            .world
            .tell(|| format!("replica {}: {}: {code} {when}", self.network.replica, self.what));
        let (reason, message) = match code {
            401 => ("Unauthorized", "Unauthorized"),
            403 => (
                "Forbidden",
                "forbidden: User \"macaque\" cannot do this in the namespace",
            ),
            409 => (
                "Conflict",
                "the object has been modified; please apply your changes to the latest version",
            ),
            429 => ("TooManyRequests", "too many requests, please try again later"),
            504 => (
                "Timeout",
                "the server was unable to return a response in the time allotted",
            ),
            503 => (
                "ServiceUnavailable",
                "the server is currently unable to handle the request",
            ),
            _ => ("InternalError", "etcdserver: request timed out"),
        };
        let status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
            "reason": reason, "code": code,
        });
        let mut response = text(code, "application/json", status.to_string());
        if code == 429 {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

fn page() -> Response<InProcessBody> {
    text(200, "text/html", PAGE.to_owned())
}

fn text(code: u16, content_type: &'static str, text: String) -> Response<InProcessBody> {
    let body = http_body_util::Full::new(Bytes::from(text));
    let body = body.map_err(|never: Infallible| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(code).unwrap();
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

fn reset() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by peer")
}
