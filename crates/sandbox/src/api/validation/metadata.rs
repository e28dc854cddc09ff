//! Validates the metadata of objects (`apimachinery/pkg/api/validation/objectmeta.go`).

use serde_json::{Map, Value};

use crate::api::validation::names;
use crate::store::object;
use crate::wire::status_error::FieldError;

/// The most bytes of all annotations of an object.
const ANNOTATIONS_LENGTH: usize = 256 * 1024;
/// The finalizers that need no prefix.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];
/// The metadata that clients can change.
const CHANGEABLE: [&str; 4] = ["labels", "annotations", "finalizers", "ownerReferences"];

/// The errors of a new object's metadata.
pub(super) fn new_errors(object: &Value, kind: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let prefix = object::text(object, "/metadata/generateName");
    if !prefix.is_empty() {
        // What is generated begins with the prefix and ends with letters, so a dash may end the prefix.
        let sample = format!("{}a", prefix.strip_suffix('-').unwrap_or(prefix));
        errors.extend(invalid(
            "metadata.generateName",
            prefix,
            &name_errors(kind, &sample),
        ));
    }

    let name = object::name(object);
    if name.is_empty() {
        errors.push(FieldError::required("metadata.name").because("name or generateName is required"));
    } else {
        errors.extend(invalid("metadata.name", name, &name_errors(kind, name)));
    }
    errors.extend(common_errors(object));
    errors
}

/// The errors of the metadata after an update; metadata that is as before is not judged again.
pub(super) fn update_errors(object: &Value, known: &Value) -> Vec<FieldError> {
    let is_changed = CHANGEABLE
        .iter()
        .any(|field| object["metadata"][field] != known["metadata"][field]);
    if is_changed {
        common_errors(object)
    } else {
        Vec::new()
    }
}

/// What is wrong with the name of an object of a kind.
fn name_errors(kind: &str, name: &str) -> Vec<String> {
    match kind {
        "Namespace" | "Service" | "StatefulSet" => names::label_errors(name),
        "ClusterRole" | "ClusterRoleBinding" | "PodDisruptionBudget" | "Role" | "RoleBinding" => {
            names::path_segment_errors(name)
        }
        _ => names::subdomain_errors(name),
    }
}

/// The errors that new and changed metadata can have.
fn common_errors(object: &Value) -> Vec<FieldError> {
    let metadata = &object["metadata"];
    let mut errors = label_map_errors(&metadata["labels"], "metadata.labels");
    errors.extend(annotation_errors(
        &metadata["annotations"],
        "metadata.annotations",
    ));
    errors.extend(owner_errors(&metadata["ownerReferences"]));
    errors.extend(finalizer_errors(object::list(object, "/metadata/finalizers")));
    errors
}

/// The errors of labels, or of anything else that maps label keys to label values.
pub(super) fn label_map_errors(labels: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for (key, value) in fields(labels) {
        errors.extend(invalid(path, key, &names::key_errors(key)));
        let value = value.as_str().unwrap_or_default();
        errors.extend(invalid(path, value, &names::value_errors(value)));
    }
    errors
}

/// The errors of annotations, whose keys may have upper case letters in their prefix and whose values are free.
pub(super) fn annotation_errors(annotations: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut length = 0;
    for (key, value) in fields(annotations) {
        errors.extend(invalid(path, key, &names::key_errors(&key.to_lowercase())));
        length += key.len() + value.as_str().unwrap_or_default().len();
    }
    if length > ANNOTATIONS_LENGTH {
        errors.push(FieldError::too_long(path, ANNOTATIONS_LENGTH));
    }
    errors
}

fn owner_errors(owners: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let items = owners.as_array().map_or(&[][..], Vec::as_slice);
    for (index, owner) in items.iter().enumerate() {
        let is_missing = |field: &&str| object::text(owner, &format!("/{field}")).is_empty();
        let missing = ["apiVersion", "kind", "name", "uid"]
            .into_iter()
            .filter(is_missing);
        errors.extend(missing.map(|field| {
            let path = format!("metadata.ownerReferences[{index}].{field}");
            FieldError::required(path).because("must not be empty")
        }));
    }

    let controllers: Vec<String> = items
        .iter()
        .filter(|owner| owner["controller"] == true)
        .map(|owner| {
            format!(
                "{}/{}",
                object::text(owner, "/kind"),
                object::text(owner, "/name")
            )
        })
        .collect();
    if let [first, second, ..] = controllers.as_slice() {
        let why = format!(
            "Only one reference can have Controller set to true. Found \"true\" in references for {first} and {second}"
        );
        errors.push(FieldError::invalid(
            "metadata.ownerReferences",
            &shown_owners(items),
            &why,
        ));
    }
    errors
}

/// Owner references as the server shows them: with their fields in its own order.
fn shown_owners(owners: &[Value]) -> String {
    let shown = owners.iter().map(|owner| {
        let fields = [
            "apiVersion",
            "kind",
            "name",
            "uid",
            "controller",
            "blockOwnerDeletion",
        ];
        let present = fields.iter().filter(|field| !owner[**field].is_null());
        let pairs: Vec<String> = present
            .map(|field| format!("{field:?}:{}", owner[*field]))
            .collect();
        format!("{{{}}}", pairs.join(","))
    });
    format!("[{}]", shown.collect::<Vec<_>>().join(","))
}

fn finalizer_errors(finalizers: &[Value]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for finalizer in finalizers {
        let name = finalizer.as_str().unwrap_or_default();
        errors.extend(invalid("metadata.finalizers", name, &names::key_errors(name)));
    }
    for (index, finalizer) in finalizers.iter().enumerate() {
        let name = finalizer.as_str().unwrap_or_default();
        if !name.contains('/') && !STANDARD_FINALIZERS.contains(&name) {
            let path = format!("metadata.finalizers[{index}]");
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            errors.push(FieldError::invalid(path, &format!("{name:?}"), why));
        }
    }
    errors
}

/// An error for each reason why the text of a field is invalid.
pub(super) fn invalid(path: &str, text: &str, reasons: &[String]) -> Vec<FieldError> {
    let shown = Value::from(text).to_string();
    reasons
        .iter()
        .map(|why| FieldError::invalid(path, &shown, why))
        .collect()
}

fn fields(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_prefix_of_generated_names_may_end_with_a_dash() {
        let table = [
            ("web-", true),
            ("web.", true),
            ("web", true),
            ("My_", false),
            ("-web", false),
        ];

        for (prefix, is_good) in table {
            let object = json!({ "metadata": { "name": "web-x", "generateName": prefix } });
            assert_eq!(new_errors(&object, "Pod").is_empty(), is_good, "{prefix}");
        }
    }
}
