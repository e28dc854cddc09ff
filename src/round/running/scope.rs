//! The scope of a running round: read at its start, and checked again for each victim.

use macaque_core::eligibility::Exemption;
use macaque_core::pod::Pod;
use macaque_core::report::{RoundEnd, SkippedNamespace};
use macaque_core::selector::Selector;

use super::RunningRound;
use crate::round::scope::ScopeReader;

impl<'a> RunningRound<'a> {
    /// Reads what the rules need to know about the scope.
    pub(super) async fn read_scope(&mut self) -> Result<(), RoundEnd> {
        let reader = self.scope_reader();
        let config = self.context.config;
        let scope = Box::pin(reader.read(&config.eligibility, &config.disrupt.pace)).await?;

        self.eligibility = scope.eligibility;
        self.report.namespaces = self.eligibility.target.namespaces.names().to_vec();
        self.report.skipped = scope.skipped;
        for warning in scope.warnings {
            self.guards.warn(warning);
        }
        Ok(())
    }

    fn scope_reader(&self) -> ScopeReader<'a> {
        ScopeReader {
            cluster: self.context.cluster,
            stop: self.context.stop,
            platform: self.context.platform,
            dry_run: self.context.config.dry_run,
            method: self.context.config.disrupt.method,
        }
    }

    /// The selector by which the namespaces in scope were found, if they were.
    pub(super) fn namespace_selector(&self) -> Option<&'a Selector> {
        let context = self.context;
        context.config.eligibility.target.namespaces.selector()
    }

    /// Notes namespaces that are left out.
    pub(in crate::round) fn note_skipped(&mut self, skipped: Vec<SkippedNamespace>) {
        for SkippedNamespace { namespace, why } in skipped {
            SkippedNamespace::note(&mut self.report.skipped, &namespace, why);
        }
    }

    /// The exemption of a victim whose namespace was found by its labels, and does not match any more.
    ///
    /// # Errors
    /// The round must end: the labels cannot be read.
    pub(super) async fn left_scope(&mut self, victim: &Pod) -> Result<Option<Exemption>, RoundEnd> {
        let Some(selector) = self.namespace_selector() else {
            return Ok(None);
        };
        let namespace = &victim.id.namespace;
        let reader = self.scope_reader();
        let is_selected = reader.is_still_selected(selector, namespace).await?;
        if is_selected {
            self.guards.note_selected(namespace);
        }
        Ok((!is_selected).then(|| Exemption::unselected_namespace(selector)))
    }
}
