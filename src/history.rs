//! The history outside the core: one ConfigMap beside the journal's holds it, packed and sealed, and it is read out of logs.

mod log_reader;
mod recent;
mod recording;
mod stored;
mod writer;

use macaque_core::config::ConfigMapRef;

pub use self::log_reader::{LogCounts, LogHistory, last_instant, read_log};
pub use self::recording::HistoryRecording;
pub use self::stored::{MOST_PACKED, PackedHistory, StoredHistory, UnusableHistory, pack, unpack};
pub use self::writer::HistoryWriter;
use crate::k8s::{ApiError, Cluster};

/// The reason why there is no history to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// What is stored cannot be used.
    #[error("the history in {place} cannot be used: {why}; {}", why.remedy())]
    Unusable {
        /// Where it is stored.
        place: ConfigMapRef,
        /// The reason.
        why: UnusableHistory,
    },
    /// The ConfigMap could not be read.
    #[error(transparent)]
    Api(#[from] ApiError),
}

/// Reads the history that is stored at `place`; `None` if there is no such ConfigMap. An empty ConfigMap holds an empty
/// history.
///
/// # Errors
/// The ConfigMap could not be read, or what it holds cannot be used.
pub async fn read(cluster: &Cluster, place: &ConfigMapRef) -> Result<Option<StoredHistory>, HistoryError> {
    let Some(config_map) = cluster.history(place).await? else {
        return Ok(None);
    };
    let stored = unpack(config_map.packed().as_deref(), config_map.seal(), cluster.now());
    stored.map(Some).map_err(|why| HistoryError::Unusable {
        place: place.clone(),
        why,
    })
}

/// The words for a ConfigMap that is missing, with the command that creates it.
pub fn missing(place: &ConfigMapRef) -> String {
    let ConfigMapRef { namespace, name } = place;
    format!("{place} does not exist; create it: kubectl -n {namespace} create configmap {name}")
}
