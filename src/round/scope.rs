//! Reads what a round must know about its scope before it lists the pods: which namespaces are in it, and the metadata of
//! namespaces, owners and nodes that the rules look at.

pub(crate) mod namespaces;

use std::sync::Arc;

use macaque_core::eligibility::EligibilityConfig;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::report::{RoundEnd, SkippedNamespace};

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
    /// Whether nothing is disrupted, so that the permission to disrupt is not needed.
    pub(crate) dry_run: bool,
    /// How victims are disrupted.
    pub(crate) method: DisruptionMethod,
}

impl ScopeReader<'_> {
    /// Reads the scope of a round with these rules.
    ///
    /// # Errors
    /// The round must end.
    pub(crate) async fn read(&self, eligibility: &EligibilityConfig) -> Result<RoundScope, RoundEnd> {
        let mut scope = RoundScope {
            eligibility: eligibility.clone(),
            skipped: Vec::new(),
            warnings: Vec::new(),
        };
        self.read_namespaces(&mut scope).await?;
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
