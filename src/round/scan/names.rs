//! Lists the names of the pods in scope, for a round that draws names.

use macaque_core::pod::PodPhase;
use macaque_core::report::RoundEnd;
use macaque_core::selection::NameIndex;

use super::{PodScanner, endless};
use crate::k8s::{ApiError, NamePage};
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
        let phases = self.eligibility.phases();
        match self.table_of(namespace, phases).await? {
            Some(table) => Ok(table.names),
            None => self.names_of_metadata(namespace, phases).await,
        }
    }

    /// Lists the names in one namespace, or in all, of the pods in `phases`, with their nodes and the version of the list;
    /// `None` if the server offers no tables.
    pub(super) async fn table_of(
        &self,
        namespace: Option<&str>,
        phases: &[PodPhase],
    ) -> Result<Option<ListedNames>, ApiError> {
        let filter = &self.eligibility.pod_filter();
        let page = async |after: Option<&str>| self.cluster.names(namespace, filter, phases, after).await;
        self.list_names(namespace, page).await
    }

    /// Lists the names in one namespace, or in all, from metadata.
    async fn names_of_metadata(
        &self,
        namespace: Option<&str>,
        phases: &[PodPhase],
    ) -> Result<NameIndex, ApiError> {
        let filter = &self.eligibility.pod_filter();
        let page = async |after: Option<&str>| {
            let page = self.cluster.names_of_metadata(namespace, filter, phases, after);
            page.await.map(Some)
        };
        let listed = self.list_names(namespace, page).await?;
        Ok(listed.unwrap_or_default().names)
    }

    /// Lists names by the `page` after a token; `None` as soon as there is no such page.
    async fn list_names(
        &self,
        namespace: Option<&str>,
        page: impl AsyncFn(Option<&str>) -> Result<Option<NamePage>, ApiError>,
    ) -> Result<Option<ListedNames>, ApiError> {
        let mut listed = ListedNames::default();
        let mut pager = ListPager::default();
        loop {
            let read = async || page(pager.after()).await;
            let Some(page) = with_retries(self.platform, self.stop, read).await? else {
                return Ok(None);
            };
            if listed.add(page, &mut pager, namespace)? {
                return Ok(Some(listed));
            }
        }
    }
}

/// The names of a list, page by page.
#[derive(Default)]
pub(super) struct ListedNames {
    pub(super) names: NameIndex,
    /// The version of the list, if the server says it.
    pub(super) version: Option<String>,
}

impl ListedNames {
    /// Adds a page; returns whether it was the last.
    fn add(
        &mut self,
        page: NamePage,
        pager: &mut ListPager,
        namespace: Option<&str>,
    ) -> Result<bool, ApiError> {
        let turned = pager.turn(&page.cursor, page.names.len());
        turned.map_err(|why| endless(namespace, why))?;
        if page.cursor.restarted {
            self.names = NameIndex::default();
        }
        self.names.append(page.names);
        self.version = page.cursor.version;
        Ok(page.cursor.next.is_none())
    }
}
