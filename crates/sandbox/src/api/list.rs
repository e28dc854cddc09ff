//! Lists: selection, pages over a snapshot, and the tokens that lead from page to page.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::selectors::fields::FieldSelector;
use crate::selectors::labels::LabelSelector;
use crate::store::object;
use crate::store::object_store::{self, ObjectKey};
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::representation::Representation;
use crate::wire::request::{QueryParameters, Request};
use crate::wire::route::RequestInfo;
use crate::wire::status_error::{FieldError, StatusError};

/// Lists being read page by page at the same time; an older one expires, as it does after a compaction.
const SNAPSHOT_CACHE_SIZE: usize = 32;

const EXPIRED: &str = "The provided continue parameter is too old to display a consistent list result. You can \
    start a new list without the continue parameter, or use the continue token in this response to retrieve the \
    remainder of the results. Continuing with the provided token results in an inconsistent list - objects that \
    were created, modified, or deleted between the time the first chunk was returned and now may show up in the \
    list.";

/// A collection as it was when its first page was read.
#[derive(Debug, Clone)]
pub(crate) struct ListSnapshot {
    revision: u64,
    kind: &'static str,
    namespace: Option<String>,
    objects: Arc<Vec<Arc<Value>>>,
}

/// Which objects of a collection are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct SelectionPredicate {
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
    pub(crate) name: Option<String>,
}

impl SelectionPredicate {
    pub(crate) fn read(target: &RequestInfo, request: &Request) -> Result<Self, StatusError> {
        let labels =
            LabelSelector::parse(request.query.get("labelSelector")).map_err(StatusError::bad_request)?;
        let fields = FieldSelector::parse(request.query.get("fieldSelector"), target.resource)?;
        Ok(Self {
            labels,
            fields,
            name: target.name.clone(),
        })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        self.name
            .as_deref()
            .is_none_or(|name| object::name(object) == name)
            && self.labels.matches(object::labels(object))
            && self.fields.matches(object)
    }

    fn is_unrestricted(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty() && self.name.is_none()
    }
}

/// Answers a GET of a collection.
pub(crate) fn answer(
    state: &mut ClusterState,
    target: &RequestInfo,
    request: &Request,
    form: Representation,
) -> Result<ApiReply, StatusError> {
    check_options(request)?;
    let selection = SelectionPredicate::read(target, request)?;
    let query = &request.query;
    let version = read_version(query.get("resourceVersion"))?;
    check_version(version, state.store.revision())?;
    let limit = read_limit(query)?;
    let (snapshot, start) = place(state, target, query.get("continue"))?;
    let skipped = snapshot
        .objects
        .partition_point(|object| object_store::key(object) < start);
    let mut rest = snapshot.objects[skipped..]
        .iter()
        .filter(|object| selection.matches(object));
    let page: Vec<Arc<Value>> = rest
        .by_ref()
        .take(limit)
        .map(|object| target.resource.presented(object))
        .collect();
    let mut metadata = json!({ "resourceVersion": snapshot.revision.to_string() });
    if let Some(next) = rest.next() {
        metadata["continue"] = json!(token(i128::from(snapshot.revision), &object_store::key(next)));
        if selection.is_unrestricted() {
            metadata["remainingItemCount"] = json!(rest.count() + 1);
        }
        remember(state, &snapshot);
    }
    let resource = target.resource;
    let items = page.iter().map(|object| &**object);
    Ok(ApiReply::json(
        200,
        form.list(resource.kind, &resource.api_version(), items, metadata)?,
    ))
}

/// The snapshot to read from, and the key at which to start.
fn place(
    state: &ClusterState,
    target: &RequestInfo,
    token: &str,
) -> Result<(ListSnapshot, ObjectKey), StatusError> {
    if token.is_empty() {
        return Ok((snapshot(state, target), ObjectKey::default()));
    }
    let (revision, start) = read_token(token)?;
    let Ok(revision) = u64::try_from(revision) else {
        // A negative revision goes on at whatever is there now.
        return Ok((snapshot(state, target), start));
    };
    let kept = state.snapshots.iter().find(|kept| {
        (kept.revision, kept.kind, &kept.namespace) == (revision, target.resource.kind, &target.namespace)
    });
    kept.map(|kept| (kept.clone(), start.clone())).ok_or_else(|| {
        let failure = StatusError::new(410, "Expired", EXPIRED);
        StatusError {
            continue_at: Some(self::token(-1, &start)),
            ..failure
        }
    })
}

