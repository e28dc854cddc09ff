//! A line of a watch: a change of a pod, a bookmark, or an error.

use macaque_core::pod::Pod;
use serde::Deserialize;

use super::kind::{ObjectKind, WrongBody, excerpt};
use super::{ListMeta, PodObject};

/// One line of a watch of pods, read.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::k8s) enum WatchLine {
    /// The pod is there, as it is now: it was added or changed.
    Seen(Box<Pod>),
    /// The pod is gone, or is no longer selected.
    Deleted(Box<Pod>),
    /// Nothing has changed up to this version.
    Bookmark(Option<String>),
    /// The version from which the watch was to begin is too old.
    Expired,
    /// Another error, in the server's words.
    Failed(String),
}

/// The API server writes the type before the object, so that serde reads the object without a copy.
#[derive(Deserialize)]
#[serde(tag = "type", content = "object", rename_all = "UPPERCASE")]
enum EventObject {
    Added(PodObject),
    Modified(PodObject),
    Deleted(PodObject),
    Bookmark(BookmarkObject),
    Error(ErrorStatus),
}

#[derive(Deserialize)]
struct BookmarkObject {
    #[serde(default)]
    metadata: ListMeta,
}

#[derive(Deserialize)]
struct ErrorStatus {
    #[serde(default)]
    code: u16,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    message: String,
}

/// The code with which the API server says that a version is too old.
const GONE: u16 = 410;

impl WatchLine {
    /// Reads a line.
    ///
    /// # Errors
    /// The line is none of a watch of pods.
    pub(in crate::k8s) fn read(line: &[u8]) -> Result<Self, WrongBody> {
        // serde also accepts an array for a struct.
        if line.trim_ascii_start().first() != Some(&b'{') {
            let what = excerpt(line);
            return Err(WrongBody::OtherObject(format!("{what} instead of an event")));
        }
        Ok(match serde_json::from_slice(line)? {
            EventObject::Added(pod) | EventObject::Modified(pod) => Self::Seen(boxed(pod)?),
            EventObject::Deleted(pod) => Self::Deleted(boxed(pod)?),
            EventObject::Bookmark(bookmark) => Self::Bookmark(bookmark.metadata.version),
            EventObject::Error(error) if error.code == GONE || error.reason == "Expired" => Self::Expired,
            EventObject::Error(error) => Self::Failed(format!(
                "an error in the watch ({}, {:?})",
                error.code,
                excerpt(error.message.as_bytes())
            )),
        })
    }
}

/// The pod of an event, which says that it is one.
fn boxed(object: PodObject) -> Result<Box<Pod>, WrongBody> {
    match object.kind.as_deref() {
        Some(kind) if kind == ObjectKind::POD.kind => Ok(Box::new(object.into())),
        Some(kind) => Err(WrongBody::OtherObject(format!("a {kind:?} instead of a Pod"))),
        None => Err(WrongBody::OtherObject(
            "an object without a kind instead of a Pod".to_owned(),
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(line: &Value) -> Result<WatchLine, WrongBody> {
        WatchLine::read(line.to_string().as_bytes())
    }

    fn pod() -> Value {
        json!({
            "kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web-0", "namespace": "shop", "uid": "u0"},
        })
    }

    #[test]
    fn a_line_is_a_pod_that_is_seen_or_gone_or_a_bookmark() {
        for kind in ["ADDED", "MODIFIED"] {
            let line = read(&json!({"type": kind, "object": pod()})).unwrap();
            assert!(
                matches!(line, WatchLine::Seen(pod) if pod.id.uid == "u0"),
                "{kind}"
            );
        }
        let line = read(&json!({"object": pod(), "type": "DELETED", "more": 1})).unwrap();
        assert!(matches!(line, WatchLine::Deleted(pod) if pod.id.name == "web-0"));

        let bookmark = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"resourceVersion": "42"}});
        let line = read(&json!({"type": "BOOKMARK", "object": bookmark})).unwrap();
        assert_eq!(line, WatchLine::Bookmark(Some("42".to_owned())));
    }

    #[test]
    fn an_expired_version_is_known_by_its_code_or_its_reason() {
        let error = |status: Value| read(&json!({"type": "ERROR", "object": status})).unwrap();
        let expired = json!({"kind": "Status", "code": 410, "reason": "Gone", "message": "too old"});
        assert_eq!(error(expired), WatchLine::Expired);
        assert_eq!(error(json!({"reason": "Expired"})), WatchLine::Expired);
        assert_eq!(
            error(json!({"code": 500, "message": "etcd\nis away"})),
            WatchLine::Failed("an error in the watch (500, \"etcd is away\")".to_owned())
        );
    }

    #[test]
    fn anything_else_is_no_event() {
        let mut other = pod();
        other["kind"] = json!("Table");
        let mut bare = pod();
        bare.as_object_mut().unwrap().remove("kind");
        let lines = [
            json!({}),
            json!([]),
            json!(["ADDED", pod()]),
            json!({"type": "ADDED"}),
            json!({"type": "ADDED", "object": {}}),
            json!({"type": "ADDED", "object": []}),
            json!({"type": "ADDED", "object": other}),
            json!({"type": "ADDED", "object": bare}),
            json!({"type": "CHANGED", "object": pod()}),
            pod(),
        ];
        for line in lines {
            assert!(read(&line).is_err(), "{line}");
        }
        for text in ["", "<html>", "{\"type\":\"ADDED\",\"object\":{", "null"] {
            assert!(WatchLine::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
