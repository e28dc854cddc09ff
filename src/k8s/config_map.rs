//! Reads and replaces ConfigMaps. Writes are conditional: the API server accepts one only if the ConfigMap has not changed
//! since it was read (`metadata.resourceVersion`, Kubernetes API conventions, "Concurrency Control").

use http::{Method, StatusCode};
use macaque_core::config::ConfigMapRef;
use macaque_core::journal::FIELD_MANAGER;
use serde_json::{Value, json};

use super::field_owner::FieldOwner;
use super::wire::ObjectKind;
use super::{ApiError, Cluster, get, json};

/// The whole ConfigMap as it was read, so that fields unknown to macaque are written back unchanged.
#[derive(Debug, Clone)]
pub(super) struct ConfigMapObject(Value);

/// The result of a conditional write.
#[derive(Debug)]
pub enum WriteResult<T> {
    /// The write was accepted, and this is the ConfigMap after it.
    Written(T),
    /// The ConfigMap was changed or removed since it was read, so nothing was written.
    Conflict,
}

impl<T> WriteResult<T> {
    /// The result with another view of the ConfigMap.
    pub(super) fn map<U>(self, view: impl FnOnce(T) -> U) -> WriteResult<U> {
        match self {
            Self::Written(config_map) => WriteResult::Written(view(config_map)),
            Self::Conflict => WriteResult::Conflict,
        }
    }
}

impl ConfigMapObject {
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

    /// The UID; empty if there is none.
    pub(super) fn uid(&self) -> &str {
        self.0["metadata"]["uid"].as_str().unwrap_or_default()
    }

    /// The text of a key of `data`.
    pub(super) fn data(&self, key: &str) -> Option<&str> {
        self.0["data"][key].as_str()
    }

    /// The text of a key of `binaryData`, in base64.
    pub(super) fn binary_data(&self, key: &str) -> Option<&str> {
        self.0["binaryData"][key].as_str()
    }

    /// The value of an annotation.
    pub(super) fn annotation(&self, key: &str) -> Option<&str> {
        self.0["metadata"]["annotations"][key].as_str()
    }

    /// The keys of all annotations.
    pub(super) fn annotation_keys(&self) -> impl Iterator<Item = &str> {
        let annotations = self.0["metadata"]["annotations"].as_object();
        annotations.into_iter().flatten().map(|(key, _)| key.as_str())
    }

    /// The managers that own its fields, as the API server tracks them; none if it does not.
    pub(super) fn field_owners(&self) -> impl Iterator<Item = FieldOwner<'_>> {
        let entries = self.0["metadata"]["managedFields"].as_array();
        entries.into_iter().flatten().map(FieldOwner)
    }

    /// Makes the API server track who owns the fields, if it does not: an object that was created without any field of
    /// its own has no owner, and the server begins to track one only if a request names it (`skipNonAppliedManager` in
    /// `apimachinery/pkg/util/managedfields`).
    pub(super) fn track_owner(&mut self, manager: &str, keys: &[&str]) {
        if self.field_owners().next().is_none() {
            self.0["metadata"]["managedFields"] = json!([FieldOwner::of_data(manager, keys)]);
        }
    }

    /// Sets a key of `data`.
    pub(super) fn set_data(&mut self, key: &str, text: &str) {
        set(&mut self.0["data"], key, text);
    }

    /// Sets a key of `binaryData`, in base64.
    pub(super) fn set_binary_data(&mut self, key: &str, base64: &str) {
        set(&mut self.0["binaryData"], key, base64);
    }

    /// Removes a key of `data`.
    pub(super) fn remove_data(&mut self, key: &str) {
        if let Some(data) = self.0["data"].as_object_mut() {
            data.remove(key);
        }
    }

    /// Sets an annotation.
    pub(super) fn annotate(&mut self, key: &str, value: &str) {
        set(&mut self.0["metadata"]["annotations"], key, value);
    }
}

impl Cluster {
    /// Reads a ConfigMap; `None` if it does not exist.
    ///
    /// # Errors
    /// The ConfigMap could not be read.
    pub(super) async fn config_map(
        &self,
        place: &ConfigMapRef,
        what: impl Fn() -> String + Copy,
    ) -> Result<Option<ConfigMapObject>, ApiError> {
        let response = self
            .send(get(&path(place)), self.access.deadlines.read, what)
            .await?;
        let object = response.into_object_if_any::<Value>(ObjectKind::CONFIG_MAP, what)?;
        object
            .map(|object| ConfigMapObject::read(object, what))
            .transpose()
    }

    /// Replaces a ConfigMap by `object`, if it has not changed since it was read.
    ///
    /// # Errors
    /// No clear answer came: the ConfigMap may or may not have been written, or may be written later.
    pub(super) async fn replace_config_map(
        &self,
        place: &ConfigMapRef,
        object: &ConfigMapObject,
        what: impl Fn() -> String + Copy,
    ) -> Result<WriteResult<ConfigMapObject>, ApiError> {
        let call = json(
            Method::PUT,
            &format!("{}?fieldManager={FIELD_MANAGER}", path(place)),
            &object.0,
        );
        let response = self.send(call, self.access.deadlines.read, what).await?;
        match response.status {
            StatusCode::CONFLICT | StatusCode::NOT_FOUND => Ok(WriteResult::Conflict),
            _ => {
                let object = response.into_object(ObjectKind::CONFIG_MAP, what)?;
                ConfigMapObject::read(object, what).map(WriteResult::Written)
            }
        }
    }
}

/// The path of a ConfigMap.
pub(super) fn path(place: &ConfigMapRef) -> String {
    format!("/api/v1/namespaces/{}/configmaps/{}", place.namespace, place.name)
}

/// Sets a key of a map of texts, which is created if it is not there.
fn set(texts: &mut Value, key: &str, text: &str) {
    if !texts.is_object() {
        *texts = json!({});
    }
    texts[key] = text.into();
}
