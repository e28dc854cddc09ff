//! What `macaque run` serves over HTTP, and where: the probes on `health.listen`, the metrics with them or on
//! `metrics.listen`.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::actors::role::{ActorRole, OptionalRoles};
use crate::health::HealthState;
use crate::http_server::{self, HttpEndpoint};
use crate::metrics::{Metrics, MetricsConfig};
use crate::notify::Channel;
use crate::platform::Platform;
use crate::settings::{ListenAddress, ValidSettings};

/// The key of the address of the probes.
const PROBES: &str = "health.listen";
/// The key of the address of the metrics.
const METRICS: &str = "metrics.listen";

/// The metrics, if they are served anywhere.
pub(super) fn metrics(
    settings: &ValidSettings,
    channels: &[Channel],
    roles: OptionalRoles,
    platform: &Platform,
) -> Option<Arc<Metrics>> {
    address_of_metrics(settings.health, settings.metrics.listen)?;

    let config = &settings.config;
    let guards = config.guards.names().into_iter().map(str::to_owned);
    let gates = settings.gates.iter().map(|gate| gate.name.clone());
    let config = MetricsConfig {
        armed: !config.dry_run,
        method: config.disrupt.method,
        limits: config.limits.clone(),
        namespaces: config.target.namespaces.names().to_vec(),
        guards: guards.chain(gates).collect(),
        channels: channels.iter().map(|channel| channel.name().to_owned()).collect(),
        actors: ActorRole::of_process(roles).map(ActorRole::as_str).collect(),
        owners: settings.metrics.owners,
    };
    Some(Arc::new(Metrics::new(&config, platform)))
}

/// Serves the probes and the metrics until the process ends.
pub(super) fn serve(
    settings: &ValidSettings,
    health: &Arc<HealthState>,
    metrics: Option<&Arc<Metrics>>,
    platform: &Platform,
) -> Result<(), String> {
    let endpoints = endpoints(settings.health, settings.metrics.listen, health, metrics);
    let served = http_server::serve(endpoints, platform);
    for address in served.map_err(|error| error.to_string())? {
        log::debug!("probes or metrics are served on {address}");
    }
    Ok(())
}

/// Where the metrics are served.
fn address_of_metrics(probes: Option<SocketAddr>, listen: ListenAddress) -> Option<SocketAddr> {
    match listen {
        ListenAddress::WithProbes => probes,
        ListenAddress::At(address) => Some(address),
        ListenAddress::Off => None,
    }
}

/// What is served on each address: on one if both are the same.
fn endpoints(
    probes: Option<SocketAddr>,
    listen: ListenAddress,
    health: &Arc<HealthState>,
    metrics: Option<&Arc<Metrics>>,
) -> Vec<HttpEndpoint> {
    let at = address_of_metrics(probes, listen);
    let metrics_on = |address| match (at, metrics) {
        (Some(at), Some(metrics)) if at == address => Ok(Arc::clone(metrics)),
        (Some(at), Some(_)) => Err(format!("the metrics are served on {at}, by {METRICS}")),
        _ => Err(format!(
            "the metrics are off: set {METRICS} to \"\" to serve them here, or to an address of their own"
        )),
    };
    let probes_on = |address| match probes {
        Some(at) if at == address => Ok(Arc::clone(health)),
        Some(at) => Err(format!("the probes are served on {at}, by {PROBES}")),
        None => Err(format!("the probes are off: set {PROBES} to an address")),
    };

    let mut addresses: Vec<_> = probes.map(|address| (PROBES, address)).into_iter().collect();
    addresses.extend(at.filter(|at| Some(*at) != probes).map(|at| (METRICS, at)));
    let endpoint = |(key, address)| HttpEndpoint {
        key,
        address,
        probes: probes_on(address),
        metrics: metrics_on(address),
    };
    addresses.into_iter().map(endpoint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is served where, in words.
    fn served(probes: Option<&str>, listen: ListenAddress) -> Vec<String> {
        let platform = Platform::system();
        let health = Arc::new(HealthState::new(["Clock"], &platform));
        let metrics = Arc::new(Metrics::new(&MetricsConfig::default(), &platform));
        let probes = probes.map(|address| address.parse().unwrap());
        let is_on = address_of_metrics(probes, listen).is_some();
        let endpoints = endpoints(probes, listen, &health, is_on.then_some(&metrics));
        let words = endpoints.into_iter().map(|endpoint| {
            let probes = endpoint.probes.map_or_else(|why| why, |_| "probes".to_owned());
            let metrics = endpoint.metrics.map_or_else(|why| why, |_| "metrics".to_owned());
            format!("{} {}: {probes}; {metrics}", endpoint.key, endpoint.address)
        });
        words.collect()
    }

    #[test]
    fn probes_and_metrics_share_an_address_unless_they_have_their_own_and_each_says_where_the_other_is() {
        let one = Some("0.0.0.0:8080");
        let at = |address: &str| ListenAddress::At(address.parse().unwrap());
        let off = "the metrics are off: set metrics.listen to \"\" to serve them here, or to an address of their own";
        let both = ["health.listen 0.0.0.0:8080: probes; metrics".to_owned()];

        assert_eq!(served(one, ListenAddress::WithProbes), both);
        assert_eq!(served(one, at("0.0.0.0:8080")), both);
        assert_eq!(
            served(one, ListenAddress::Off),
            [format!("health.listen 0.0.0.0:8080: probes; {off}")]
        );
        assert_eq!(
            served(one, at("[::]:9090")),
            [
                "health.listen 0.0.0.0:8080: probes; the metrics are served on [::]:9090, by metrics.listen",
                "metrics.listen [::]:9090: the probes are served on 0.0.0.0:8080, by health.listen; metrics",
            ]
        );
        assert_eq!(
            served(None, at("[::]:9090")),
            ["metrics.listen [::]:9090: the probes are off: set health.listen to an address; metrics"]
        );
        assert_eq!(served(None, ListenAddress::WithProbes), [""; 0]);
        assert_eq!(served(None, ListenAddress::Off), [""; 0]);
    }
}
