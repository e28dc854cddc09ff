//! Answers a GET of one object, of its status or of its scale.

use std::sync::Arc;

use serde_json::Value;

use crate::api::conversion::to_request_version;
use crate::api::scale;
use crate::store::state::ClusterState;
use crate::wire::reply::ApiReply;
use crate::wire::representation::Representation;
use crate::wire::route::RequestInfo;
use crate::wire::status_error::StatusError;

/// Answers a GET of one object.
pub(crate) fn get(
    state: &ClusterState,
    info: &RequestInfo,
    representation: Representation,
) -> Result<ApiReply, StatusError> {
    let found = stored_object(state, info)?;
    if info.is_subresource("scale") {
        return Ok(ApiReply::json(200, scale::scale_of(&found)));
    }

    let object = to_request_version(info.resource, &found);
    Ok(ApiReply::json(200, representation.object(&object)?))
}

/// Finds the object that a request addresses, or refuses with `404 NotFound`.
pub(crate) fn stored_object(state: &ClusterState, info: &RequestInfo) -> Result<Arc<Value>, StatusError> {
    let found = state.store.get(info.resource.kind, info.namespace(), info.name());
    found.ok_or_else(|| info.not_found())
}
