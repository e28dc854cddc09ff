//! Tables: the representation that kubectl requests for its output.

mod cells;
mod columns;

use serde_json::{Value, json};

use crate::wire::request::QueryParameters;

/// How much of its object a row of a Table includes (`IncludeObjectPolicy` in `apimachinery/pkg/apis/meta/v1`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IncludeObjectPolicy {
    Nothing,
    Metadata,
    Object,
}

impl IncludeObjectPolicy {
    /// The policy that a query asks for; by default, rows include the metadata.
    pub(crate) fn of(query: &QueryParameters) -> Self {
        match query.get("includeObject") {
            "None" => Self::Nothing,
            "Object" => Self::Object,
            _ => Self::Metadata,
        }
    }
}

/// Builds a Table of objects of one kind.
pub(crate) fn table<'a>(
    objects: impl IntoIterator<Item = &'a Value>,
    policy: IncludeObjectPolicy,
    metadata: Value,
    kind: &str,
) -> Value {
    let definitions: Vec<Value> = columns::columns(kind)
        .iter()
        .map(|column| {
            let format = if column.name == "Name" { "name" } else { "" };
            json!({
                "name": column.name, "type": column.kind, "format": format, "description": column.name,
                "priority": i32::from(column.wide),
            })
        })
        .collect();
    let rows: Vec<Value> = objects
        .into_iter()
        .map(|object| row(object, policy, kind))
        .collect();

    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
        "columnDefinitions": definitions, "rows": rows,
    })
}

fn row(object: &Value, policy: IncludeObjectPolicy, kind: &str) -> Value {
    let cells = cells::cells(object, kind);
    match policy {
        IncludeObjectPolicy::Nothing => json!({ "cells": cells, "object": null }),
        IncludeObjectPolicy::Metadata => json!({ "cells": cells, "object": partial_metadata(object) }),
        IncludeObjectPolicy::Object => json!({ "cells": cells, "object": object }),
    }
}

/// The metadata of an object, without the rest of it.
pub(crate) fn partial_metadata(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}
