//! Serves the probes, the metrics and the status page over HTTP, on a thread of its own that no actor waits for.
//!
//! Whoever reaches the port may be slow, broken or hostile. So everything has a bound: the connections at once, those of
//! them with a long answer, the time of each, the size of a request, and what the kernel keeps of an answer that nobody reads.
//! Beyond a bound the oldest connection is closed for the newest: a probe, which sends its request at once, is answered
//! however many others hold on to theirs.

mod connection_limit;
mod pages;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use self::connection_limit::{ConnectionLimit, OpenConnection};
use self::pages::{LongAnswer, Pages};
use crate::health::HealthState;
use crate::metrics::Metrics;
use crate::platform::Platform;
use crate::status::StatusBoard;

/// How many connections one address has at once.
pub const MAX_CONNECTIONS: usize = 128;
/// How many of them may be answered with the metrics at once, and how many with the status page: these are long, and a slow
/// reader leaves them in memory.
const MAX_LONG: usize = 32;
/// How many connections may wait to be accepted: a burst of scrapers must not make the kernel refuse a probe.
const BACKLOG: u32 = 1024;
/// How long the head of a request may take to arrive.
const HEAD_DEADLINE: Duration = Duration::from_secs(5);
/// How long a connection may take in all: Prometheus gives up a scrape after ten seconds by default.
const DEADLINE: Duration = Duration::from_secs(10);
/// How long the head of a request may be, in bytes.
const MAX_HEAD: usize = 16 << 10;
/// How much of an answer the kernel keeps until it is read, in bytes; the rest is shared by all who read it.
const SEND_BUFFER: u32 = 64 << 10;
/// How long no connection is accepted after an error.
const PAUSE: Duration = Duration::from_millis(100);

/// An address, and what is served there. What is not is `Err`, with what to do about it.
#[derive(Debug)]
pub struct HttpEndpoint {
    /// The key of the configuration that names the address.
    pub key: &'static str,
    /// The address.
    pub address: SocketAddr,
    /// The state that the probes report.
    pub probes: Result<Arc<HealthState>, String>,
    /// The metrics.
    pub metrics: Result<Arc<Metrics>, String>,
    /// What the status page shows.
    pub status: Result<Arc<StatusBoard>, String>,
}

/// The error of an address that cannot be listened on.
#[derive(Debug, thiserror::Error)]
#[error("{key}: cannot listen on {address}: {error}")]
pub struct ListenError {
    key: &'static str,
    address: SocketAddr,
    error: io::Error,
}

/// What is served on one address, and to how many at once.
struct HttpService {
    pages: Pages,
    connections: ConnectionLimit,
    scrapes: ConnectionLimit,
    status_readers: ConnectionLimit,
    platform: Platform,
}

/// Serves the endpoints until the process ends; returns the addresses in use.
///
/// # Errors
/// An address cannot be listened on.
pub fn serve(endpoints: Vec<HttpEndpoint>, platform: &Platform) -> Result<Vec<SocketAddr>, ListenError> {
    let Some(first) = endpoints.first() else {
        return Ok(Vec::new());
    };
    let first = (first.key, first.address);
    let failed = |(key, address)| move |error| ListenError { key, address, error };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(failed(first))?;

    let mut bound = Vec::new();
    let mut listening = Vec::new();
    let entered = runtime.enter();
    for endpoint in endpoints {
        let failed = failed((endpoint.key, endpoint.address));
        let listener = listen(endpoint.address).map_err(failed)?;
        bound.push(listener.local_addr().map_err(failed)?);
        listening.push((listener, HttpService::new(endpoint, platform)));
    }
    drop(entered);

    let serving = move || {
        runtime.block_on(async {
            for (listener, service) in listening {
                tokio::spawn(accept(listener, Arc::new(service)));
            }
            std::future::pending::<()>().await;
        });
    };
    let thread = std::thread::Builder::new().name("http".to_owned());
    thread.spawn(serving).map_err(failed(first))?;
    Ok(bound)
}

/// Listens on `address`, from within a runtime.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A restart need not wait for the connections of the process before it.
    socket.set_reuseaddr(true)?;
    // Each connection inherits it.
    socket.set_send_buffer_size(SEND_BUFFER)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn accept(listener: TcpListener, service: Arc<HttpService>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Probably out of file descriptors: wait for others to be closed.
            service.platform.sleep(PAUSE).await;
            continue;
        };

        let connection = OpenConnection::default();
        if service.connections.admit(&connection) {
            // The connection that is closed for this one is closed before another is accepted.
            tokio::task::yield_now().await;
        }
        let service = Arc::clone(&service);
        tokio::spawn(async move { service.serve(stream, &connection).await });
    }
}

impl HttpService {
    fn new(endpoint: HttpEndpoint, platform: &Platform) -> Self {
        Self {
            pages: Pages::new(endpoint, platform),
            connections: ConnectionLimit::new(MAX_CONNECTIONS),
            scrapes: ConnectionLimit::new(MAX_LONG),
            status_readers: ConnectionLimit::new(MAX_LONG),
            platform: platform.clone(),
        }
    }

    /// Answers the one request of a connection.
    async fn serve(&self, stream: TcpStream, connection: &OpenConnection) {
        let service = service_fn(|request| {
            match self.pages.long_answer(&request) {
                Some(LongAnswer::Metrics) => drop(self.scrapes.admit(connection)),
                Some(LongAnswer::Status) => drop(self.status_readers.admit(connection)),
                None => {}
            }
            let response = self.pages.answer(&request);
            async { Ok::<_, Infallible>(response) }
        });
        let mut server = http1::Builder::new();
        server
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_DEADLINE)
            .max_buf_size(MAX_HEAD)
            // Who has sent its request and will send no more is answered too.
            .half_close(true)
            .keep_alive(false);

        let served = server.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            // A client that disconnects early is no concern of the server.
            _ = self.platform.within(DEADLINE, served) => {}
            () = connection.is_to_end() => {}
        }
        self.connections.release(connection);
        self.scrapes.release(connection);
        self.status_readers.release(connection);
    }
}
