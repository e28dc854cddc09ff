//! Decodes `[health]`, `[log]` and `[cluster]`: the settings of the process itself.

use std::net::SocketAddr;
use std::path::PathBuf;

use log::LevelFilter;

use super::decoder::SettingsDecoder;
use super::given_value::GivenValue;
use super::mistake::{MistakeReported, quote};

/// What is logged, and in which format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// The lowest level to log.
    pub level: LevelFilter,
    /// The format of a record.
    pub format: LogFormat,
}

/// The format of a log record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// A line for people.
    Text,
    /// One JSON object per line.
    Json,
}

impl LogFormat {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Auto, Self::Text, Self::Json];

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Text => "text",
            Self::Json => "json",
        }
    }
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

/// The words of `log.level`, from the fewest records to the most.
const LEVELS: [(&str, LevelFilter); 5] = [
    ("error", LevelFilter::Error),
    ("warn", LevelFilter::Warn),
    ("info", LevelFilter::Info),
    ("debug", LevelFilter::Debug),
    ("trace", LevelFilter::Trace),
];

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

    match listen.value.parse() {
        Ok(address) => Ok(Some(address)),
        Err(_) => {
            let wrong = format!("{} is not an IP address with a port", quote(&listen.value));
            Err(decoder.refuse(&listen, wrong, "use \"0.0.0.0:8080\", \"[::]:8080\" or \"off\""))
        }
    }
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
