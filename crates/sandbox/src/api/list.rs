//! Answers lists, page by page from a snapshot, with continue tokens.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::api::conversion::to_request_version;
use crate::api::list_options::{SelectionPredicate, read_resource_version};
use crate::store::list_snapshot::ListSnapshot;
use crate::store::object_store::ObjectKey;
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::representation::Representation;
use crate::wire::request::{ApiRequest, QueryParameters};
use crate::wire::route::RequestInfo;
use crate::wire::status_error::{FieldError, StatusError};

const EXPIRED_MESSAGE: &str = "The provided continue parameter is too old to display a consistent list result. You \
    can start a new list without the continue parameter, or use the continue token in this response to retrieve the \
    remainder of the results. Continuing with the provided token results in an inconsistent list - objects that \
    were created, modified, or deleted between the time the first chunk was returned and now may show up in the \
    list.";

/// The version of continue tokens, the same as in real ones (`apiserver/pkg/storage/continue.go`).
const TOKEN_VERSION: &str = "meta.k8s.io/v1";

/// Answers a GET of a collection.
pub(crate) fn list(
    state: &mut ClusterState,
    info: &RequestInfo,
    request: &ApiRequest,
    representation: Representation,
) -> Result<ApiReply, StatusError> {
    let query = &request.query;
    validate_options(query)?;
    let predicate = SelectionPredicate::read(info, request)?;
    read_resource_version(query, state.store.revision())?;
    let limit = read_limit(query)?;
    let (snapshot, start) = find_start(state, info, query.get("continue"))?;

    // The objects are sorted by key, so a binary search finds where the page starts.
    let skipped = snapshot
        .objects
        .partition_point(|object| ObjectKey::of(object) < start);
    let mut selected = snapshot.objects[skipped..]
        .iter()
        .filter(|object| predicate.matches(object));
    let page: Vec<Arc<Value>> = selected
        .by_ref()
        .take(limit)
        .map(|object| to_request_version(info.resource, object))
        .collect();

    let mut metadata = json!({ "resourceVersion": snapshot.revision.to_string() });
    if let Some(next) = selected.next() {
        let token = encode_token(i128::from(snapshot.revision), &ObjectKey::of(next));
        metadata["continue"] = json!(token);
        // With a selector, a real server does not know the number of remaining items, and gives none.
        if predicate.is_unrestricted() {
            metadata["remainingItemCount"] = json!(selected.count() + 1);
        }
        state.snapshots.keep(&snapshot);
    }

    let items = page.iter().map(|object| &**object);
    let resource = info.resource;
    let list = representation.list(resource.kind, &resource.api_version(), items, metadata)?;
    Ok(ApiReply::json(200, list))
}

/// Finds the snapshot to read from, and the key to start at.
fn find_start(
    state: &ClusterState,
    info: &RequestInfo,
    token: &str,
) -> Result<(ListSnapshot, ObjectKey), StatusError> {
    if token.is_empty() {
        return Ok((take_snapshot(state, info), ObjectKey::default()));
    }

    let (revision, start) = decode_token(token)?;
    let Ok(revision) = u64::try_from(revision) else {
        // A negative revision continues with the current objects.
        return Ok((take_snapshot(state, info), start));
    };

    let found = state
        .snapshots
        .find(revision, info.resource.kind, info.namespace.as_deref());
    match found {
        Some(snapshot) => Ok((snapshot.clone(), start)),
        None => Err(StatusError {
            continue_at: Some(encode_token(-1, &start)),
            ..StatusError::new(410, "Expired", EXPIRED_MESSAGE)
        }),
    }
}

fn take_snapshot(state: &ClusterState, info: &RequestInfo) -> ListSnapshot {
    let kind = info.resource.kind;
    ListSnapshot {
        revision: state.store.revision(),
        kind,
        namespace: info.namespace.clone(),
        objects: Arc::new(state.store.list(kind, info.namespace.as_deref())),
    }
}

/// Encodes a continue token, which is opaque to clients: the hexadecimal digits of a JSON object.
fn encode_token(revision: i128, start: &ObjectKey) -> String {
    let token = json!({
        "v": TOKEN_VERSION, "rv": revision.to_string(), "start": [start.namespace, start.name],
    });
    let text = token.to_string();
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn decode_token(token: &str) -> Result<(i128, ObjectKey), StatusError> {
    let invalid = |why: &str| StatusError::bad_request(format!("continue key is not valid: {why}"));

    let digits = token
        .as_bytes()
        .chunks(2)
        .map(|pair| std::str::from_utf8(pair).unwrap_or_default());
    let bytes: Result<Vec<u8>, _> = digits.map(|pair| u8::from_str_radix(pair, 16)).collect();
    let bytes = bytes.map_err(|error| invalid(&error.to_string()))?;
    let token: Value = serde_json::from_slice(&bytes).map_err(|error| invalid(&error.to_string()))?;

    let revision = token["rv"].as_str().and_then(|text| text.parse().ok());
    let revision = revision
        .ok_or_else(|| invalid("incorrect encoded start resourceVersion (version meta.k8s.io/v1)"))?;
    let namespace = token["start"][0].as_str();
    let name = token["start"][1].as_str();
    match (namespace, name) {
        (Some(namespace), Some(name)) => Ok((revision, ObjectKey::new(namespace, name))),
        _ => Err(invalid("encoded start key empty (version meta.k8s.io/v1)")),
    }
}

fn read_limit(query: &QueryParameters) -> Result<usize, StatusError> {
    let text = query.get("limit");
    // A list at version zero is served from the watch cache, which ignores limits.
    let is_unlimited = matches!(text, "" | "0") || query.get("resourceVersion") == "0";
    if is_unlimited {
        return Ok(usize::MAX);
    }
    text.parse()
        .map_err(|_| StatusError::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax")))
}

/// Validates the options of a list by the rules of `apimachinery/pkg/apis/meta/internalversion/validation`.
fn validate_options(query: &QueryParameters) -> Result<(), StatusError> {
    let mut errors = Vec::new();
    if query.has("resourceVersionMatch") {
        let field = "resourceVersionMatch";
        if query.get("resourceVersion").is_empty() {
            let why = "resourceVersionMatch is forbidden unless resourceVersion is provided";
            errors.push(FieldError::forbidden(field, why));
        }
        if query.has("continue") {
            let why = "resourceVersionMatch is forbidden when continue is provided";
            errors.push(FieldError::forbidden(field, why));
        }
    }
    if query.has("sendInitialEvents") {
        let why = "sendInitialEvents is forbidden for list";
        errors.push(FieldError::forbidden("sendInitialEvents", why));
    }

    if errors.is_empty() {
        return Ok(());
    }
    Err(StatusError::invalid("meta.k8s.io", "ListOptions", "", &errors))
}
