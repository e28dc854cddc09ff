//! Reads the history and the journal of a cluster, each with its word if it cannot be read.

use jiff::Timestamp;
use macaque_core::config::{ChaosConfig, ConfigMapRef, JournalLocation};
use macaque_core::history::History;
use macaque_core::journal::Journal;

use super::cluster_history::{ClusterHistory, HistoryFault};
use crate::cli::exit;
use crate::history::{self, HistoryError, StoredHistory};
use crate::k8s::{ApiError, Cluster};
use crate::platform::Platform;
use crate::read_retry::with_retries;
use crate::stop::{StopSwitch, StopToken};

/// The error if no history is kept.
const OFF: &str = "history = off: no history is kept. If macaque runs with other settings, name its file with --config; its \
                   log has a history too, which --from reads";

/// The reason why the journal is not known if it is not in a ConfigMap.
const IN_MEMORY: &str = "journal = memory: the journal is in the memory of each replica";

/// Reads the history and the journal of a macaque that runs elsewhere.
pub(super) struct ClusterReader<'a> {
    cluster: &'a Cluster,
    config: &'a ChaosConfig,
    platform: &'a Platform,
    stop: StopToken,
}

impl<'a> ClusterReader<'a> {
    /// Creates the reader of the macaque with this configuration.
    pub(super) fn new(cluster: &'a Cluster, config: &'a ChaosConfig, platform: &'a Platform) -> Self {
        // Nothing asks a reader to stop but a signal, which ends the process.
        let (_switch, stop) = StopSwitch::new(platform);
        Self {
            cluster,
            config,
            platform,
            stop,
        }
    }

    /// Reads both.
    pub(super) async fn read(&self) -> ClusterHistory {
        let began = self.platform.now();
        let stored = self.stored_history().await;
        let journal = self.journal().await;
        // The entries are by the clocks of the cluster.
        let now = self.cluster.server_time_at(began);

        let mut warnings = Vec::new();
        if let (Ok(stored), Some(place)) = (&stored, &self.config.history)
            && stored.is_edited
        {
            warnings.push(format!(
                "the history in {place} was edited by something other than macaque: what is missing cannot be seen"
            ));
        }
        if let (Ok(stored), Err(why)) = (&stored, &journal)
            && !is_only_of_dry_runs(&stored.history)
        {
            warnings.push(format!(
                "the journal cannot be read, so what is not in the history yet is missing: {why}"
            ));
        }

        let history = stored.map(|stored| with_journal(stored.history, journal.as_ref().ok(), now));
        ClusterHistory {
            history,
            journal,
            now,
            warnings,
        }
    }

    /// Reads the history as it is stored.
    async fn stored_history(&self) -> Result<StoredHistory, HistoryFault> {
        let fault = |words: String| HistoryFault {
            words,
            code: exit::CLUSTER,
        };
        let Some(place) = &self.config.history else {
            return Err(HistoryFault {
                words: OFF.to_owned(),
                code: exit::USAGE,
            });
        };

        let read = async || match history::read(self.cluster, place).await {
            Ok(stored) => Ok(Ok(stored)),
            Err(HistoryError::Api(error)) => Err(error),
            Err(error @ HistoryError::Unusable { .. }) => Ok(Err(error)),
        };
        match with_retries(self.platform, &self.stop, read).await {
            Ok(Ok(Some(stored))) => Ok(stored),
            Ok(Ok(None)) | Err(ApiError::NotFound { .. }) => Err(fault(missing(place))),
            Ok(Err(error)) => Err(fault(error.to_string())),
            Err(error) => Err(fault(with_grant(&error, place))),
        }
    }

    /// Reads the journal.
    ///
    /// # Errors
    /// The reason why it is not known, in words.
    pub(super) async fn journal(&self) -> Result<Journal, String> {
        let JournalLocation::ConfigMap(place) = &self.config.journal else {
            return Err(IN_MEMORY.to_owned());
        };
        let read = async || self.cluster.journal(place).await;
        match with_retries(self.platform, &self.stop, read).await {
            Ok(Some(config_map)) => {
                let journal = config_map.stored().read();
                journal.map_err(|why| format!("{place}: {why}"))
            }
            Ok(None) | Err(ApiError::NotFound { .. }) => Err(format!("{place} does not exist")),
            Err(error) => Err(with_grant(&error, place)),
        }
    }
}

/// The history with what the journal holds beyond it.
pub(super) fn with_journal(mut history: History, journal: Option<&Journal>, now: Timestamp) -> History {
    if let Some(journal) = journal {
        history.note_journal(journal, now);
    }
    history
}

/// Whether nothing in the history needed a journal.
fn is_only_of_dry_runs(history: &History) -> bool {
    let numbered = history.entries().iter().any(|entry| entry.number.is_some());
    history.numbered_since().is_none() && !numbered
}

/// The words for a history that is not there.
fn missing(place: &ConfigMapRef) -> String {
    let namespace = &place.namespace;
    format!(
        "{}; or is {namespace} not the namespace that macaque runs in (--macaque-namespace)?",
        history::missing(place)
    )
}

/// The error, with the rule to grant where a permission is missing.
fn with_grant(error: &ApiError, place: &ConfigMapRef) -> String {
    let ConfigMapRef { namespace, name } = place;
    match error {
        ApiError::Forbidden { .. } => format!(
            "{error}; grant in {namespace}: {{apiGroups: [\"\"], resources: [\"configmaps\"], resourceNames: \
             [\"{name}\"], verbs: [\"get\"]}}"
        ),
        error => error.to_string(),
    }
}
