//! Reads what a round must know about its scope before it lists the pods: which namespaces are in it, and the metadata of
//! namespaces, owners and nodes that the rules look at.

mod metadata;

use macaque_core::config::DisruptionPace;
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::report::{RoundEnd, SkippedNamespace};

use self::metadata::needs_metadata;
use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::stop::StopToken;

/// The scope of one round.
#[derive(Debug, Clone)]
pub(crate) struct RoundScope {
    /// The rules, with the namespaces in scope by name and with what was read about them.
    pub(crate) eligibility: EligibilityConfig,
    /// The namespaces that are left out.
    pub(crate) skipped: Vec<SkippedNamespace>,
    /// Warnings about what was read.
    pub(crate) warnings: Vec<String>,
}

/// Reads the scope of a round.
#[derive(Clone, Copy)]
pub(crate) struct ScopeReader<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) stop: &'a StopToken,
    pub(crate) platform: &'a Platform,
}

impl ScopeReader<'_> {
    /// Reads the scope of a round with these rules and this pace.
    ///
    /// # Errors
    /// The round must end.
    pub(crate) async fn read(
        &self,
        eligibility: &EligibilityConfig,
        pace: &DisruptionPace,
    ) -> Result<RoundScope, RoundEnd> {
        let mut scope = RoundScope {
            eligibility: eligibility.clone(),
            skipped: Vec::new(),
            warnings: Vec::new(),
        };
        if needs_metadata(eligibility, pace) {
            self.read_metadata(&mut scope).await?;
        }
        Ok(scope)
    }
}
