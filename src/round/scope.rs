//! Reads what a round must know about its scope before it lists the pods: which namespaces are in it, and the metadata of
//! namespaces, owners and nodes that the rules look at.

mod metadata;
pub(crate) mod namespaces;
mod nodes;

use std::sync::Arc;

use macaque_core::config::DisruptionPace;
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::report::{RoundEnd, SkippedNamespace};
use macaque_core::scope_metadata::ScopeMetadata;

use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::stop::StopToken;

/// The scope of one round.
#[derive(Debug, Clone)]
pub(crate) struct RoundScope {
    /// The rules, with the namespaces in scope by name and with what was read about them.
    pub(crate) eligibility: EligibilityConfig,
    /// Whether the namespaces were found by their labels, so that one is left out where macaque may not work.
    pub(crate) by_labels: bool,
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
    /// Whether nothing is disrupted, so that the permission to disrupt is not needed.
    pub(crate) dry_run: bool,
    /// How victims are disrupted.
    pub(crate) method: DisruptionMethod,
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
            by_labels: eligibility.target.namespaces.selector().is_some(),
            skipped: Vec::new(),
            warnings: Vec::new(),
        };
        self.read_namespaces(&mut scope).await?;
        if eligibility.target.reads_metadata(pace) {
            self.read_metadata(&mut scope, pace).await?;
        }

        let node_selector = &eligibility.target.node_selector;
        if let Some(nodes) = self.selected_nodes(node_selector).await? {
            if nodes.is_empty() {
                let warning = format!("target.node_selector: no node has labels that match {node_selector}");
                scope.warnings.push(warning);
            }
            let metadata = ScopeMetadata::clone(&scope.eligibility.metadata);
            scope.eligibility.metadata = Arc::new(ScopeMetadata {
                nodes: Some(nodes),
                ..metadata
            });
        }
        Ok(scope)
    }

    /// Puts the namespaces that a selector finds into the scope, by name and with their keys.
    async fn read_namespaces(&self, scope: &mut RoundScope) -> Result<(), RoundEnd> {
        let Some(selected) = self.selected_namespaces(&scope.eligibility.target).await? else {
            return Ok(());
        };

        scope.eligibility.target.namespaces = selected.scope();
        scope.skipped = selected.skipped;
        scope.warnings.extend(selected.warning);
        Arc::make_mut(&mut scope.eligibility.metadata).namespaces = selected.in_scope;
        Ok(())
    }
}
