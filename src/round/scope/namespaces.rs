//! Finds the namespaces that `target.namespace_selector` selects, and leaves out those in which macaque may not work.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use macaque_core::config::{NamespaceScope, TargetConfig};
use macaque_core::permissions::{self, LIST_NAMESPACES, LIST_PODS};
use macaque_core::report::{RoundEnd, SkippedNamespace};
use macaque_core::scope_metadata::ObjectKeys;
use macaque_core::selector::Selector;

use super::ScopeReader;
use crate::k8s::{ApiError, FoundNamespace};
use crate::read_retry::with_retries;

/// The reason to leave out a namespace without any permission.
const NO_ROLE: &str = "no Role: `macaque rbac` prints it";

/// The namespaces that a selector found.
#[derive(Debug, Default)]
pub(crate) struct SelectedNamespaces {
    /// Those in scope, sorted, with their annotations and labels.
    pub(crate) in_scope: BTreeMap<String, ObjectKeys>,
    /// Those that are left out, and why.
    pub(crate) skipped: Vec<SkippedNamespace>,
    /// The warning that none was found.
    pub(crate) warning: Option<String>,
}

impl SelectedNamespaces {
    /// The namespaces in scope by name.
    pub(crate) fn scope(&self) -> NamespaceScope {
        NamespaceScope::Named(self.in_scope.keys().cloned().collect())
    }
}

impl ScopeReader<'_> {
    /// Lists the namespaces that `target` selects by their labels, and asks for the permissions in each; `None` if labels do
    /// not decide.
    ///
    /// # Errors
    /// The round must end: which namespaces are in scope is not known, and nothing is guessed.
    pub(crate) async fn selected_namespaces(
        &self,
        target: &TargetConfig,
    ) -> Result<Option<SelectedNamespaces>, RoundEnd> {
        let Some(selector) = target.namespaces.selector() else {
            return Ok(None);
        };

        let read = async || self.cluster.namespaces(selector, None).await;
        let mut found = with_retries(self.platform, self.stop, read)
            .await
            .map_err(unlisted)?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        // A list that changes between two pages may name a namespace twice.
        found.dedup_by(|a, b| a.name == b.name);

        let matches_any = !found.is_empty();
        found.retain(|namespace| !target.excludes_namespace(&namespace.name));

        let mut selected = SelectedNamespaces::default();
        if found.is_empty() {
            selected.warning = Some(if matches_any {
                format!("target.exclude_namespaces excludes every namespace with {selector}")
            } else {
                format!("no namespace matches {selector}")
            });
        }
        let reasons = try_join_all(found.iter().map(|namespace| self.reason_to_skip(namespace))).await?;
        for (namespace, reason) in found.into_iter().zip(reasons) {
            match reason {
                None => drop(
                    selected
                        .in_scope
                        .insert(namespace.name, namespace.keys.into_own()),
                ),
                Some(why) => SkippedNamespace::note(&mut selected.skipped, &namespace.name, why),
            }
        }
        Ok(Some(selected))
    }

    /// The reason to leave out a namespace, if there is one.
    async fn reason_to_skip(&self, namespace: &FoundNamespace) -> Result<Option<String>, ApiError> {
        if namespace.is_terminating {
            return Ok(Some("it is being deleted".to_owned()));
        }

        // This permission tells a namespace without a Role from one whose Role lacks something.
        let mut needed = permissions::in_namespace(self.dry_run, self.method);
        needed.sort_by_key(|permission| *permission != LIST_PODS);

        for permission in needed {
            let grant = permission.within(Some(&namespace.name));
            let read = async || self.cluster.held_lately(&grant).await;
            if !with_retries(self.platform, self.stop, read).await? {
                return Ok(Some(if permission == LIST_PODS {
                    NO_ROLE.to_owned()
                } else {
                    format!("its Role does not grant to {permission}: `macaque rbac` prints it")
                }));
            }
        }
        Ok(None)
    }

    /// Whether the namespace `name` still matches `selector`: labels may change while a round runs.
    ///
    /// # Errors
    /// The round must end.
    pub(crate) async fn is_still_selected(&self, selector: &Selector, name: &str) -> Result<bool, RoundEnd> {
        let read = async || self.cluster.namespaces(selector, Some(name)).await;
        let found = with_retries(self.platform, self.stop, read)
            .await
            .map_err(unlisted)?;
        Ok(found
            .iter()
            .any(|namespace| namespace.name == name && !namespace.is_terminating))
    }
}

/// The reason to leave out a namespace in which the API server refused a request.
pub(crate) fn refused(error: &ApiError) -> String {
    match error {
        ApiError::Forbidden { what, .. } if what.starts_with("list pods") => NO_ROLE.to_owned(),
        ApiError::Forbidden { what, .. } => format!("not allowed: {what}; `macaque rbac` prints the Role"),
        error => error.to_string(),
    }
}

/// The end of a round that cannot list the namespaces.
fn unlisted(error: ApiError) -> RoundEnd {
    match error {
        ApiError::Forbidden { .. } => RoundEnd::Failed {
            why: format!(
                "{error}; target.namespace_selector needs it: {}",
                LIST_NAMESPACES.within(None).remedy()
            ),
        },
        error => error.into(),
    }
}
