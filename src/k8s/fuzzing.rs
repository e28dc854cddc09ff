//! What fuzzing reaches of the Kubernetes adapter: what is read of answers and of kubeconfigs, without a connection.

use std::io::Read;
use std::path::Path;

use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue, Response};
use kube::client::Body;
use macaque_core::pod::{Pod, PodPhase};
use macaque_core::verdict::ApiAnswer;
use serde::Deserialize;
use serde_json::Value;

use super::connect;
use super::response;
use super::wire::{self, ListMeta, NameTable, ObjectKind, PodObject, TypeMeta, WatchLine};

pub use super::connect::fuzzing::ReadKubeconfig;

/// The kinds of lists that are read here.
const LISTS: [ObjectKind; 2] = [ObjectKind::POD_LIST, ObjectKind::METADATA_LIST];

/// What is read of a page of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadPage {
    /// The pods.
    pub pods: Vec<Pod>,
    /// Where the list continues.
    pub next: Option<String>,
    /// The version that the list shows.
    pub version: Option<String>,
    /// How many items follow.
    pub remaining: Option<usize>,
}

impl ReadPage {
    fn new(pods: Vec<Pod>, metadata: ListMeta) -> Self {
        let remaining = metadata.remaining();
        Self {
            pods,
            next: metadata.next,
            version: metadata.version,
            remaining,
        }
    }
}

/// Reads a list of pods one item at a time.
///
/// # Errors
/// The body is not such a list.
pub fn pods(body: impl Read) -> Result<ReadPage, String> {
    let mut pods = Vec::new();
    let metadata = wire::each_item(body, &LISTS, |pod: PodObject| pods.push(pod.into()));
    let metadata = metadata.map_err(|error| error.to_string())?;
    Ok(ReadPage::new(pods, metadata))
}

/// Reads a list of pods whole, as serde reads it; `None` if it is none.
pub fn pods_at_once(body: &[u8]) -> Option<ReadPage> {
    #[derive(Deserialize)]
    struct WholeList {
        metadata: Option<ListMeta>,
        items: Option<Vec<PodObject>>,
    }

    let list: WholeList = serde_json::from_slice(body).ok()?;
    let type_meta = TypeMeta::of(body).ok()?;
    LISTS.iter().any(|kind| type_meta.is(*kind)).then(|| {
        let pods = list.items.unwrap_or_default();
        let pods = pods.into_iter().map(Into::into).collect();
        ReadPage::new(pods, list.metadata.unwrap_or_default())
    })
}

/// Reads a list of the metadata of pods, in protobuf or JSON, one item at a time.
///
/// # Errors
/// The body is not such a list.
pub fn metadata(body: impl Read) -> Result<ReadPage, String> {
    let mut pods = Vec::new();
    let push = |pod: PodObject| pods.push(pod.into_pod_in(PodPhase::Running));
    let metadata = wire::each_metadata(body, &LISTS, push).map_err(|error| error.to_string())?;
    Ok(ReadPage::new(pods, metadata))
}

/// Reads one pod; `None` if it is none.
pub fn pod(object: &Value) -> Option<Pod> {
    let object: PodObject = serde_json::from_value(object.clone()).ok()?;
    Some(object.into())
}

/// The rows of a Table: of each object its name, and its node if the Table tells it.
pub type TableRows = Vec<(String, Option<String>)>;

/// Reads the names and the nodes of a Table. The inner `None` is a Table without names; the outer one stands for a list
/// of pods.
///
/// # Errors
/// The body is neither a Table nor a list of pods.
pub fn table(body: &[u8]) -> Result<Option<Option<TableRows>>, String> {
    let table = NameTable::read(body).map_err(|error| error.to_string())?;
    Ok(table.map(NameTable::into_names))
}

/// Reads a line of a watch, and returns the pod that it is about, if it is about one.
///
/// # Errors
/// The line is none of a watch.
pub fn watch_line(line: &[u8]) -> Result<Option<Pod>, String> {
    match WatchLine::read(line).map_err(|error| error.to_string())? {
        WatchLine::Seen(pod) | WatchLine::Deleted(pod) => Ok(Some(*pod)),
        WatchLine::Bookmark(_) | WatchLine::Expired | WatchLine::Failed(_) => Ok(None),
    }
}

/// Reads the answer to a disruption; `None` if this is none that HTTP has, or could not be read to its end.
pub fn answer(code: u16, headers: &[(&str, &str)], body: &[u8]) -> Option<ApiAnswer> {
    let mut response = Response::builder().status(code);
    for (name, value) in headers {
        let name: HeaderName = name.parse().ok()?;
        response = response.header(name, HeaderValue::from_str(value).ok()?);
    }
    let response = response.body(Body::from(body.to_vec())).ok()?;
    let response = response::read(response, None, None).now_or_never()?;
    Some(response.ok()?.into_answer())
}

/// Reads a kubeconfig and selects the context of this name, or the current one.
///
/// # Errors
/// The text is no kubeconfig.
pub fn kubeconfig(text: &str, context: Option<&str>) -> Result<ReadKubeconfig, String> {
    connect::fuzzing::kubeconfig(text, Path::new("/dir"), context)
}
