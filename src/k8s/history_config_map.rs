//! Reads and writes the ConfigMap that holds the history.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use macaque_core::config::ConfigMapRef;

use super::config_map::{ConfigMapObject, WriteResult};
use super::{ApiError, Cluster};

/// The key of the ConfigMap's binary data that holds the history.
pub const HISTORY_KEY: &str = "history.json.gz";
/// The key of the ConfigMap's data that holds the history's seal.
const SEAL: &str = "seal";

/// The history's ConfigMap as it was read.
#[derive(Debug, Clone)]
pub struct HistoryConfigMap(ConfigMapObject);

impl HistoryConfigMap {
    /// The packed history; `None` if there is none yet. A text that is not base64 is no packed history, as it is. A copy that
    /// somebody made may have the base64 among the texts.
    pub fn packed(&self) -> Option<Vec<u8>> {
        let binary = self.0.binary_data(HISTORY_KEY);
        let text = binary.or_else(|| self.0.data(HISTORY_KEY))?;
        Some(STANDARD.decode(text).unwrap_or_else(|_| text.into()))
    }

    /// The history's seal.
    pub fn seal(&self) -> Option<&str> {
        self.0.data(SEAL)
    }
}

impl Cluster {
    /// Reads the history's ConfigMap; `None` if it does not exist.
    ///
    /// # Errors
    /// The ConfigMap could not be read.
    pub async fn history(&self, place: &ConfigMapRef) -> Result<Option<HistoryConfigMap>, ApiError> {
        let what = || format!("read the history, {place}");
        let object = self.config_map(place, what).await?;
        Ok(object.map(HistoryConfigMap))
    }

    /// Writes the packed history, if the ConfigMap has not changed since it was read.
    ///
    /// # Errors
    /// No clear answer came: the history may or may not have been written, or may be written later.
    pub async fn write_history(
        &self,
        place: &ConfigMapRef,
        config_map: HistoryConfigMap,
        packed: &[u8],
        seal: &str,
    ) -> Result<WriteResult<HistoryConfigMap>, ApiError> {
        let what = || format!("write the history, {place}");
        let HistoryConfigMap(mut object) = config_map;
        // Kubernetes refuses a key that is in both.
        object.remove_data(HISTORY_KEY);
        object.set_binary_data(HISTORY_KEY, &STANDARD.encode(packed));
        object.set_data(SEAL, seal);
        let written = self.replace_config_map(place, &object, what).await?;
        Ok(written.map(HistoryConfigMap))
    }
}
