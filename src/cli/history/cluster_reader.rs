//! Reads the history and the journal of a cluster, each with its word if it cannot be read.

use macaque_core::config::ChaosConfig;

use super::source::{ClusterHistory, HistoryFault};
use crate::cli::exit;
use crate::k8s::Cluster;
use crate::platform::Platform;

/// Reads the history and the journal of a macaque that runs elsewhere.
pub(super) struct ClusterReader<'a> {
    cluster: &'a Cluster,
    config: &'a ChaosConfig,
    platform: &'a Platform,
}

impl<'a> ClusterReader<'a> {
    /// Creates the reader of the macaque with this configuration.
    pub(super) fn new(cluster: &'a Cluster, config: &'a ChaosConfig, platform: &'a Platform) -> Self {
        Self {
            cluster,
            config,
            platform,
        }
    }

    /// Reads both.
    pub(super) async fn read(&self) -> ClusterHistory {
        let now = self.platform.now();
        let _ = (self.cluster, self.config);
        let words = "not yet".to_owned();
        ClusterHistory {
            history: Err(HistoryFault {
                words: words.clone(),
                code: exit::CLUSTER,
            }),
            journal: Err(words),
            now,
            warnings: Vec::new(),
        }
    }
}
