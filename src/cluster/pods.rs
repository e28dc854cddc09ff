//! Reads pods: a list page by page, or one of them afresh.

use super::wire::{ListOf, PodObject};
use super::{Cluster, ClusterError, get};
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
        let what = || format!("list pods in {}", namespace.unwrap_or("all namespaces"));
        let response = self
            .send(
                get(&list_path(namespace, selector, after)),
                self.access.deadlines.read,
                what,
            )
            .await?;
        let (response, restarted) = if response.status == http::StatusCode::GONE && after.is_some() {
            let token = response.continuation();
            let path = list_path(namespace, selector, token.as_deref());
            (
                self.send(get(&path), self.access.deadlines.read, what).await?,
                token.is_none(),
            )
        } else {
            (response, false)
        };
        let list: ListOf<PodObject> = response.into_object(what)?;
        let pods = list.items.into_iter().map(Pod::from).collect();
        // An empty token ends the list too.
        let next = list.metadata.next.filter(|token| !token.is_empty());
        Ok(Page {
            pods,
            next,
            restarted,
        })
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

fn list_path(namespace: Option<&str>, selector: &Selector, after: Option<&str>) -> String {
    let base = match namespace {
        Some(namespace) => format!("/api/v1/namespaces/{namespace}/pods"),
        None => "/api/v1/pods".to_owned(),
    };
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("limit", &PAGE_LIMIT.to_string());
    if !selector.is_empty() {
        query.append_pair("labelSelector", &selector.to_string());
    }
    if let Some(token) = after {
        query.append_pair("continue", token);
    }
    format!("{base}?{}", query.finish())
}
