//! The options that lists and watches share: which objects to select, and from which revision.

use serde_json::Value;

use crate::selectors::fields::FieldSelector;
use crate::selectors::labels::LabelSelector;
use crate::store::object;
use crate::wire::request::{ApiRequest, QueryParameters};
use crate::wire::route::RequestInfo;
use crate::wire::status_error::{FieldError, StatusError};

/// Selects the objects of a collection that a request asks for (`SelectionPredicate` in `apiserver/pkg/storage`).
#[derive(Debug, Clone, Default)]
pub(crate) struct SelectionPredicate {
    labels: LabelSelector,
    fields: FieldSelector,
    name: Option<String>,
}

impl SelectionPredicate {
    pub(crate) fn read(info: &RequestInfo, request: &ApiRequest) -> Result<Self, StatusError> {
        let query = &request.query;
        let labels = LabelSelector::parse(query.get("labelSelector")).map_err(StatusError::bad_request)?;
        let fields = FieldSelector::parse(query.get("fieldSelector"), info.resource)
            .map_err(StatusError::bad_request)?;

        Ok(Self {
            labels,
            fields,
            name: info.name.clone(),
        })
    }

    pub(crate) fn matches(&self, object: &Value) -> bool {
        let has_name = self
            .name
            .as_deref()
            .is_none_or(|name| object::name(object) == name);
        has_name && self.labels.matches(object::labels(object)) && self.fields.matches(object)
    }

    /// Whether every object of the collection is selected.
    pub(crate) fn is_unrestricted(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty() && self.name.is_none()
    }
}

/// Reads the revision of a request; a missing one counts as zero. Refuses a revision that does not exist yet.
pub(crate) fn read_resource_version(query: &QueryParameters, current: u64) -> Result<u64, StatusError> {
    let text = query.get("resourceVersion");
    if text.is_empty() {
        return Ok(0);
    }

    let Ok(wanted) = text.parse() else {
        let shown = format!("{text:?}");
        let why = format!("strconv.ParseUint: parsing {text:?}: invalid syntax");
        let error = FieldError::invalid("resourceVersion", &shown, &why);
        return Err(StatusError::invalid("meta.k8s.io", "ListOptions", "", &[error]));
    };
    if wanted > current {
        let message = format!("Timeout: Too large resource version: {wanted}, current: {current}");
        let timeout = StatusError::new(504, "Timeout", message).with_retry_after(1);
        return Err(timeout.with_cause("ResourceVersionTooLarge", "Too large resource version", ""));
    }
    Ok(wanted)
}
