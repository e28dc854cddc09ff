//! Refuses what needs containers: logs, commands, forwarded ports and proxies.

use crate::api::get::stored_object;
use crate::store::state::ClusterState;
use crate::wire::route::{RequestInfo, needs_containers};
use crate::wire::status_error::StatusError;

/// Refuses a subresource that needs containers, after the object is found.
pub(crate) fn refuse(state: &ClusterState, info: &RequestInfo) -> Result<(), StatusError> {
    let Some(subresource) = info.subresource.as_deref() else {
        return Ok(());
    };
    if !needs_containers(info.resource, subresource) {
        return Ok(());
    }

    stored_object(state, info)?;
    let plural = info.resource.plural;
    let message = format!("{plural}/{subresource} is not served: the sandbox runs no containers");
    Err(StatusError::new(405, "MethodNotAllowed", message))
}
