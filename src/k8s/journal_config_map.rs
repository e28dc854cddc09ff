//! Reads and writes the ConfigMap that holds the journal, and the annotations by which people pause macaque.

use http::{Method, StatusCode};
use macaque_core::config::ConfigMapRef;
use macaque_core::journal::{
    DataWriter, FIELD_MANAGER, PAUSE_KEYS, PAUSED, PAUSED_BY, PAUSED_REASON, PauseRequest, StoredJournal,
};
use macaque_core::key_warnings::{KeyWarning, journal_key_warnings};
use serde::de::IgnoredAny;
use serde_json::json;

use super::config_map::{ConfigMapObject, WriteResult, path};
use super::field_owner::FieldOwner;
use super::wire::ObjectKind;
use super::{ApiError, ApiRequest, Cluster, json};

/// The journal's ConfigMap as it was read.
#[derive(Debug, Clone)]
pub struct JournalConfigMap(ConfigMapObject);

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

/// The key of the ConfigMap's data that holds the journal.
const TEXT: &str = "journal.json";
/// The key of the ConfigMap's data that holds the journal's seal.
const SEAL: &str = "seal";
/// How much is kept of a manager's name: as much as a server takes (`FieldManagerMaxLength`).
const LONGEST_MANAGER: usize = 128;

impl JournalConfigMap {
    /// The journal as it is stored.
    pub fn stored(&self) -> StoredJournal {
        StoredJournal {
            uid: self.0.uid().to_owned(),
            text: self.0.data(TEXT).map(str::to_owned),
            seal: self.0.data(SEAL).map(str::to_owned),
            writers: self.0.field_owners().filter_map(data_writer).collect(),
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
        journal_key_warnings(self.0.annotation_keys())
    }

    fn annotation(&self, key: &str) -> Option<&str> {
        self.0.annotation(key)
    }

    /// The ConfigMap with a pause that lasts until it is lifted, to be written together with a journal.
    pub fn with_pause(&self, pause: &PauseRequest) -> Self {
        let mut object = self.0.clone();
        object.annotate(PAUSED, "true");
        object.annotate(PAUSED_BY, pause.by.as_deref().unwrap_or_default());
        object.annotate(PAUSED_REASON, pause.reason.as_deref().unwrap_or_default());
        Self(object)
    }

    /// The ConfigMap with another journal in it.
    fn with_journal(&self, text: &str, seal: &str) -> ConfigMapObject {
        let mut object = self.0.clone();
        object.set_data(TEXT, text);
        object.set_data(SEAL, seal);
        object.track_owner(FIELD_MANAGER, &[TEXT, SEAL]);
        object
    }
}

/// What a manager owns of the journal, if anything.
fn data_writer(owner: FieldOwner<'_>) -> Option<DataWriter> {
    let [owns_text, owns_seal] = [TEXT, SEAL].map(|key| owner.owns_data(key));
    (owns_text || owns_seal).then(|| DataWriter {
        manager: owner.manager().chars().take(LONGEST_MANAGER).collect(),
        applies: owner.applies(),
        at: owner.time(),
        owns_text,
        owns_seal,
    })
}

impl Cluster {
    /// Reads the journal's ConfigMap; `None` if it does not exist.
    ///
    /// # Errors
    /// The ConfigMap could not be read.
    pub async fn journal(&self, place: &ConfigMapRef) -> Result<Option<JournalConfigMap>, ApiError> {
        let what = || format!("read the journal, {place}");
        let object = self.config_map(place, what).await?;
        Ok(object.map(JournalConfigMap))
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
    ) -> Result<WriteResult<JournalConfigMap>, ApiError> {
        let what = || format!("write the journal, {place}");
        let object = config_map.with_journal(text, seal);
        let written = self.replace_config_map(place, &object, what).await?;
        Ok(written.map(JournalConfigMap))
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
