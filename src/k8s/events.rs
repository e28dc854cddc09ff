//! Writes Kubernetes Events (`events.k8s.io/v1`).

use std::fmt::Write as _;

use http::{Method, StatusCode};
use jiff::Timestamp;
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use macaque_core::events::{KubernetesEvent, ReferencedObject};
use ring::digest::{SHA256, digest};
use serde::de::IgnoredAny;

use super::wire::ObjectKind;
use super::{ApiError, Cluster, json};

/// The controller that Events name as their reporter.
const CONTROLLER: &str = "macaque";

/// How many digits of the digest are part of a name.
const DIGEST_DIGITS: usize = 16;

/// The cause by which the API server says that a namespace is going away.
const NAMESPACE_TERMINATING: &str = "NamespaceTerminating";

/// What became of an Event that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventWrite {
    /// The Event is there; perhaps an earlier try has written it already.
    Written,
    /// The namespace is gone, or going away.
    NamespaceGone,
}

impl Cluster {
    /// Writes an Event of something that happened at `time`, reported by this instance of macaque. Writing the same Event
    /// again writes no second one.
    ///
    /// # Errors
    /// No clear answer came, or macaque may not write Events there.
    pub async fn write_event(
        &self,
        event: &KubernetesEvent,
        time: Timestamp,
        instance: &str,
    ) -> Result<EventWrite, ApiError> {
        let namespace = &event.regarding.namespace;
        let what = || format!("create an Event in namespace {namespace}");
        let path = format!("/apis/events.k8s.io/v1/namespaces/{namespace}/events");
        let call = json(Method::POST, &path, &object(event, time, instance));

        let response = self.send(call, self.access.deadlines.read, what).await?;
        if response.status == StatusCode::CONFLICT {
            return Ok(EventWrite::Written);
        }
        if response.is_unknown_path() || response.has_cause(NAMESPACE_TERMINATING) {
            return Ok(EventWrite::NamespaceGone);
        }
        response.into_object::<IgnoredAny>(ObjectKind::EVENT, what)?;
        Ok(EventWrite::Written)
    }
}

fn object(event: &KubernetesEvent, time: Timestamp, instance: &str) -> Event {
    Event {
        metadata: ObjectMeta {
            name: Some(name(event)),
            namespace: Some(event.regarding.namespace.clone()),
            ..ObjectMeta::default()
        },
        event_time: Some(MicroTime(time)),
        type_: Some(event.reason.event_type().to_owned()),
        reason: Some(event.reason.as_str().to_owned()),
        action: Some(event.action.to_owned()),
        note: Some(event.note.clone()),
        regarding: Some(reference(&event.regarding)),
        related: event.related.as_ref().map(reference),
        reporting_controller: Some(CONTROLLER.to_owned()),
        reporting_instance: Some(instance.to_owned()),
        ..Event::default()
    }
}

fn reference(object: &ReferencedObject) -> ObjectReference {
    let known = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    ObjectReference {
        api_version: known(&object.api_version),
        kind: known(&object.kind),
        namespace: known(&object.namespace),
        name: known(&object.name),
        uid: known(&object.uid),
        ..ObjectReference::default()
    }
}

/// The name of an Event: the same for the same Event, so that the API server refuses to write it twice.
fn name(event: &KubernetesEvent) -> String {
    // None of the texts holds a line break.
    let digest = digest(&SHA256, event.identity.join("\n").as_bytes());
    let mut name = format!("{CONTROLLER}-");
    for byte in &digest.as_ref()[..DIGEST_DIGITS / 2] {
        // Writing to a String cannot fail.
        let _ = write!(name, "{byte:02x}");
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use macaque_core::events::EventReason;

    use super::*;

    fn event(victim: &str, regarding: &str) -> KubernetesEvent {
        let object = |kind: &str, uid: &str| ReferencedObject {
            api_version: String::new(),
            kind: kind.to_owned(),
            namespace: "shop".to_owned(),
            name: "web".to_owned(),
            uid: uid.to_owned(),
        };
        KubernetesEvent {
            identity: [victim, "2026-11-28T10:30:00Z", "ChaosEvicted", regarding].map(str::to_owned),
            reason: EventReason::Evicted,
            action: "Evict",
            note: "macaque evicted pod web-0".to_owned(),
            regarding: object("StatefulSet", regarding),
            related: None,
        }
    }

    #[test]
    fn the_name_of_an_event_follows_from_its_identity_alone() {
        assert_eq!(name(&event("u1", "d1")), "macaque-6c5d3126ae06d64b");
        let reworded = KubernetesEvent {
            note: "otherwise".to_owned(),
            ..event("u1", "d1")
        };
        assert_eq!(name(&reworded), name(&event("u1", "d1")));

        let others = [("u1", "d1"), ("u1", "u1"), ("u2", "d1"), ("u1d", "1"), ("u1", "")];
        let names = others.map(|(victim, regarding)| name(&event(victim, regarding)));
        assert_eq!(BTreeSet::from(names.clone()).len(), names.len(), "{names:?}");
    }

    #[test]
    fn what_is_not_known_of_an_object_is_left_out() {
        let written = serde_json::to_value(object(&event("u1", ""), Timestamp::UNIX_EPOCH, "macaque-0"));
        let written = written.unwrap();
        assert_eq!(
            written["regarding"],
            serde_json::json!({"kind": "StatefulSet", "namespace": "shop", "name": "web"})
        );
        assert_eq!(written["eventTime"], "1970-01-01T00:00:00.000000Z");
        assert!(written.get("related").is_none(), "{written}");
    }
}
