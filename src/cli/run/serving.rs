//! What `macaque run` serves over HTTP, and where: the probes on `health.listen`, the metrics and the status page with
//! them or on addresses of their own.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::actors::role::{ActorRole, OptionalRoles};
use crate::cli::setup;
use crate::guards;
use crate::health::HealthState;
use crate::http_server::{self, HttpEndpoint};
use crate::metrics::{Metrics, MetricsConfig};
use crate::notify::Channel;
use crate::platform::Platform;
use crate::settings::{ListenAddress, ValidSettings};
use crate::status::{StatusBoard, StatusConfig};

/// The key of the address of the probes.
const PROBES: &str = "health.listen";
/// The key of the address of the metrics.
const METRICS: &str = "metrics.listen";
/// The key of the address of the status page.
const STATUS: &str = "status.listen";

/// The metrics, if they are served anywhere.
pub(super) fn metrics(
    settings: &ValidSettings,
    channels: &[Channel],
    roles: OptionalRoles,
    platform: &Platform,
) -> Option<Arc<Metrics>> {
    address_of(settings.health, settings.metrics.listen)?;

    let config = &settings.config;
    let config = MetricsConfig {
        armed: !config.dry_run,
        method: config.disrupt.method,
        limits: config.limits.clone(),
        namespaces: config.target.namespaces.names().to_vec(),
        guards: guards::names(&config.guards, &settings.gates),
        channels: names(channels),
        actors: ActorRole::of_process(roles).map(ActorRole::as_str).collect(),
        owners: settings.metrics.owners,
    };
    Some(Arc::new(Metrics::new(&config, platform)))
}

/// What the status page shows, if it is served anywhere.
pub(super) fn status(
    settings: &ValidSettings,
    channels: &[Channel],
    platform: &Platform,
) -> Option<Arc<StatusBoard>> {
    address_of(settings.health, settings.status.listen)?;

    let config = &settings.config;
    let config = StatusConfig {
        calendar: config.calendar.clone(),
        is_dry_run: config.dry_run,
        method: config.disrupt.method,
        namespaces: config.target.namespaces.clone(),
        limits: config.limits.clone(),
        recovery_timeout: config.recovery.timeout,
        guards: guards::names(&config.guards, &settings.gates),
        channels: names(channels),
        cluster: setup::message_context(settings).cluster,
        names: settings.status.names,
        started: platform.now(),
    };
    Some(Arc::new(StatusBoard::new(config, platform)))
}

fn names(channels: &[Channel]) -> Vec<String> {
    channels.iter().map(|channel| channel.name().to_owned()).collect()
}

/// Serves the probes, the metrics and the status page until the process ends.
pub(super) fn serve(
    settings: &ValidSettings,
    health: &Arc<HealthState>,
    metrics: Option<&Arc<Metrics>>,
    status: Option<&Arc<StatusBoard>>,
    platform: &Platform,
) -> Result<(), String> {
    let places = ServedPlaces {
        probes: settings.health,
        metrics: settings.metrics.listen,
        status: settings.status.listen,
    };
    let served = http_server::serve(places.endpoints(health, metrics, status), platform);
    for address in served.map_err(|error| error.to_string())? {
        log::debug!("probes, metrics or the status page are served on {address}");
    }
    Ok(())
}

/// Where what is served beside the probes is.
fn address_of(probes: Option<SocketAddr>, listen: ListenAddress) -> Option<SocketAddr> {
    match listen {
        ListenAddress::WithProbes => probes,
        ListenAddress::At(address) => Some(address),
        ListenAddress::Off => None,
    }
}

/// Where each thing is served.
#[derive(Debug, Clone, Copy)]
struct ServedPlaces {
    probes: Option<SocketAddr>,
    metrics: ListenAddress,
    status: ListenAddress,
}

/// Something that is served at one address, or nowhere.
struct ServedThing<'a, T> {
    /// What it is, with its verb: `the metrics are`.
    is: &'static str,
    /// The key of its address.
    key: &'static str,
    at: Option<SocketAddr>,
    thing: Option<&'a Arc<T>>,
    /// What to do if it is off.
    remedy: &'static str,
}

impl<T> ServedThing<'_, T> {
    /// The thing, if it is served on this address, or what to do about it.
    fn on(&self, address: SocketAddr) -> Result<Arc<T>, String> {
        let Self { is, key, remedy, .. } = self;
        match (self.at, self.thing) {
            (Some(at), Some(thing)) if at == address => Ok(Arc::clone(thing)),
            (Some(at), Some(_)) => Err(format!("{is} served on {at}, by {key}")),
            _ => Err(format!("{is} off: set {key} to {remedy}")),
        }
    }
}

