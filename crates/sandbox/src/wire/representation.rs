//! Chooses the form of an answer from the Accept header, and gives objects and lists that form.

use serde_json::{Value, json};

use crate::wire::request::Request;
use crate::wire::status_error::StatusError;
use crate::wire::table;

/// The forms in which an object or a list can be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Representation {
    Full,
    Metadata,
    MetadataList,
    Table(IncludeObjectPolicy),
}

/// What a row of a Table carries of its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncludeObjectPolicy {
    Nothing,
    Metadata,
    Object,
}

impl Representation {
    /// The first clause of the Accept header that can be served.
    pub(crate) fn negotiate(request: &Request) -> Result<Self, StatusError> {
        if request.accept.trim().is_empty() {
            return Ok(Self::Full);
        }
        let clauses = request.accept.split(',');
        clauses
            .into_iter()
            .find_map(|clause| form_of(clause, request))
            .ok_or_else(|| {
                let message = "only the following media types are accepted: application/json";
                StatusError::new(406, "NotAcceptable", message)
            })
    }

    /// One object in this form.
    pub(crate) fn object(self, object: &Value) -> Result<Value, StatusError> {
        match self {
            Self::Full => Ok(object.clone()),
            Self::Metadata => Ok(partial(object)),
            Self::MetadataList => Err(StatusError::new(
                406,
                "NotAcceptable",
                format!(
                    "you requested PartialObjectMetadataList, but the requested object is not a list ({})",
                    object["kind"]
                ),
            )),
            Self::Table(included) => {
                let kind = object["kind"].as_str().unwrap_or_default();
                Ok(table::table([object], included, json!({}), kind))
            }
        }
    }

    /// A list in this form; `metadata` is that of the list.
    pub(crate) fn list<'a>(
        self,
        kind: &str,
        api_version: &str,
        items: impl IntoIterator<Item = &'a Value>,
        metadata: Value,
    ) -> Result<Value, StatusError> {
        match self {
            Self::Full => {
                let items: Vec<Value> = items.into_iter().map(item).collect();
                Ok(json!({
                    "kind": format!("{kind}List"), "apiVersion": api_version, "metadata": metadata, "items": items,
                }))
            }
            Self::Metadata => Err(StatusError::new(
                406,
                "NotAcceptable",
                format!(
                    "you requested PartialObjectMetadata, but the requested object is a list ({kind}List)"
                ),
            )),
            Self::MetadataList => {
                let items: Vec<Value> = items.into_iter().map(partial).collect();
                Ok(json!({
                    "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
                    "metadata": metadata, "items": items,
                }))
            }
            Self::Table(included) => Ok(table::table(items, included, metadata, kind)),
        }
    }
}

fn form_of(clause: &str, request: &Request) -> Option<Representation> {
    let mut parts = clause.split(';').map(str::trim);
    if !matches!(parts.next()?, "application/json" | "application/*" | "*/*") {
        return None;
    }
    let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
    let parameter = |key| {
        parameters
            .iter()
            .find(|(known, _)| *known == key)
            .map(|(_, value)| *value)
    };
    match (parameter("as"), parameter("g"), parameter("v")) {
        (None, _, _) => Some(Representation::Full),
        (Some("PartialObjectMetadata"), Some("meta.k8s.io"), Some("v1" | "v1beta1")) => {
            Some(Representation::Metadata)
        }
        (Some("PartialObjectMetadataList"), Some("meta.k8s.io"), Some("v1" | "v1beta1")) => {
            Some(Representation::MetadataList)
        }
        (Some("Table"), Some("meta.k8s.io"), Some("v1" | "v1beta1")) => {
            let included = match request.query.get("includeObject") {
                "None" => IncludeObjectPolicy::Nothing,
                "Object" => IncludeObjectPolicy::Object,
                _ => IncludeObjectPolicy::Metadata,
            };
            Some(Representation::Table(included))
        }
        // A transformation that is not ours, such as aggregated discovery: the next clause may do.
        (Some(_), _, _) => None,
    }
}

/// The metadata of an object, and nothing else of it.
pub(crate) fn partial(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}

/// An item of a full list, which does not repeat the kind that the list names.
fn item(object: &Value) -> Value {
    let mut item = object.clone();
    if let Some(item) = item.as_object_mut() {
        item.remove("kind");
        item.remove("apiVersion");
    }
    item
}
