//! Reads and writes the ConfigMap that holds the journal. A write is conditional: the API server takes it only if
//! nobody wrote since it was read (`metadata.resourceVersion`, Kubernetes API conventions, "Concurrency Control").

use http::{Method, StatusCode};
use macaque_core::config::ConfigMapRef;
use macaque_core::journal::{PAUSED, StoredJournal};
use serde_json::{Value, json};

use super::{ApiError, ApiRequest, Cluster, get, json};

/// The ConfigMap as it was read, whole: what macaque does not know is written back as it was.
#[derive(Debug, Clone)]
pub struct JournalConfigMap(Value);

/// What became of a conditional write.
#[derive(Debug)]
pub enum WriteResult {
    /// The write was accepted; this is the ConfigMap now.
    Written(JournalConfigMap),
    /// Another replica wrote since it was read, or somebody removed it: nothing was changed.
    Conflict,
}

/// The keys of the ConfigMap's data.
const TEXT: &str = "journal.json";
const SEAL: &str = "seal";

impl JournalConfigMap {
    /// The journal as it is stored.
    pub fn stored(&self) -> StoredJournal {
        let text = |pointer: &str| self.0.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        StoredJournal {
            uid: text("/metadata/uid").unwrap_or_default(),
            text: text("/data/journal.json"),
            seal: text("/data/seal"),
        }
    }

    /// The value of the annotation that pauses macaque, if it is there.
    pub fn pause_annotation(&self) -> Option<&str> {
        self.0["metadata"]["annotations"][PAUSED].as_str()
    }

    fn with(&self, text: &str, seal: &str) -> Value {
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
    /// Reads the journal's ConfigMap; `None` if there is none.
    ///
    /// # Errors
    /// It could not be read.
    pub async fn journal(&self, place: &ConfigMapRef) -> Result<Option<JournalConfigMap>, ApiError> {
        let what = || format!("read the journal, {place}");
        let response = self
            .send(get(&path(place)), self.access.deadlines.read, what)
            .await?;
        let Some(object) = response.into_object_if_any::<Value>(what)? else {
            return Ok(None);
        };

        // Without a version the next write would be unconditional.
        match object["metadata"]["resourceVersion"].as_str() {
            Some(version) if !version.is_empty() && object["kind"] == "ConfigMap" => {
                Ok(Some(JournalConfigMap(object)))
            }
            _ => Err(ApiError::Unexpected {
                what: what(),
                why: "not a ConfigMap with a resourceVersion".to_owned(),
            }),
        }
    }

    /// Writes the journal, if the ConfigMap is still the one that was read.
    ///
    /// # Errors
    /// No clear answer came: it may or may not have been written, or may yet be.
    pub async fn write_journal(
        &self,
        place: &ConfigMapRef,
        config_map: &JournalConfigMap,
        text: &str,
        seal: &str,
    ) -> Result<WriteResult, ApiError> {
        let what = || format!("write the journal, {place}");
        let call = json(Method::PUT, &path(place), &config_map.with(text, seal));
        let response = self.send(call, self.access.deadlines.read, what).await?;
        match response.status {
            StatusCode::CONFLICT | StatusCode::NOT_FOUND => Ok(WriteResult::Conflict),
            _ => response
                .into_object(what)
                .map(|object| WriteResult::Written(JournalConfigMap(object))),
        }
    }

    /// Sets or removes the annotation that pauses macaque.
    ///
    /// # Errors
    /// It could not be written, or there is no such ConfigMap.
    pub async fn pause_journal(&self, place: &ConfigMapRef, paused: Option<&str>) -> Result<(), ApiError> {
        let what = || format!("annotate {place}");
        let patch = json!({"metadata": {"annotations": {PAUSED: paused}}});
        let mut call: ApiRequest = json(Method::PATCH, &path(place), &patch);
        call.content_type = "application/merge-patch+json";
        let response = self.send(call, self.access.deadlines.read, what).await?;
        if response.status == StatusCode::NOT_FOUND {
            return Err(ApiError::NotFound { what: what() });
        }
        response.into_object::<serde::de::IgnoredAny>(what).map(drop)
    }
}

fn path(place: &ConfigMapRef) -> String {
    format!("/api/v1/namespaces/{}/configmaps/{}", place.namespace, place.name)
}
