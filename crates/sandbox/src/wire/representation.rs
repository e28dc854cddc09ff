//! Negotiates the representation of an answer by the Accept header, and converts objects and lists to it.

use serde_json::{Map, Value, json};

use crate::wire::request::ApiRequest;
use crate::wire::status_error::StatusError;
use crate::wire::table::{self, IncludeObjectPolicy, partial_metadata};

/// A representation of an object or a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Representation {
    /// The objects themselves.
    Full,
    /// `PartialObjectMetadata`, which is for single objects only.
    PartialMetadata,
    /// `PartialObjectMetadataList`, which is for lists only.
    PartialMetadataList,
    /// The rows and columns that kubectl prints.
    Table(IncludeObjectPolicy),
}

impl Representation {
    /// Picks the first clause of the Accept header that can be served.
    pub(crate) fn negotiate(request: &ApiRequest) -> Result<Self, StatusError> {
        if request.accept.trim().is_empty() {
            return Ok(Self::Full);
        }

        let mut clauses = request.accept.split(',');
        clauses
            .find_map(|clause| Self::of_clause(clause, request))
            .ok_or_else(|| not_acceptable("only the following media types are accepted: application/json"))
    }

    fn of_clause(clause: &str, request: &ApiRequest) -> Option<Self> {
        let mut parts = clause.split(';').map(str::trim);
        if !matches!(parts.next()?, "application/json" | "application/*" | "*/*") {
            return None;
        }

        let parameters: Vec<(&str, &str)> = parts.filter_map(|part| part.split_once('=')).collect();
        let parameter = |key: &str| {
            let found = parameters.iter().find(|(known, _)| *known == key);
            found.map(|(_, value)| *value)
        };
        let Some(kind) = parameter("as") else {
            return Some(Self::Full);
        };

        // Other transformations, e.g. aggregated discovery, are not served; the next clause may be.
        if parameter("g") != Some("meta.k8s.io") || !matches!(parameter("v"), Some("v1" | "v1beta1")) {
            return None;
        }
        match kind {
            "PartialObjectMetadata" => Some(Self::PartialMetadata),
            "PartialObjectMetadataList" => Some(Self::PartialMetadataList),
            "Table" => Some(Self::Table(IncludeObjectPolicy::of(&request.query))),
            _ => None,
        }
    }

    /// Converts an object.
    pub(crate) fn object(self, object: &Value) -> Result<Value, StatusError> {
        match self {
            Self::Full => Ok(object.clone()),
            Self::PartialMetadata => Ok(partial_metadata(object)),
            Self::PartialMetadataList => Err(not_acceptable(&format!(
                "you requested PartialObjectMetadataList, but the requested object is not a list ({})",
                object["kind"]
            ))),
            Self::Table(policy) => {
                let kind = object["kind"].as_str().unwrap_or_default();
                Ok(table::table([object], policy, json!({}), kind))
            }
        }
    }

    /// Converts a list; `metadata` is the metadata of the list.
    pub(crate) fn list<'a>(
        self,
        kind: &str,
        api_version: &str,
        items: impl IntoIterator<Item = &'a Value>,
        metadata: Value,
    ) -> Result<Value, StatusError> {
        match self {
            Self::Full => {
                let items = items.into_iter().map(list_item).collect();
                Ok(list_of(format!("{kind}List"), api_version, metadata, items))
            }
            Self::PartialMetadata => Err(not_acceptable(&format!(
                "you requested PartialObjectMetadata, but the requested object is a list ({kind}List)"
            ))),
            Self::PartialMetadataList => {
                let kind = "PartialObjectMetadataList".to_owned();
                let items = items.into_iter().map(partial_metadata).collect();
                Ok(list_of(kind, "meta.k8s.io/v1", metadata, items))
            }
            Self::Table(policy) => Ok(table::table(items, policy, metadata, kind)),
        }
    }
}

/// A list; `json!` would copy its items once more.
fn list_of(kind: String, api_version: &str, metadata: Value, items: Vec<Value>) -> Value {
    let fields = [
        ("kind", Value::String(kind)),
        ("apiVersion", api_version.into()),
        ("metadata", metadata),
        ("items", Value::Array(items)),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    Value::Object(Map::from_iter(fields))
}

/// An item of a full list, without the kind and version, which the list names.
fn list_item(object: &Value) -> Value {
    let mut item = object.clone();
    if let Some(fields) = item.as_object_mut() {
        fields.remove("kind");
        fields.remove("apiVersion");
    }
    item
}

fn not_acceptable(message: &str) -> StatusError {
    StatusError::new(406, "NotAcceptable", message)
}
