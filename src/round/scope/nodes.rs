//! Reads which nodes `target.node_selector` selects.

use std::collections::BTreeSet;

use macaque_core::report::RoundEnd;
use macaque_core::selector::Selector;

use super::ScopeReader;
use crate::k8s::ApiError;
use crate::read_retry::with_retries;

/// What to do if the nodes may not be listed.
const REMEDY: &str =
    "grant list on nodes by a ClusterRole, as `macaque rbac` prints it, or remove target.node_selector";

impl ScopeReader<'_> {
    /// The names of the nodes that `selector` selects; `None` if it is empty, which selects every node.
    ///
    /// # Errors
    /// The nodes could not be listed, and so the round must end: nobody knows which pods are in scope.
    pub(super) async fn selected_nodes(
        &self,
        selector: &Selector,
    ) -> Result<Option<BTreeSet<String>>, RoundEnd> {
        if selector.is_empty() {
            return Ok(None);
        }

        let read = async || self.cluster.node_names(selector).await;
        match with_retries(self.platform, self.stop, read).await {
            Ok(names) => Ok(Some(names)),
            Err(error @ ApiError::Forbidden { .. }) => Err(RoundEnd::Failed {
                why: format!("{error}; {REMEDY}"),
            }),
            Err(error) => Err(error.into()),
        }
    }
}
