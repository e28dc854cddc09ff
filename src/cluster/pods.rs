//! Reads pods: a list page by page, or one of them afresh.

use super::wire::{ListMeta, PodObject};
use super::{Call, Cluster, ClusterError, get};
use crate::chaos::pod::{Pod, PodRef};
use crate::chaos::selector::Selector;

/// Pods a page: a few megabytes of JSON at a time, whatever the size of the cluster.
const PAGE_LIMIT: usize = 500;

/// One page of a listing.
pub struct Page {
    /// The pods of this page.
    pub pods: Vec<Pod>,
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
    /// Whether the listing expired between two pages and starts anew with this one.
    pub restarted: bool,
}

/// How a listing goes on after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Where to go on; `None` at the end.
    pub next: Option<String>,
    /// Whether the listing expired between two pages and starts anew with this one.
    pub restarted: bool,
    /// How many items come after this page, where the server says so: of lists without selectors only.
    pub remaining: Option<usize>,
}

impl Turn {
    /// The turn after a page with this metadata.
    pub(super) fn after(page: ListMeta, restarted: bool) -> Self {
        Self {
            // An empty token ends the list too.
            next: page.next.filter(|token| !token.is_empty()),
            restarted,
            remaining: page.remaining_item_count,
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
    ) -> Result<Page, ClusterError> {
        let mut pods = Vec::new();
        let turn = self
            .each_pod(namespace, selector, after, None, |pod| pods.push(pod))
            .await?;
        Ok(Page {
            pods,
            next: turn.next,
            restarted: turn.restarted,
        })
    }

    /// The same, with each pod handed on as soon as it is parsed: no two of them are in memory at a time. The pods of
    /// a page that more than `glance` others come after are not read at all.
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
    ) -> Result<Turn, ClusterError> {
        let page = |after: Option<&str>| Call {
            glance,
            ..get(&list_path(namespace, selector, PAGE_LIMIT, after, &[]))
        };
        let what = || list_words(namespace);
        let (response, restarted) = self.page(page, after, what).await?;
        let metadata = response.into_items(what, |pod: PodObject| each(pod.into()))?;
        Ok(Turn::after(metadata, restarted))
    }

    /// Reads the page that begins at `after`, and where that token expired, the page to go on with: whether it is the
    /// first one again.
    pub(super) async fn page(
        &self,
        call: impl Fn(Option<&str>) -> Call,
        after: Option<&str>,
        what: impl Fn() -> String + Copy,
    ) -> Result<(super::response::Response, bool), ClusterError> {
        let deadline = self.access.deadlines.read;
        let response = self.send(call(after), deadline, what).await?;
        if response.status != http::StatusCode::GONE || after.is_none() {
            return Ok((response, false));
        }
        let token = response.continuation();
        let response = self.send(call(token.as_deref()), deadline, what).await?;
        Ok((response, token.is_none()))
    }

    /// Reads the pod of this namespace and name, whichever UID it has now; `None` if there is none.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn pod(&self, pod: &PodRef) -> Result<Option<Pod>, ClusterError> {
        let what = || format!("get pod {pod}");
        let response = self
            .send(get(&super::pod_path(pod)), self.access.deadlines.read, what)
            .await?;
        let object = response.into_object_if_any::<PodObject>(what)?;
        Ok(object.map(Pod::from))
    }
}

/// A listing of pods in words.
pub(super) fn list_words(namespace: Option<&str>) -> String {
    format!("list pods in {}", namespace.unwrap_or("all namespaces"))
}

/// The path of a page of at most `limit` pods, with the parameters of `more`.
pub(super) fn list_path(
    namespace: Option<&str>,
    selector: &Selector,
    limit: usize,
    after: Option<&str>,
    more: &[(&str, &str)],
) -> String {
    let base = match namespace {
        Some(namespace) => format!("/api/v1/namespaces/{namespace}/pods"),
        None => "/api/v1/pods".to_owned(),
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &limit.to_string());
    if !selector.is_empty() {
        query.append_pair("labelSelector", &selector.to_string());
    }
    query.extend_pairs(more);
    if let Some(token) = after {
        query.append_pair("continue", token);
    }
    format!("{base}?{}", query.finish())
}
