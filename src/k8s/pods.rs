//! Reads pods: a list page by page, or a single pod.

use macaque_core::eligibility::PodFilter;
use macaque_core::pod::{Pod, PodRef};
use macaque_core::selector::Selector;

use super::response::ApiResponse;
use super::wire::{ListMeta, ObjectKind, PodObject};
use super::{ApiError, ApiRequest, Cluster, JSON, get};

/// Pods per page: a few megabytes of JSON at a time, whatever the size of the cluster.
const PAGE_LIMIT: usize = 500;

/// One page of a list of pods.
pub struct PodPage {
    /// The pods of this page.
    pub pods: Vec<Pod>,
    /// The token of the next page; `None` after the last one.
    pub next: Option<String>,
    /// Whether the list expired between two pages and restarts with this one.
    pub restarted: bool,
}

/// Where a list continues after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCursor {
    /// The token of the next page; `None` after the last one.
    pub next: Option<String>,
    /// Whether the list expired between two pages and restarts with this one.
    pub restarted: bool,
    /// How many items follow this page, if the server says so, which it does only for lists without selectors.
    pub remaining: Option<usize>,
    /// The version of the list, from which a watch can begin, if the server says it.
    pub version: Option<String>,
}

/// What the API server limits a list of pods to.
#[derive(Debug, Clone, Copy)]
pub struct ListFilter<'a> {
    labels: &'a Selector,
    /// Empty for every pod.
    fields: &'a str,
}

impl<'a> From<&'a Selector> for ListFilter<'a> {
    fn from(labels: &'a Selector) -> Self {
        Self { labels, fields: "" }
    }
}

impl<'a> From<&'a PodFilter> for ListFilter<'a> {
    fn from(filter: &'a PodFilter) -> Self {
        Self {
            labels: &filter.labels,
            fields: &filter.fields,
        }
    }
}

impl PageCursor {
    /// The cursor after a page with this metadata.
    pub(super) fn after(page: ListMeta, restarted: bool) -> Self {
        Self {
            remaining: page.remaining(),
            // An empty token ends the list too.
            next: page.next.filter(|token| !token.is_empty()),
            restarted,
            version: page.version.filter(|version| !version.is_empty()),
        }
    }
}

impl Cluster {
    /// Lists one page of the pods that pass `filter` in `namespace`, or in all namespaces if it is `None`. Continues
    /// from the token `after`. A list that expired between two pages continues from the token that the server offers,
    /// or restarts; a pod may then appear twice.
    ///
    /// # Errors
    /// The list could not be read.
    pub async fn pods<'a>(
        &self,
        namespace: Option<&'a str>,
        filter: impl Into<ListFilter<'a>>,
        after: Option<&str>,
    ) -> Result<PodPage, ApiError> {
        let mut pods = Vec::new();
        let cursor = self
            .each_pod(namespace, filter, after, None, |pod| pods.push(pod))
            .await?;
        Ok(PodPage {
            pods,
            next: cursor.next,
            restarted: cursor.restarted,
        })
    }

    /// Lists one page as [`Cluster::pods`] does, and calls `each` with one pod after the other, so that only one of
    /// them is in memory at a time. If more than `max_following` pods follow the page, its pods are not read at all.
    ///
    /// # Errors
    /// The list could not be read; the pods of this page that `each` already received must be discarded.
    pub async fn each_pod<'a>(
        &self,
        namespace: Option<&'a str>,
        filter: impl Into<ListFilter<'a>>,
        after: Option<&str>,
        max_following: Option<usize>,
        mut each: impl FnMut(Pod),
    ) -> Result<PageCursor, ApiError> {
        let list = PodListRequest {
            max_following,
            ..PodListRequest::of(namespace, filter, JSON, PAGE_LIMIT)
        };
        let (response, restarted) = self.page(&list, after).await?;
        let each = |pod: PodObject| {
            self.progress.add_pods(1);
            each(pod.into());
        };
        let metadata = response.into_items(&[ObjectKind::POD_LIST], || list.describe(), each)?;
        Ok(PageCursor::after(metadata, restarted))
    }

    /// Reads the page at the token `after` or, if the token expired, the page to continue with. Also returns whether
    /// the list restarts with its first page.
    pub(super) async fn page(
        &self,
        list: &PodListRequest<'_>,
        after: Option<&str>,
    ) -> Result<(ApiResponse, bool), ApiError> {
        self.page_of(|after| list.call(after), || list.describe(), after)
            .await
    }

    /// Reads a page as [`Cluster::page`] does, of any list; `call` makes the request for the page at a token.
    pub(super) async fn page_of(
        &self,
        call: impl Fn(Option<&str>) -> ApiRequest,
        what: impl Fn() -> String,
        after: Option<&str>,
    ) -> Result<(ApiResponse, bool), ApiError> {
        let send =
            async |after: Option<&str>| self.send(call(after), self.access.deadlines.read, &what).await;
        let response = send(after).await?;
        if response.status != http::StatusCode::GONE || after.is_none() {
            return Ok((response, false));
        }

        let token = response.continuation();
        Ok((send(token.as_deref()).await?, token.is_none()))
    }

    /// Reads the pod of this namespace and name, whatever its UID is now; `None` if there is none.
    ///
    /// # Errors
    /// The pod could not be read.
    pub async fn pod(&self, pod: &PodRef) -> Result<Option<Pod>, ApiError> {
        let what = || format!("get pod {pod}");
        let response = self
            .send(get(&super::pod_path(pod)), self.access.deadlines.read, what)
            .await?;
        let object = response.into_object_if_any::<PodObject>(ObjectKind::POD, what)?;
        Ok(object.map(Pod::from))
    }
}