impl ServedPlaces {
    /// What is served on each address: what shares one is served together.
    fn endpoints(
        self,
        health: &Arc<HealthState>,
        metrics: Option<&Arc<Metrics>>,
        status: Option<&Arc<StatusBoard>>,
    ) -> Vec<HttpEndpoint> {
        let probes = ServedThing {
            is: "the probes are",
            key: PROBES,
            at: self.probes,
            thing: Some(health),
            remedy: "an address",
        };
        let metrics = ServedThing {
            is: "the metrics are",
            key: METRICS,
            at: address_of(self.probes, self.metrics),
            thing: metrics,
            remedy: "\"\" to serve them here, or to an address of their own",
        };
        let status = ServedThing {
            is: "the status page is",
            key: STATUS,
            at: address_of(self.probes, self.status),
            thing: status,
            remedy: "\"\" to serve it here, or to an address of its own",
        };

        let mut addresses: Vec<(&'static str, SocketAddr)> = Vec::new();
        for (key, at) in [(PROBES, probes.at), (METRICS, metrics.at), (STATUS, status.at)] {
            if let Some(at) = at.filter(|at| addresses.iter().all(|(_, known)| known != at)) {
                addresses.push((key, at));
            }
        }
        let endpoint = |(key, address)| HttpEndpoint {
            key,
            address,
            probes: probes.on(address),
            metrics: metrics.on(address),
            status: status.on(address),
        };
        addresses.into_iter().map(endpoint).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use macaque_core::config::NamespaceScope;
    use macaque_core::outcome::DisruptionMethod;

    use super::*;

    /// A board on which nothing is noted.
    fn board(platform: &Platform) -> Arc<StatusBoard> {
        let config = StatusConfig {
            calendar: None,
            is_dry_run: true,
            method: DisruptionMethod::Evict,
            namespaces: NamespaceScope::All,
            limits: Default::default(),
            recovery_timeout: Duration::ZERO,
            guards: Vec::new(),
            channels: Vec::new(),
            cluster: None,
            names: true,
            started: platform.now(),
        };
        Arc::new(StatusBoard::new(config, platform))
    }

    /// What is served where, in words.
    fn served(probes: Option<&str>, metrics: ListenAddress, status: ListenAddress) -> Vec<String> {
        let platform = Platform::system();
        let health = Arc::new(HealthState::new(["Clock"], &platform));
        let all_metrics = Arc::new(Metrics::new(&MetricsConfig::default(), &platform));
        let board = board(&platform);
        let places = ServedPlaces {
            probes: probes.map(|address| address.parse().unwrap()),
            metrics,
            status,
        };
        let is_on = |listen| address_of(places.probes, listen).is_some();
        let endpoints = places.endpoints(
            &health,
            is_on(metrics).then_some(&all_metrics),
            is_on(status).then_some(&board),
        );
        let words = endpoints.into_iter().map(|endpoint| {
            let probes = endpoint.probes.map_or_else(|why| why, |_| "probes".to_owned());
            let metrics = endpoint.metrics.map_or_else(|why| why, |_| "metrics".to_owned());
            let status = endpoint.status.map_or_else(|why| why, |_| "status".to_owned());
            format!(
                "{} {}: {probes}; {metrics}; {status}",
                endpoint.key, endpoint.address
            )
        });
        words.collect()
    }

    #[test]
    fn what_is_served_shares_an_address_or_has_its_own_and_each_says_where_the_others_are() {
        use ListenAddress::{Off, WithProbes};
        let one = Some("0.0.0.0:8080");
        let at = |address: &str| ListenAddress::At(address.parse().unwrap());
        let metrics_off = "the metrics are off: set metrics.listen to \"\" to serve them here, or to an address of their own";
        let status_off =
            "the status page is off: set status.listen to \"\" to serve it here, or to an address of its own";
        let all = ["health.listen 0.0.0.0:8080: probes; metrics; status".to_owned()];

        assert_eq!(served(one, WithProbes, WithProbes), all);
        assert_eq!(served(one, at("0.0.0.0:8080"), at("0.0.0.0:8080")), all);
        assert_eq!(
            served(one, Off, Off),
            [format!(
                "health.listen 0.0.0.0:8080: probes; {metrics_off}; {status_off}"
            )]
        );
        assert_eq!(
            served(one, at("[::]:9090"), at("[::]:8081")),
            [
                "health.listen 0.0.0.0:8080: probes; the metrics are served on [::]:9090, by metrics.listen; the status \
                 page is served on [::]:8081, by status.listen",
                "metrics.listen [::]:9090: the probes are served on 0.0.0.0:8080, by health.listen; metrics; the status \
                 page is served on [::]:8081, by status.listen",
                "status.listen [::]:8081: the probes are served on 0.0.0.0:8080, by health.listen; the metrics are \
                 served on [::]:9090, by metrics.listen; status",
            ]
        );
        assert_eq!(
            served(None, at("[::]:9090"), at("[::]:9090")),
            [
                "metrics.listen [::]:9090: the probes are off: set health.listen to an address; metrics; status"
            ]
        );
        assert_eq!(served(None, WithProbes, WithProbes), [""; 0]);
        assert_eq!(served(None, Off, Off), [""; 0]);
    }
}
