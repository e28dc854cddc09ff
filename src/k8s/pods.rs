//! Reads pods: a list page by page, or one of them afresh.

use macaque_core::pod::{Pod, PodRef};
use macaque_core::selector::Selector;

use super::response::ApiResponse;
use super::wire::{ListMeta, PodObject};
use super::{ApiError, ApiRequest, Cluster, JSON, get};

/// Pods a page: a few megabytes of JSON at a time, whatever the size of the cluster.
const PAGE_LIMIT: usize = 500;

/// One page of a listing.
pub struct PodPage {
    /// The pods of this page.
    pub pods: Vec<Pod>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
    /// Whether the listing expired between two pages and starts anew with this one.
    pub restarted: bool,
}

/// Where a listing goes on after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageCursor {
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
    /// Whether the listing expired between two pages and starts anew with this one.
    pub restarted: bool,
    /// How many items come after this page, where the server says so: of lists without selectors only.
    pub remaining: Option<usize>,
}

impl PageCursor {
    /// The cursor after a page with this metadata.
    pub(super) fn after(page: ListMeta, restarted: bool) -> Self {
        Self {
            remaining: page.remaining(),
            // An empty token ends the list too.
            next: page.next.filter(|token| !token.is_empty()),
            restarted,
        }
    }
}

impl Cluster {
    /// Lists one page of the pods that match `selector` in `namespace` (`None`: in all), from where `after` left
    /// off. A listing that expired between two pages goes on from the token that the server offers, or starts
    /// anew; a pod may then come twice.
    ///
    /// # Errors
    /// The list could not be read.
    pub async fn pods(
        &self,
        namespace: Option<&str>,
        selector: &Selector,
        after: Option<&str>,
    ) -> Result<PodPage, ApiError> {
        let mut pods = Vec::new();
        let turn = self
            .each_pod(namespace, selector, after, None, |pod| pods.push(pod))
            .await?;
        Ok(PodPage {
            pods,
            next: turn.next,
            restarted: turn.restarted,
        })
    }

    /// Lists one page as [`Cluster::pods`] does, with each pod handed on as soon as it is parsed: no two of them are in
    /// memory at a time. The pods of a page that more than `glance` others come after are not read at all.
    ///
    /// # Errors
    /// The list could not be read; the pods of this page that were handed on before count for nothing then.
    pub async fn each_pod(
        &self,
        namespace: Option<&str>,
        selector: &Selector,
        after: Option<&str>,
        glance: Option<usize>,
        mut each: impl FnMut(Pod),
    ) -> Result<PageCursor, ApiError> {
        let list = PodListRequest {
            glance,
            ..PodListRequest::of(namespace, selector, JSON, PAGE_LIMIT)
        };
        let (response, restarted) = self.page(&list, after).await?;
        let metadata = response.into_items(|| list.describe(), |pod: PodObject| each(pod.into()))?;
        Ok(PageCursor::after(metadata, restarted))
    }

    /// Reads the page that begins at `after`, and where that token expired, the page to go on with: whether it is the
    /// first one again.
    pub(super) async fn page(
        &self,
        list: &PodListRequest<'_>,
        after: Option<&str>,
    ) -> Result<(ApiResponse, bool), ApiError> {
        let send = async |after: Option<&str>| {
            self.send(list.call(after), self.access.deadlines.read, || list.describe())
                .await
        };
        let response = send(after).await?;
        if response.status != http::StatusCode::GONE || after.is_none() {
            return Ok((response, false));
        }
        let token = response.continuation();
        Ok((send(token.as_deref()).await?, token.is_none()))
    }

    /// Reads the pod of this namespace and name, whichever UID it has now; `None` if there is none.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn pod(&self, pod: &PodRef) -> Result<Option<Pod>, ApiError> {
        let what = || format!("get pod {pod}");
        let response = self
            .send(get(&super::pod_path(pod)), self.access.deadlines.read, what)
            .await?;
        let object = response.into_object_if_any::<PodObject>(what)?;
        Ok(object.map(Pod::from))
    }
}

/// A listing of pods in words.
pub(crate) fn describe_list(namespace: Option<&str>) -> String {
    format!("list pods in {}", namespace.unwrap_or("all namespaces"))
}

/// The request for a list of pods, in one of its forms.
#[derive(Clone, Copy)]
pub(super) struct PodListRequest<'a> {
    pub(super) namespace: Option<&'a str>,
    pub(super) selector: &'a Selector,
    pub(super) accept: &'static str,
    /// Pods a page.
    pub(super) limit: usize,
    /// More parameters of the query.
    pub(super) parameters: &'a [(&'a str, &'a str)],
    pub(super) glance: Option<usize>,
}

impl<'a> PodListRequest<'a> {
    /// The pods that match `selector` in `namespace` (`None`: in all), in the form that `accept` names.
    pub(super) fn of(
        namespace: Option<&'a str>,
        selector: &'a Selector,
        accept: &'static str,
        limit: usize,
    ) -> Self {
        Self {
            namespace,
            selector,
            accept,
            limit,
            parameters: &[],
            glance: None,
        }
    }

    pub(super) fn describe(&self) -> String {
        describe_list(self.namespace)
    }

    /// The request for the page that begins at `after`.
    pub(super) fn call(&self, after: Option<&str>) -> ApiRequest {
        let base = match self.namespace {
            Some(namespace) => format!("/api/v1/namespaces/{namespace}/pods"),
            None => "/api/v1/pods".to_owned(),
        };

        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &self.limit.to_string());
        if !self.selector.is_empty() {
            query.append_pair("labelSelector", &self.selector.to_string());
        }
        query.extend_pairs(self.parameters);
        if let Some(token) = after {
            query.append_pair("continue", token);
        }

        ApiRequest {
            accept: self.accept,
            glance: self.glance,
            ..get(&format!("{base}?{}", query.finish()))
        }
    }
}
