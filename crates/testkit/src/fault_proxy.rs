//! A proxy between a client and an HTTP server that records exchanges and injects faults.
//!
//! A [`FaultProxy`] listens on loopback, on a thread and a runtime of its own, so it serves plain tests, actors and tests
//! under paused time alike. Every connection carries one request, and its answer is read whole before it is passed on.
//! Only the answer to a watch, which does not end, is passed on as it comes.

mod exchange;
mod fault;
mod stream;
#[cfg(test)]
mod tests;

use std::future::Future;
use std::net::{SocketAddr, TcpListener};
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

pub use self::exchange::{Exchange, ProxyRequest, ProxyResponse};
pub use self::fault::{Fault, RequestMatch, Rewrite};

use self::fault::FaultRule;

/// What an upstream answers: nothing where the connection breaks.
pub type UpstreamAnswer = Pin<Box<dyn Future<Output = Option<ProxyResponse>> + Send>>;

/// The way to the server.
type Upstream = Arc<dyn Fn(ProxyRequest) -> UpstreamAnswer + Send + Sync>;

/// A proxy on loopback, until it is dropped.
pub struct FaultProxy {
    address: SocketAddr,
    relay: Relay,
    /// Dropped with the proxy, which ends its thread.
    _running: oneshot::Sender<()>,
}

/// What every connection works with; clones share it.
#[derive(Clone)]
struct Relay {
    upstream: Upstream,
    /// The server's address, `host:port`, if watches can be passed on.
    server: Option<Arc<str>>,
    state: Arc<Mutex<ProxyState>>,
}

struct ProxyState {
    rules: Vec<FaultRule>,
    /// Whether exchanges are recorded.
    records: bool,
    exchanges: Vec<Exchange>,
    /// How many exchanges were taken.
    taken: usize,
}

impl FaultProxy {
    /// A proxy to the server at `upstream`: `host:port` or `http://host:port`.
    pub fn start(upstream: &str) -> Self {
        let server = upstream.strip_prefix("http://").unwrap_or(upstream);
        let server: Arc<str> = server.trim_end_matches('/').into();

        let streams = Arc::clone(&server);
        let upstream = move |request| -> UpstreamAnswer {
            let server = Arc::clone(&server);
            Box::pin(async move { exchange::send(&server, request).await })
        };
        Self::serve_at(Arc::new(upstream), Some(streams))
    }

    /// A proxy that asks `upstream` what the server answers: for a server that needs TLS or credentials. Watches get no
    /// answer through it.
    pub fn with_upstream(upstream: impl Fn(ProxyRequest) -> UpstreamAnswer + Send + Sync + 'static) -> Self {
        Self::serve_at(Arc::new(upstream), None)
    }

    /// Starts to serve on a free port.
    fn serve_at(upstream: Upstream, server: Option<Arc<str>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let relay = Relay {
            upstream,
            server,
            state: Arc::new(Mutex::new(ProxyState {
                rules: Vec::new(),
                records: true,
                exchanges: Vec::new(),
                taken: 0,
            })),
        };

        let (running, stopped) = oneshot::channel();
        let serving = relay.clone();
        std::thread::Builder::new()
            .name("fault-proxy".to_owned())
            .spawn(move || serve(listener, &serving, stopped))
            .expect("a thread");

        Self {
            address,
            relay,
            _running: running,
        }
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL that leads to it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Injects `fault` into the requests that match, from now on. Rules are asked in the order of their injection, and
    /// the first that applies decides.
    pub fn inject(&self, matching: impl Into<RequestMatch>, fault: Fault) {
        self.relay
            .state()
            .rules
            .push(FaultRule::fixed(matching.into(), fault));
    }

    /// Injects into each request what `choose` makes of it.
    pub fn inject_by(&self, choose: impl FnMut(&ProxyRequest) -> Option<Fault> + Send + 'static) {
        self.relay.state().rules.push(FaultRule::Chosen(Box::new(choose)));
    }

    /// Passes every request on as it is, from now on.
    pub fn clear(&self) {
        self.relay.state().rules.clear();
    }

    /// Records nothing, from now on: for many exchanges of megabytes.
    pub fn stop_recording(&self) {
        self.relay.state().records = false;
    }

    /// The requests since exchanges were last taken, in the order of their arrival, whether they reached the
    /// server or not.
    pub fn requests(&self) -> Vec<ProxyRequest> {
        let state = self.relay.state();
        state
            .exchanges
            .iter()
            .map(|exchange| exchange.request.clone())
            .collect()
    }

    /// The exchanges since exchanges were last taken, which stay.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.relay.state().exchanges.clone()
    }

    /// The exchanges since the last call; one that has no answer yet is among them without it.
    pub fn take_exchanges(&self) -> Vec<Exchange> {
        let mut state = self.relay.state();
        state.taken += state.exchanges.len();
        std::mem::take(&mut state.exchanges)
    }

    /// Asks the server itself: no fault is injected, and nothing recorded.
    pub async fn ask_server(&self, request: ProxyRequest) -> Option<ProxyResponse> {
        (self.relay.upstream)(request).await
    }
}

/// Serves connections until `stopped` says that the proxy was dropped.
fn serve(listener: TcpListener, relay: &Relay, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");

    runtime.block_on(async {
        let listener = tokio::net::TcpListener::from_std(listener).expect("a listener for tokio");
        let accept = async {
            while let Ok((client, _)) = listener.accept().await {
                let relay = relay.clone();
                tokio::spawn(async move { relay.carry(client).await });
            }
        };
        tokio::select! {
            () = accept => {}
            _ = stopped => {}
        }
    });
}

impl Relay {
    /// Carries the one request of a connection; `None` is a connection that broke.
    async fn carry(&self, mut client: TcpStream) -> Option<()> {
        // Or a client waits for the acknowledgement of the head before it sends the body.
        client.set_nodelay(true).ok()?;
        let request = exchange::read_request(&mut client).await?;
        let fault = self.fault_for(&request);
        let number = self.record(&request, fault.as_ref());
        if let Some(server) = self.streams(&request, fault.as_ref()) {
            return stream::pass_on(client, server, &request, fault.as_ref()).await;
        }

        let response = self.answer(fault.as_ref(), request).await?;
        if let Some(number) = number {
            self.record_answer(number, &response);
        }
        fault::write(&mut client, fault.as_ref(), &response).await?;
        client.shutdown().await.ok()
    }

    /// The server whose answer is passed on as it comes; `None` if the answer is read whole first.
    fn streams(&self, request: &ProxyRequest, fault: Option<&Fault>) -> Option<&str> {
        let is_streamed = fault.map_or(request.is_watch(), Fault::is_of_stream);
        self.server.as_deref().filter(|_| is_streamed)
    }

    fn fault_for(&self, request: &ProxyRequest) -> Option<Fault> {
        let mut state = self.state();
        state.rules.iter_mut().find_map(|rule| rule.apply(request))
    }
}
