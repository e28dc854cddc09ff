//! Lists the names of the pods in scope, for a round that draws names.

use macaque_core::report::RoundEnd;
use macaque_core::selection::NameIndex;

use super::{PodScanner, endless};
use crate::k8s::ApiError;
use crate::list_pager::ListPager;
use crate::read_retry::with_retries;
use crate::round::scope_size::{ScopeNames, ScopeSize};

impl PodScanner<'_> {
    /// The names of the pods in scope, listed unless they were counted already.
    pub(in crate::round) async fn names_of(&self, size: ScopeSize) -> Result<ScopeNames, RoundEnd> {
        match size {
            ScopeSize::Counted(names) => Ok(*names),
            ScopeSize::Unknown | ScopeSize::Unlimited => Ok(self.names().await?),
        }
    }

    /// Lists the names of the pods in scope.
    pub(super) async fn names(&self) -> Result<ScopeNames, ApiError> {
        let mut found = ScopeNames::default();
        for namespace in self.eligibility.target.listed_namespaces() {
            match self.names_in(namespace).await {
                Ok(more) if more.is_empty() => found.problems.extend(self.missing_namespace(namespace).await),
                Ok(more) => found.names.append(more),
                Err(error) => {
                    self.note_refusal(namespace, error, &mut found.problems, &mut found.skipped)?;
                }
            }
        }
        Ok(found)
    }

    /// Lists the names in one namespace, or in all: from tables or, if the server offers none, from metadata.
    async fn names_in(&self, namespace: Option<&str>) -> Result<NameIndex, ApiError> {
        let cluster = self.cluster;
        let filter = &self.eligibility.pod_filter();
        let phases = self.eligibility.phases();
        let mut names = NameIndex::default();
        let mut pager = ListPager::default();
        let mut has_tables = true;

        loop {
            let read = async || {
                let after = pager.after();
                if has_tables {
                    cluster.names(namespace, filter, phases, after).await
                } else {
                    let page = cluster
                        .names_of_metadata(namespace, filter, phases, after)
                        .await?;
                    Ok(Some(page))
                }
            };
            let Some(page) = with_retries(self.platform, self.stop, read).await? else {
                names = NameIndex::default();
                pager = ListPager::default();
                has_tables = false;
                continue;
            };

            let turned = pager.turn(&page.cursor, page.names.len());
            turned.map_err(|why| endless(namespace, why))?;
            if page.cursor.restarted {
                names = NameIndex::default();
            }
            names.append(page.names);
            if page.cursor.next.is_none() {
                return Ok(names);
            }
        }
    }
}
