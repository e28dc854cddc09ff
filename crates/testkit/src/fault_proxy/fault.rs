//! Faults, the requests that they apply to, and what each does to an exchange.

use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::{Exchange, ProxyRequest, ProxyResponse, ProxyState, Relay};

/// A change of a request on its way to the server.
type RequestEdit = Arc<dyn Fn(&mut ProxyRequest) + Send + Sync>;

/// A change of an answer on its way to the client.
type ResponseEdit = Arc<dyn Fn(&mut ProxyResponse) + Send + Sync>;

/// What is done to an exchange.
#[derive(Clone)]
pub enum Fault {
    /// The connection breaks before the server gets the request.
    DropBefore,
    /// The server acts, and the connection breaks before its answer.
    DropAfter,
    /// The connection breaks at once, and the server gets the request after this time.
    ActLate(Duration),
    /// The server never gets the request, and the connection breaks after this time.
    Stall(Duration),
    /// The server gets the request after this time, and its answer is passed on.
    Delay(Duration),
    /// The proxy answers in place of the server, which never gets the request.
    Answer(ProxyResponse),
    /// The server acts, and the proxy gives this answer in place of its own.
    AnswerAfter(ProxyResponse),
    /// The server acts, and the connection breaks after half of its answer's body.
    Truncate,
    /// The answer comes byte by byte, with this pause after each.
    Throttle(Duration),
    /// The request and the answer are changed on their way.
    Rewrite(Rewrite),
    /// The answer is passed on as it comes, and after this time the connection breaks.
    CutStream(Duration),
    /// The answer is passed on as it comes, and after this time nothing more of it, while the connection stays open.
    MuteStream(Duration),
    /// A hook runs just before the server gets the request; it may block.
    Meanwhile(Arc<dyn Fn() + Send + Sync>),
}

/// The changes of [`Fault::Rewrite`].
#[derive(Clone, Default)]
pub struct Rewrite {
    request: Option<RequestEdit>,
    response: Option<ResponseEdit>,
}

/// The requests that a fault applies to, by a part of their first line, `POST /path?query`. A text alone is every
/// request whose line contains it.
#[derive(Debug, Clone)]
pub struct RequestMatch {
    part: String,
    skip: usize,
    times: usize,
}

/// One injected fault.
pub(super) enum FaultRule {
    Fixed { matching: RequestMatch, fault: Fault },
    Chosen(FaultChoice),
}

/// A test's own choice of a fault for each request.
pub(super) type FaultChoice = Box<dyn FnMut(&ProxyRequest) -> Option<Fault> + Send>;

impl Fault {
    /// The request is changed on its way to the server.
    pub fn rewrite_request(edit: impl Fn(&mut ProxyRequest) + Send + Sync + 'static) -> Self {
        Self::Rewrite(Rewrite::default().request(edit))
    }

    /// The server's answer is changed on its way to the client.
    pub fn rewrite_response(edit: impl Fn(&mut ProxyResponse) + Send + Sync + 'static) -> Self {
        Self::Rewrite(Rewrite::default().response(edit))
    }

    /// The server's answer is passed on with this header set.
    pub fn header(name: &'static str, value: &str) -> Self {
        let value = value.to_owned();
        Self::rewrite_response(move |response| {
            *response = std::mem::take(response).with_header(name, &value);
        })
    }

    /// The server's answer is passed on as if its clock showed this.
    pub fn date(time: Timestamp) -> Self {
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&time);
        Self::header("date", &date.expect("a time of this millennium"))
    }

    /// `hook` runs just before the server gets the request; it may block.
    pub fn meanwhile(hook: impl Fn() + Send + Sync + 'static) -> Self {
        Self::Meanwhile(Arc::new(hook))
    }

    /// Whether the answer is passed on as it comes.
    pub(super) fn is_of_stream(&self) -> bool {
        matches!(self, Self::CutStream(_) | Self::MuteStream(_))
    }

    /// Whether the answer, or its absence, is the proxy's doing.
    fn injects(&self) -> bool {
        match self {
            Self::Meanwhile(_) | Self::Delay(_) | Self::Throttle(_) => false,
            Self::Rewrite(rewrite) => rewrite.response.is_some(),
            _ => true,
        }
    }
}

impl Rewrite {
    /// The rewrite that changes the request so.
    pub fn request(mut self, edit: impl Fn(&mut ProxyRequest) + Send + Sync + 'static) -> Self {
        self.request = Some(Arc::new(edit));
        self
    }

    /// The rewrite that changes the answer so.
    pub fn response(mut self, edit: impl Fn(&mut ProxyResponse) + Send + Sync + 'static) -> Self {
        self.response = Some(Arc::new(edit));
        self
    }
}