fn snapshot(state: &ClusterState, target: &RequestInfo) -> ListSnapshot {
    let kind = target.resource.kind;
    let objects = Arc::new(state.store.list(kind, target.namespace.as_deref()));
    ListSnapshot {
        revision: state.store.revision(),
        kind,
        namespace: target.namespace.clone(),
        objects,
    }
}

fn remember(state: &mut ClusterState, snapshot: &ListSnapshot) {
    let same = |kept: &ListSnapshot| Arc::ptr_eq(&kept.objects, &snapshot.objects);
    if state.snapshots.iter().any(same) {
        return;
    }
    if state.snapshots.len() == SNAPSHOT_CACHE_SIZE {
        state.snapshots.pop_front();
    }
    state.snapshots.push_back(snapshot.clone());
}

/// Opaque to clients: hexadecimal digits of a JSON object.
fn token(revision: i128, start: &ObjectKey) -> String {
    let text =
        json!({ "v": "meta.k8s.io/v1", "rv": revision.to_string(), "start": [start.namespace, start.name] })
            .to_string();
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn read_token(token: &str) -> Result<(i128, ObjectKey), StatusError> {
    let invalid = |why: &str| StatusError::bad_request(format!("continue key is not valid: {why}"));
    let digits = token
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    let bytes: Result<Vec<u8>, _> = digits.map(|pair| u8::from_str_radix(pair, 16)).collect();
    let bytes = bytes.map_err(|error| invalid(&error.to_string()))?;
    let read: Value = serde_json::from_slice(&bytes).map_err(|error| invalid(&error.to_string()))?;
    let revision = read["rv"].as_str().and_then(|text| text.parse().ok());
    let revision = revision
        .ok_or_else(|| invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)"))?;
    match (read["start"][0].as_str(), read["start"][1].as_str()) {
        (Some(namespace), Some(name)) => Ok((revision, ObjectKey::new(namespace, name))),
        _ => Err(invalid("encoded start key empty (version meta.k8s.io/v1)")),
    }
}

/// A list at version zero comes from a cache that knows no limits.
fn read_limit(query: &QueryParameters) -> Result<usize, StatusError> {
    match query.get("limit") {
        "" | "0" => Ok(usize::MAX),
        _ if query.get("resourceVersion") == "0" => Ok(usize::MAX),
        text => text.parse().map_err(|_| {
            StatusError::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))
        }),
    }
}

/// The revision that a client names; none is as good as zero.
pub(crate) fn read_version(text: &str) -> Result<u64, StatusError> {
    match text {
        "" => Ok(0),
        text => text.parse().map_err(|_| {
            let body =
                format!("Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax");
            let error = FieldError {
                reason: "FieldValueInvalid",
                field: "resourceVersion",
                body,
            };
            StatusError::invalid("meta.k8s.io", "ListOptions", "", &[error])
        }),
    }
}

/// A revision that is yet to come cannot be served.
pub(crate) fn check_version(wanted: u64, current: u64) -> Result<(), StatusError> {
    if wanted <= current {
        return Ok(());
    }
    let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
    let failure = StatusError::new(504, "Timeout", message).retry_after(1);
    Err(failure.cause("ResourceVersionTooLarge", "Too large resource version", ""))
}

fn check_options(request: &Request) -> Result<(), StatusError> {
    let query = &request.query;
    let mut errors = Vec::new();
    let mut forbid = |field: &'static str, why: &str| {
        errors.push(FieldError {
            reason: "FieldValueForbidden",
            field,
            body: format!("Forbidden: {why}"),
        });
    };
    if query.has("resourceVersionMatch") {
        if query.get("resourceVersion").is_empty() {
            forbid(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            );
        }
        if query.has("continue") {
            forbid(
                "resourceVersionMatch",
                "resourceVersionMatch is forbidden when continue is provided",
            );
        }
    }
    if query.has("sendInitialEvents") {
        forbid("sendInitialEvents", "sendInitialEvents is forbidden for list");
    }
    match errors.as_slice() {
        [] => Ok(()),
        errors => Err(StatusError::invalid("meta.k8s.io", "ListOptions", "", errors)),
    }
}
