//! Proves the settings of the process itself: where it answers probes, how it logs, which cluster it speaks to.

use std::net::SocketAddr;
use std::path::PathBuf;

use log::LevelFilter;

use super::decoder::{GivenValue, SettingsDecoder};
use super::mistake::{MistakeReported, quote};

/// What is logged, and how it looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings {
    /// The least severe records to log.
    pub level: LevelFilter,
    /// How a record looks.
    pub format: LogFormat,
}

/// How a log record looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// A line that a person reads.
    Text,
    /// One JSON object a line.
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

/// Which cluster to speak to; with neither set, the one macaque runs in, else kubectl's default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterSettings {
    /// The kubeconfig file.
    pub kubeconfig: Option<PathBuf>,
    /// The context within the kubeconfig.
    pub context: Option<String>,
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
pub(super) fn log(d: &mut SettingsDecoder) -> Result<LogSettings, MistakeReported> {
    let level = d.text("log.level").and_then(|word| {
        let known = LEVELS.into_iter().find(|(known, _)| *known == word.value);
        known
            .map(|(_, level)| level)
            .ok_or_else(|| d.refuse_word(&word, "a level", &LEVELS.map(|(word, _)| word)))
    });
    let format = d.text("log.format").and_then(|word| {
        let known = LogFormat::ALL
            .into_iter()
            .find(|known| known.as_str() == word.value);
        known.ok_or_else(|| d.refuse_word(&word, "a format", &LogFormat::ALL.map(LogFormat::as_str)))
    });
    Ok(LogSettings {
        level: level?,
        format: format?,
    })
}

/// Decodes `[health]`; `None` is off. An environment variable cannot be empty, so `off` means the same.
pub(super) fn health(d: &mut SettingsDecoder) -> Result<Option<SocketAddr>, MistakeReported> {
    let listen = d.text("health.listen")?;
    match listen.value.as_str() {
        "" | "off" => Ok(None),
        address => match address.parse() {
            Ok(address) => Ok(Some(address)),
            Err(_) => {
                let wrong = format!("{} is not an address with a port", quote(address));
                Err(d.refuse(&listen, wrong, "use \"0.0.0.0:8080\", \"[::]:8080\" or \"off\""))
            }
        },
    }
}

/// Decodes `[cluster]`.
pub(super) fn cluster(d: &mut SettingsDecoder) -> Result<ClusterSettings, MistakeReported> {
    let kubeconfig = d.optional("cluster.kubeconfig");
    let context = d.optional("cluster.context");
    let set = |given: Option<GivenValue<String>>| given.map(|given| given.value);
    Ok(ClusterSettings {
        kubeconfig: set(kubeconfig?).map(PathBuf::from),
        context: set(context?),
    })
}
