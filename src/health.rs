//! The health probes `/livez` and `/readyz`, served by a thread of their own from the state that the Supervisor
//! maintains.
//!
//! The probes ask neither the API server nor a chat service, because restarting macaque fixes neither.

use std::convert::Infallible;
use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::platform::Platform;

/// The age at which the Supervisor's heartbeat fails the probe; lenient, because a throttled CPU is not a hang.
const STALE_AFTER: Duration = Duration::from_secs(15);

/// How long the head of a probe's request may take to arrive.
const HEADER_DEADLINE: Duration = Duration::from_secs(5);

/// The state that the probes report: the Supervisor's heartbeat, which parts are up, and whether macaque is stopping.
#[derive(Debug)]
pub struct HealthState {
    platform: Platform,
    created: Instant,
    /// The time of the last heartbeat, in milliseconds since `created`.
    last_beat_ms: AtomicU64,
    parts: Vec<(&'static str, AtomicBool)>,
    stopping: AtomicBool,
}

/// A named check, one line of a probe's answer.
type ProbeCheck = (&'static str, Result<(), String>);

impl HealthState {
    /// Creates the state with all `parts` down and a fresh heartbeat, so that a slow start does not count as a hang.
    pub fn new(parts: impl IntoIterator<Item = &'static str>, platform: &Platform) -> Self {
        Self {
            platform: platform.clone(),
            created: platform.monotonic(),
            last_beat_ms: AtomicU64::new(0),
            parts: parts
                .into_iter()
                .map(|name| (name, AtomicBool::new(false)))
                .collect(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Records a heartbeat of the Supervisor.
    pub fn beat(&self) {
        let now = u64::try_from(self.age().as_millis()).unwrap_or(u64::MAX);
        self.last_beat_ms.store(now, Ordering::Relaxed);
    }

    /// Sets whether the part `name` is up.
    pub fn set_up(&self, name: &str, up: bool) {
        if let Some((_, flag)) = self.parts.iter().find(|(part, _)| *part == name) {
            flag.store(up, Ordering::Relaxed);
        }
    }

    /// Marks the process as shutting down.
    pub fn set_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// How long ago the Supervisor's last heartbeat was.
    pub(crate) fn silence(&self) -> Duration {
        let beat = Duration::from_millis(self.last_beat_ms.load(Ordering::Relaxed));
        self.age().saturating_sub(beat)
    }

    fn age(&self) -> Duration {
        self.platform.monotonic().duration_since(self.created)
    }

    /// The checks of `/livez`: the Supervisor's heartbeat only, because the Supervisor restarts the other actors
    /// itself.
    fn liveness(&self) -> Vec<ProbeCheck> {
        let age = self.silence();
        let fresh = if age < STALE_AFTER {
            Ok(())
        } else {
            Err(format!("no heartbeat for {} s", age.as_secs()))
        };
        vec![("Supervisor", fresh)]
    }

    /// The checks of `/readyz`: alive, every part up, and not shutting down.
    fn readiness(&self) -> Vec<ProbeCheck> {
        let mut checks = self.liveness();
        for (name, up) in &self.parts {
            let up = up.load(Ordering::Relaxed);
            checks.push((*name, check(up, "not running")));
        }

        let stopping = self.stopping.load(Ordering::Relaxed);
        checks.push(("running", check(!stopping, "stopping")));
        checks
    }
}

fn check(passed: bool, why_not: &str) -> Result<(), String> {
    passed.then_some(()).ok_or_else(|| why_not.to_owned())
}

/// Serves the probes on `address` until the process ends; returns the address in use.
///
/// # Errors
/// The address cannot be listened on.
pub fn serve(address: SocketAddr, health: Arc<HealthState>) -> io::Result<SocketAddr> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let bound = listener.local_addr()?;

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("health".to_owned())
        .spawn(move || {
            runtime.block_on(async {
                match TcpListener::from_std(listener) {
                    Ok(listener) => accept(listener, health).await,
                    Err(error) => log::error!("cannot serve the health probes: {error}"),
                }
            });
        })?;

    Ok(bound)
}

async fn accept(listener: TcpListener, health: Arc<HealthState>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Probably out of file descriptors: wait for others to be closed.
            health.platform.sleep(Duration::from_millis(100)).await;
            continue;
        };

        let health = Arc::clone(&health);
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let response = answer(&request, &health);
                async { Ok::<_, Infallible>(response) }
            });

            let mut server = http1::Builder::new();
            server
                .timer(TokioTimer::new())
                .header_read_timeout(HEADER_DEADLINE)
                .keep_alive(false);

            // A client that disconnects early is no concern of the server.
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

fn answer(request: &Request<Incoming>, health: &HealthState) -> Response<Full<Bytes>> {
    let verbose = request
        .uri()
        .query()
        .is_some_and(|query| query.split('&').any(|part| part == "verbose"));

    match (request.method(), request.uri().path()) {
        (&Method::GET | &Method::HEAD, "/livez" | "/healthz") => answer_of(&health.liveness(), verbose),
        (&Method::GET | &Method::HEAD, "/readyz") => answer_of(&health.readiness(), verbose),
        (&Method::GET | &Method::HEAD, _) => {
            text(StatusCode::NOT_FOUND, "try /livez or /readyz\n".to_owned())
        }
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned()),
    }
}

/// The answer to a probe: `ok`, or one line per check in the format of kube-apiserver's `?verbose`.
fn answer_of(checks: &[ProbeCheck], verbose: bool) -> Response<Full<Bytes>> {
    let healthy = checks.iter().all(|(_, check)| check.is_ok());
    let status = if healthy {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };

    if healthy && !verbose {
        return text(status, "ok\n".to_owned());
    }

    let mut lines = String::new();
    for (name, check) in checks {
        // Writing to a String cannot fail.
        let _ = match check {
            Ok(()) => writeln!(lines, "[+]{name} ok"),
            Err(why) => writeln!(lines, "[-]{name} failed: {why}"),
        };
    }
    text(status, lines)
}

fn text(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(checks: &[ProbeCheck]) -> Vec<&'static str> {
        checks
            .iter()
            .filter(|(_, check)| check.is_err())
            .map(|(name, _)| *name)
            .collect()
    }

    #[test]
    fn ready_means_that_every_part_is_up_and_nobody_said_stop() {
        let health = HealthState::new(["Clock", "Killer"], &Platform::system());
        assert_eq!(failing(&health.readiness()), ["Clock", "Killer"]);
        health.set_up("Clock", true);
        health.set_up("Killer", true);
        assert!(failing(&health.readiness()).is_empty());
        health.set_stopping();
        assert_eq!(failing(&health.readiness()), ["running"]);
    }

    #[test]
    fn a_part_that_is_down_is_no_reason_to_restart_the_process() {
        let health = HealthState::new(["Notifier"], &Platform::system());
        assert!(failing(&health.liveness()).is_empty());
    }
}
