//! The HTTP server of a test, on an address of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use macaque::health::HealthState;
use macaque::http_server::{self, HttpEndpoint};
use macaque::metrics::Metrics;
use macaque::platform::Platform;

/// Serves the probes, and the metrics if there are any.
pub(crate) fn serve(health: Arc<HealthState>, metrics: Option<Arc<Metrics>>) -> SocketAddr {
    let endpoint = HttpEndpoint {
        key: "health.listen",
        address: ([127, 0, 0, 1], 0).into(),
        probes: Ok(health),
        metrics: metrics.ok_or("off".to_owned()),
        status: Err("off".to_owned()),
    };
    http_server::serve(vec![endpoint], &Platform::system()).unwrap()[0]
}
