//! Decodes `[health]`, `[metrics]`, `[status]`, `[events]`, `[log]` and `[cluster]`: the settings of the process itself.

use std::net::SocketAddr;
use std::path::PathBuf;

use log::LevelFilter;
use macaque_core::events::EventsConfig;

use super::decoder::SettingsDecoder;
use super::given_value::GivenValue;
use super::log_words::{LEVELS, LogFormat};
use super::mistake::{MistakeReported, quote};

/// What is logged, and in which format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// The lowest level to log.
    pub level: LevelFilter,
    /// The format of a record.
    pub format: LogFormat,
}

/// The cluster to connect to, and what may be sent to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterSettings {
    /// The kubeconfig file.
    pub kubeconfig: Option<PathBuf>,
    /// The context within the kubeconfig.
    pub context: Option<String>,
    /// What reports and the log call the cluster.
    pub name: Option<String>,
    /// Whether credentials may be sent to a server without TLS.
    pub credentials_without_tls: bool,
}

/// The settings of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Where they are served.
    pub listen: ListenAddress,
    /// Whether recoveries are also counted by owner.
    pub owners: bool,
}

/// The settings of the status page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusSettings {
    /// Where it is served.
    pub listen: ListenAddress,
    /// Whether it names pods, owners and namespaces.
    pub names: bool,
}

/// Where something is served beside the probes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenAddress {
    /// On the address of the probes, if there is one.
    WithProbes,
    /// On an address of its own.
    At(SocketAddr),
    /// Nowhere.
    Off,
}

/// Decodes `[log]`.
pub(super) fn decode_log(decoder: &mut SettingsDecoder) -> Result<LogSettings, MistakeReported> {
    let level = decoder.one_of("log.level", "a level", LEVELS, |(word, _)| word);
    let format = decoder.one_of("log.format", "a format", LogFormat::ALL, LogFormat::as_str);
    Ok(LogSettings {
        level: level?.1,
        format: format?,
    })
}

/// Decodes `[health]`; `None` is off. An environment variable cannot be empty, so `off` means the same.
pub(super) fn decode_health(decoder: &mut SettingsDecoder) -> Result<Option<SocketAddr>, MistakeReported> {
    let listen = decoder.text("health.listen")?;
    if matches!(listen.value.to_ascii_lowercase().as_str(), "" | "off") {
        return Ok(None);
    }
    decode_address(decoder, &listen, "\"0.0.0.0:8080\", \"[::]:8080\" or \"off\"").map(Some)
}

/// Decodes `[metrics]`.
pub(super) fn decode_metrics(decoder: &mut SettingsDecoder) -> Result<MetricsSettings, MistakeReported> {
    let owners = decoder.boolean("metrics.owners");
    let right = "\"0.0.0.0:9090\", \"[::]:9090\" or \"off\"";
    Ok(MetricsSettings {
        listen: decode_listen(decoder, "metrics.listen", right)?,
        owners: owners?.value,
    })
}

/// Decodes `[status]`.
pub(super) fn decode_status(decoder: &mut SettingsDecoder) -> Result<StatusSettings, MistakeReported> {
    let names = decoder.boolean("status.names");
    let right = "\"0.0.0.0:8081\", \"[::]:8081\" or \"off\"";
    Ok(StatusSettings {
        listen: decode_listen(decoder, "status.listen", right)?,
        names: names?.value,
    })
}

/// Decodes `key`, the address of something that can be served beside the probes.
fn decode_listen(
    decoder: &mut SettingsDecoder,
    key: &'static str,
    right: &str,
) -> Result<ListenAddress, MistakeReported> {
    let listen = decoder.text(key)?;
    match listen.value.to_ascii_lowercase().as_str() {
        "" => Ok(ListenAddress::WithProbes),
        "off" => Ok(ListenAddress::Off),
        _ => decode_address(decoder, &listen, right).map(ListenAddress::At),
    }
}

/// Decodes `[events]`.
pub(super) fn decode_events(decoder: &mut SettingsDecoder) -> Result<EventsConfig, MistakeReported> {
    let enabled = decoder.boolean("events.enabled");
    let refusals = decoder.boolean("events.refusals");
    Ok(EventsConfig {
        enabled: enabled?.value,
        refusals: refusals?.value,
    })
}

/// Decodes an address to listen on.
fn decode_address(
    decoder: &mut SettingsDecoder,
    listen: &GivenValue<String>,
    right: &str,
) -> Result<SocketAddr, MistakeReported> {
    listen.value.parse().map_err(|_| {
        let wrong = format!("{} is not an IP address with a port", quote(&listen.value));
        decoder.refuse(listen, wrong, format!("use {right}"))
    })
}

/// Decodes `[cluster]`.
pub(super) fn decode_cluster(decoder: &mut SettingsDecoder) -> Result<ClusterSettings, MistakeReported> {
    let kubeconfig = decoder.optional("cluster.kubeconfig");
    let context = decoder.optional("cluster.context");
    let name = decoder.optional("cluster.name");
    let without_tls = decoder.boolean("cluster.credentials_without_tls");
    let set = |given: Option<GivenValue<String>>| given.map(|given| given.value);
    Ok(ClusterSettings {
        kubeconfig: set(kubeconfig?).map(PathBuf::from),
        context: set(context?),
        name: set(name?),
        credentials_without_tls: without_tls?.value,
    })
}