/// Describes a list of pods for errors.
pub(crate) fn describe_list(namespace: Option<&str>) -> String {
    format!("list pods in {}", namespace.unwrap_or("all namespaces"))
}

/// The request for a list of pods.
#[derive(Clone, Copy)]
pub(super) struct PodListRequest<'a> {
    pub(super) namespace: Option<&'a str>,
    pub(super) filter: ListFilter<'a>,
    pub(super) accept: &'static str,
    /// Pods per page.
    pub(super) limit: usize,
    /// The field selector that holds beside that of the filter; empty for none.
    pub(super) fields: &'a str,
    /// Additional parameters of the query.
    pub(super) parameters: &'a [(&'a str, &'a str)],
    pub(super) max_following: Option<usize>,
}

impl<'a> PodListRequest<'a> {
    /// The list of the pods that pass `filter` in `namespace`, or in all namespaces, in the form that `accept`
    /// names.
    pub(super) fn of(
        namespace: Option<&'a str>,
        filter: impl Into<ListFilter<'a>>,
        accept: &'static str,
        limit: usize,
    ) -> Self {
        Self {
            namespace,
            filter: filter.into(),
            accept,
            limit,
            fields: "",
            parameters: &[],
            max_following: None,
        }
    }

    pub(super) fn describe(&self) -> String {
        describe_list(self.namespace)
    }

    /// The request for the page at the token `after`.
    pub(super) fn call(&self, after: Option<&str>) -> ApiRequest {
        let base = match self.namespace {
            Some(namespace) => format!("/api/v1/namespaces/{namespace}/pods"),
            None => "/api/v1/pods".to_owned(),
        };

        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &self.limit.to_string());
        if !self.filter.labels.is_empty() {
            query.append_pair("labelSelector", &self.filter.labels.to_string());
        }
        let fields = [self.filter.fields, self.fields];
        let fields: Vec<_> = fields.into_iter().filter(|fields| !fields.is_empty()).collect();
        if !fields.is_empty() {
            query.append_pair("fieldSelector", &fields.join(","));
        }
        query.extend_pairs(self.parameters);
        if let Some(token) = after {
            query.append_pair("continue", token);
        }

        ApiRequest {
            accept: self.accept,
            max_following: self.max_following,
            ..get(&format!("{base}?{}", query.finish()))
        }
    }
}
