//! Reads and writes the ConfigMap that holds the journal. Writes are conditional: the API server accepts one only if
//! the ConfigMap has not changed since it was read (`metadata.resourceVersion`, Kubernetes API conventions,
//! "Concurrency Control").

use http::{Method, StatusCode};
use macaque_core::config::ConfigMapRef;
use macaque_core::journal::{PAUSE_KEYS, PAUSED, PAUSED_BY, PAUSED_REASON, PauseRequest, StoredJournal};
use macaque_core::key_warnings::{KeyWarning, journal_key_warnings};
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::wire::ObjectKind;
use super::{ApiError, ApiRequest, Cluster, get, json};

/// The whole ConfigMap as it was read, so that fields unknown to macaque are written back unchanged.
#[derive(Debug, Clone)]
pub struct JournalConfigMap(Value);

/// The annotations of a pause, as they are written.
#[derive(Debug, Clone)]
pub struct PauseAnnotations {
    /// The value of `macaque/paused`.
    pub paused: String,
    /// The name of the user who pauses, if known.
    pub by: Option<String>,
    /// The reason, if one is given.
    pub reason: Option<String>,
}

/// The result of a conditional write.
#[derive(Debug)]
pub enum WriteResult {
    /// The write was accepted, and this is the ConfigMap after it.
    Written(JournalConfigMap),
    /// The ConfigMap was changed or removed since it was read, so nothing was written.
    Conflict,
}

/// The key of the ConfigMap's data that holds the journal.
const TEXT: &str = "journal.json";
/// The key of the ConfigMap's data that holds the journal's seal.
const SEAL: &str = "seal";

impl JournalConfigMap {
    /// The ConfigMap in an answer.
    ///
    /// # Errors
    /// The object has no resourceVersion, without which the next write would be unconditional.
    fn read(object: Value, what: impl Fn() -> String) -> Result<Self, ApiError> {
        match object["metadata"]["resourceVersion"].as_str() {
            Some(version) if !version.is_empty() => Ok(Self(object)),
            _ => Err(ApiError::Unexpected {
                what: what(),
                why: "a ConfigMap without a resourceVersion".to_owned(),
            }),
        }
    }

    /// The journal as it is stored.
    pub fn stored(&self) -> StoredJournal {
        let text = |field: &Value| field.as_str().map(str::to_owned);
        StoredJournal {
            uid: text(&self.0["metadata"]["uid"]).unwrap_or_default(),
            text: text(&self.0["data"][TEXT]),
            seal: text(&self.0["data"][SEAL]),
        }
    }

    /// The pause that the annotations ask for, if any.
    pub fn pause(&self) -> Option<PauseRequest> {
        PauseRequest::read(|key| self.annotation(key))
    }

    /// Whether an annotation of a pause is set, whatever its value.
    pub fn has_pause_annotation(&self) -> bool {
        PAUSE_KEYS.into_iter().any(|key| self.annotation(key).is_some())
    }

    /// The warnings about macaque's own keys among the annotations.
    pub fn key_warnings(&self) -> Vec<KeyWarning> {
        let annotations = self.0["metadata"]["annotations"]
            .as_object()
            .into_iter()
            .flatten();
        journal_key_warnings(annotations.map(|(key, _)| key.as_str()))
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.0["metadata"]["annotations"][key].as_str()
    }

    /// The ConfigMap with a pause that lasts until it is lifted, to be written together with a journal.
    pub fn with_pause(&self, pause: &PauseRequest) -> Self {
        let mut object = self.0.clone();
        let metadata = &mut object["metadata"];
        if !metadata["annotations"].is_object() {
            metadata["annotations"] = json!({});
        }

        let annotations = &mut metadata["annotations"];
        annotations[PAUSED] = "true".into();
        annotations[PAUSED_BY] = pause.by.as_deref().unwrap_or_default().into();
        annotations[PAUSED_REASON] = pause.reason.as_deref().unwrap_or_default().into();
        Self(object)
    }

    /// The ConfigMap with another journal in it.
    fn with_journal(&self, text: &str, seal: &str) -> Value {
        let mut object = self.0.clone();
        if !object["data"].is_object() {
            object["data"] = json!({});
        }
        object["data"][TEXT] = text.into();
        object["data"][SEAL] = seal.into();
        object
    }
}

impl Cluster {
    /// Reads the journal's ConfigMap; `None` if it does not exist.
    ///
    /// # Errors
    /// The ConfigMap could not be read.
    pub async fn journal(&self, place: &ConfigMapRef) -> Result<Option<JournalConfigMap>, ApiError> {
        let what = || format!("read the journal, {place}");
        let response = self
            .send(get(&path(place)), self.access.deadlines.read, what)
            .await?;
        let object = response.into_object_if_any::<Value>(ObjectKind::CONFIG_MAP, what)?;
        object
            .map(|object| JournalConfigMap::read(object, what))
            .transpose()
    }

    /// Writes the journal, if the ConfigMap has not changed since it was read.
    ///
    /// # Errors
    /// No clear answer came: the journal may or may not have been written, or may be written later.
    pub async fn write_journal(
        &self,
        place: &ConfigMapRef,
        config_map: &JournalConfigMap,
        text: &str,
        seal: &str,
    ) -> Result<WriteResult, ApiError> {
        let what = || format!("write the journal, {place}");
        let call = json(Method::PUT, &path(place), &config_map.with_journal(text, seal));
        let response = self.send(call, self.access.deadlines.read, what).await?;
        match response.status {
            StatusCode::CONFLICT | StatusCode::NOT_FOUND => Ok(WriteResult::Conflict),
            _ => {
                let object = response.into_object(ObjectKind::CONFIG_MAP, what)?;
                JournalConfigMap::read(object, what).map(WriteResult::Written)
            }
        }
    }

    /// Sets the annotations of a pause, and removes those that it does not have: all of them if `pause` is `None`.
    ///
    /// # Errors
    /// The annotations could not be written, or the ConfigMap does not exist.
    pub async fn pause_journal(
        &self,
        place: &ConfigMapRef,
        pause: Option<&PauseAnnotations>,
    ) -> Result<(), ApiError> {
        let what = || format!("annotate {place}");
        let annotations = json!({
            PAUSED: pause.map(|pause| &pause.paused),
            PAUSED_BY: pause.and_then(|pause| pause.by.as_ref()),
            PAUSED_REASON: pause.and_then(|pause| pause.reason.as_ref()),
        });
        let patch = json!({"metadata": {"annotations": annotations}});
        let mut call: ApiRequest = json(Method::PATCH, &path(place), &patch);
        call.content_type = "application/merge-patch+json";
        let response = self.send(call, self.access.deadlines.read, what).await?;
        if response.status == StatusCode::NOT_FOUND {
            return Err(ApiError::NotFound { what: what() });
        }
        response
            .into_object::<IgnoredAny>(ObjectKind::CONFIG_MAP, what)
            .map(drop)
    }
}

fn path(place: &ConfigMapRef) -> String {
    format!("/api/v1/namespaces/{}/configmaps/{}", place.namespace, place.name)
}
