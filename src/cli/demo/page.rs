//! The status page of the demo's shop, on a loopback address.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use macaque_core::config::{DisruptionLimits, NamespaceScope};
use macaque_core::guard::GuardConfig;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::RecoveryConfig;

use super::SHOP;
use crate::facts::FactListener;
use crate::http_server::{self, HttpEndpoint};
use crate::platform::Platform;
use crate::status::{StatusBoard, StatusConfig};

/// Serves the page until the process ends; returns what listens to facts for it, and its address.
pub(super) fn serve(platform: &Platform) -> Result<(Arc<dyn FactListener>, SocketAddr), String> {
    let guards = GuardConfig::default().names();
    let config = StatusConfig {
        calendar: None,
        is_dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: NamespaceScope::Named(vec![SHOP.to_owned()]),
        limits: DisruptionLimits::default(),
        recovery_timeout: RecoveryConfig::default().timeout,
        guards: guards.into_iter().map(str::to_owned).collect(),
        channels: Vec::new(),
        cluster: Some("demo".to_owned()),
        names: true,
        started: platform.now(),
    };
    let board = Arc::new(StatusBoard::new(config, platform));

    let endpoint = HttpEndpoint {
        key: "--page",
        address: (Ipv4Addr::LOCALHOST, 0).into(),
        probes: Err("the demo serves no probes".to_owned()),
        metrics: Err("the demo serves no metrics".to_owned()),
        status: Ok(Arc::clone(&board)),
    };
    let served = http_server::serve(vec![endpoint], platform).map_err(|error| error.to_string())?;
    let address = served.first().ok_or("the status page has no address")?;
    Ok((board, *address))
}
