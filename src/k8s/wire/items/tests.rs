use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// Gives a few bytes at a time.
struct SlowReader<'a>(&'a [u8], usize);

impl Read for SlowReader<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let length = self.1.min(self.0.len()).min(into.len());
        into[..length].copy_from_slice(&self.0[..length]);
        self.0 = &self.0[length..];
        Ok(length)
    }
}

fn read(list: &str, sip: usize) -> Result<(Vec<Value>, ListMeta), WrongBody> {
    let mut items = Vec::new();
    let reader = SlowReader(list.as_bytes(), sip);
    let metadata = each_item(reader, &[ObjectKind::POD_LIST], |item| items.push(item))?;
    Ok((items, metadata))
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "(items|[\"\\\\{}\\[\\],: é]){0,4}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("items|[\"\\\\{}a]{0,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn the_items_are_those_of_the_list_however_it_is_written_and_comes(
        items in prop::collection::vec(prop::collection::btree_map("items|[a-c]", value(), 0..4), 0..5),
        (beside, before, pretty) in (value(), any::<bool>(), any::<bool>()),
        sip in 1..40_usize,
    ) {
        let items = json!(items);
        // Keys are written in their order: the items after what is beside them, or before.
        let name = if before { "beside" } else { "zebra" };
        let list = json!({
            "kind": "PodList", "apiVersion": "v1", "note": "items",
            "metadata": { "continue": "c", "items": [1] }, name: beside, "items": items,
        });
        let text = if pretty { serde_json::to_string_pretty(&list) } else { serde_json::to_string(&list) };
        let (read, metadata) = read(&text.unwrap(), sip).unwrap();
        prop_assert_eq!(json!(read), items);
        prop_assert_eq!(metadata.next.as_deref(), Some("c"));
    }

    #[test]
    fn no_part_of_a_list_is_taken_for_the_whole(cut in 0..88_usize, sip in 1..40_usize) {
        let whole =
            r#"{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"c"},"items":[{"a":"}"},{"b":[]}]}"#;
        prop_assert_eq!(read(whole, sip).unwrap().0.len(), 2);
        prop_assert!(read(&whole[..cut], sip).is_err());
    }
}

#[test]
fn what_is_no_list_of_objects_is_an_error() {
    for bad in [
        "",
        "<html>",
        r#"{LIST,"items":[{}]} and more"#,
        r#"{LIST,"items":[1]}"#,
        r#"{LIST,"items":[{},"a"]}"#,
        r#"{LIST,"items":[{"a":}]}"#,
        r#"{LIST,"items":[{}]]}"#,
        r#"{LIST,"items":{}}"#,
        r#"["items",[{}]]"#,
        "[]",
        "[{}]",
        r#"[{"continue":"c"},[{}]]"#,
        r#"{LIST,"it\u0065ms":[{}]}"#,
    ] {
        assert!(read(&list(bad), 7).is_err(), "{bad}");
    }
    for empty in [r#"{LIST,"items":[]}"#, r#"{LIST,"items":null}"#] {
        assert_eq!(read(&list(empty), 7).unwrap().0.len(), 0, "{empty}");
    }
}

#[test]
fn items_are_separated_by_one_comma_each() {
    for (items, is_list) in [
        ("{},[] ,\n{}", true),
        ("{}{}", false),
        ("{},,{}", false),
        (",{}", false),
        ("{},", false),
        (",", false),
    ] {
        let text = list(&format!("{{LIST,\"items\":[{items}]}}"));
        for sip in [1, 40] {
            assert_eq!(read(&text, sip).is_ok(), is_list, "{text}");
        }
    }
}

#[test]
fn an_object_that_is_no_list_of_the_kind_asked_for_is_named_and_never_an_empty_list() {
    for (body, words) in [
        (
            "{}",
            "an object without a kind, which no Kubernetes API server sends, instead of a PodList",
        ),
        (
            r#"{"items":[]}"#,
            "an object without a kind, which no Kubernetes API server sends, instead of a PodList",
        ),
        ("{LIST}", "a PodList without items"),
        (r#"{LIST,"metadata":{}}"#, "a PodList without items"),
        (
            r#"{"kind":"ConfigMapList","apiVersion":"v1","items":[{"a":1}]}"#,
            "a ConfigMapList instead of a PodList",
        ),
        (
            r#"{"kind":"PodList","apiVersion":"v9","items":[]}"#,
            "a PodList of v9 instead of a PodList",
        ),
        (
            r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"etcd is away"}"#,
            "a Status (Failure, \"etcd is away\") instead of a PodList",
        ),
    ] {
        assert_eq!(read(&list(body), 7).unwrap_err().to_string(), words, "{body}");
    }
}

/// The text with the type of a list in place of `LIST`.
fn list(text: &str) -> String {
    text.replace("{LIST", r#"{"kind":"PodList","apiVersion":"v1""#)
}