impl RequestMatch {
    /// Every request whose first line contains `part`.
    pub fn containing(part: impl Into<String>) -> Self {
        Self {
            part: part.into(),
            skip: 0,
            times: usize::MAX,
        }
    }

    /// The first such request only.
    pub fn once(self) -> Self {
        self.times(1)
    }

    /// So many such requests, and no more.
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Not the first `skip` of them.
    pub fn skipping(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// Whether the fault applies to `request`, which is counted.
    fn applies(&mut self, request: &ProxyRequest) -> bool {
        if self.times == 0 || !request.line().contains(&self.part) {
            return false;
        }

        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }

        self.times -= 1;
        true
    }
}

impl From<&str> for RequestMatch {
    fn from(part: &str) -> Self {
        Self::containing(part)
    }
}

impl FaultRule {
    /// One fault for the requests that match.
    pub(super) fn fixed(matching: RequestMatch, fault: Fault) -> Self {
        Self::Fixed { matching, fault }
    }

    /// The fault for this request, if the rule applies.
    pub(super) fn apply(&mut self, request: &ProxyRequest) -> Option<Fault> {
        match self {
            Self::Fixed { matching, fault } => matching.applies(request).then(|| fault.clone()),
            Self::Chosen(choose) => choose(request),
        }
    }
}

impl Relay {
    /// What the client is answered; `None` is a connection that breaks.
    pub(super) async fn answer(
        &self,
        fault: Option<&Fault>,
        mut request: ProxyRequest,
    ) -> Option<ProxyResponse> {
        let Some(fault) = fault else {
            return (self.upstream)(request).await;
        };
        match fault {
            Fault::DropBefore => None,
            Fault::DropAfter => {
                (self.upstream)(request).await;
                None
            }
            Fault::ActLate(time) => {
                let relay = self.clone();
                let time = *time;
                tokio::spawn(async move {
                    tokio::time::sleep(time).await;
                    (relay.upstream)(request).await
                });
                None
            }
            Fault::Stall(time) => {
                tokio::time::sleep(*time).await;
                None
            }
            Fault::Delay(time) => {
                tokio::time::sleep(*time).await;
                (self.upstream)(request).await
            }
            Fault::Answer(response) => Some(response.clone()),
            Fault::AnswerAfter(response) => {
                (self.upstream)(request).await;
                Some(response.clone())
            }
            Fault::Truncate | Fault::Throttle(_) | Fault::CutStream(_) | Fault::MuteStream(_) => {
                (self.upstream)(request).await
            }
            Fault::Rewrite(rewrite) => {
                if let Some(edit) = &rewrite.request {
                    edit(&mut request);
                }
                let mut response = (self.upstream)(request).await?;
                if let Some(edit) = &rewrite.response {
                    edit(&mut response);
                }
                Some(response)
            }
            Fault::Meanwhile(hook) => {
                hook();
                (self.upstream)(request).await
            }
        }
    }

    /// Records a request; its number is what its answer is recorded by.
    pub(super) fn record(&self, request: &ProxyRequest, fault: Option<&Fault>) -> Option<usize> {
        let mut state = self.state();
        if !state.records {
            return None;
        }

        state.exchanges.push(Exchange {
            request: request.clone(),
            response: None,
            injected: fault.is_some_and(Fault::injects),
        });
        Some(state.taken + state.exchanges.len() - 1)
    }

    /// Records the answer to the request of this number, unless that was taken before.
    pub(super) fn record_answer(&self, number: usize, response: &ProxyResponse) {
        let mut state = self.state();
        let index = number.checked_sub(state.taken);
        if let Some(exchange) = index.and_then(|index| state.exchanges.get_mut(index)) {
            exchange.response = Some(response.clone());
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, ProxyState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes an answer, truncated or slowly where the fault says so.
pub(super) async fn write(
    client: &mut TcpStream,
    fault: Option<&Fault>,
    response: &ProxyResponse,
) -> Option<()> {
    let mut bytes = response.head().into_bytes();
    let head = bytes.len();
    if response.has_body() {
        bytes.extend(&response.body);
    }

    match fault {
        Some(Fault::Truncate) => {
            let half = (head + bytes.len()) / 2;
            client.write_all(&bytes[..half]).await.ok()
        }
        Some(Fault::Throttle(pause)) => {
            for byte in bytes {
                client.write_all(&[byte]).await.ok()?;
                tokio::time::sleep(*pause).await;
            }
            Some(())
        }
        _ => client.write_all(&bytes).await.ok(),
    }
}
