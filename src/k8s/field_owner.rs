//! Reads an entry of `metadata.managedFields`: which fields of an object a manager owns, because it changed their values
//! last.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// One entry. Whatever its shape is not that of an entry, it owns nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct FieldOwner<'a>(pub(super) &'a Value);

impl FieldOwner<'_> {
    /// An entry by which a manager owns keys of `data`.
    pub(super) fn of_data(manager: &str, keys: &[&str]) -> Value {
        let owned = keys.iter().map(|key| (format!("f:{key}"), json!({})));
        json!({
            "manager": manager, "operation": "Update", "apiVersion": "v1", "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": Map::from_iter(owned)},
        })
    }

    /// The name of the manager.
    pub(super) fn manager(&self) -> &str {
        self.0["manager"].as_str().unwrap_or_default()
    }

    /// Whether it owns the fields by server-side apply.
    pub(super) fn applies(&self) -> bool {
        self.0["operation"] == "Apply"
    }

    /// When it last changed what it owns.
    pub(super) fn time(&self) -> Option<Timestamp> {
        self.0["time"].as_str()?.parse().ok()
    }

    /// Whether it owns a key of `data`.
    pub(super) fn owns_data(&self, key: &str) -> bool {
        self.0["fieldsV1"]["f:data"]
            .get(format!("f:{key}"))
            .is_some_and(Value::is_object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_tells_who_owns_which_keys_and_since_when() {
        let entry = json!({
            "manager": "kubectl-edit", "operation": "Update", "apiVersion": "v1", "time": "2027-01-02T03:04:05Z",
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:data": {".": {}, "f:journal.json": {}}, "f:metadata": {"f:annotations": {"f:seal": {}}}},
        });
        let owner = FieldOwner(&entry);

        assert_eq!(owner.manager(), "kubectl-edit");
        assert!(!owner.applies());
        assert_eq!(owner.time().unwrap().to_string(), "2027-01-02T03:04:05Z");
        assert!(owner.owns_data("journal.json"));
        assert!(!owner.owns_data("seal"), "an annotation of that name is no key");
    }

    #[test]
    fn what_is_no_entry_owns_nothing() {
        let no_entries = [
            json!(null),
            json!("macaque"),
            json!([]),
            json!({"manager": 7, "operation": 8, "time": 9, "fieldsV1": "f:data"}),
            json!({"fieldsV1": {"f:data": ["f:seal"]}}),
            json!({"fieldsV1": {"f:data": {"f:seal": 1}}}),
        ];
        for entry in &no_entries {
            let owner = FieldOwner(entry);
            assert!(!owner.owns_data("seal"), "{entry}");
            assert_eq!(
                (owner.manager(), owner.applies(), owner.time()),
                ("", false, None)
            );
        }
    }

    #[test]
    fn an_entry_that_macaque_writes_owns_what_it_says() {
        let entry = FieldOwner::of_data("macaque", &["journal.json", "seal"]);
        let owner = FieldOwner(&entry);
        assert_eq!(owner.manager(), "macaque");
        assert!(owner.owns_data("journal.json") && owner.owns_data("seal") && !owner.owns_data("other"));
    }
}
