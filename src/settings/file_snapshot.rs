//! The configuration file as it was at one moment, so that what is compared, judged and decoded is the same text.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use super::file;
use super::layer::SettingsLayer;
use super::mistake::{SettingMistake, quote};

/// The configuration file that is read if it exists and no other is named.
pub const DEFAULT_FILE: &str = "/etc/macaque/macaque.toml";

/// The configuration file as it was read once.
#[derive(Clone, PartialEq, Eq)]
pub struct FileSnapshot {
    /// What messages call the file.
    name: String,
    /// The flag or variable that names the file; `None` for the file that is read if it exists.
    named_by: Option<&'static str>,
    /// The text; `None` if there is no such file, and none is named.
    text: Result<Option<String>, String>,
}

impl FileSnapshot {
    /// Reads the file at `path`, which `named_by` names.
    pub(super) fn read(path: &Path, named_by: Option<&'static str>) -> Self {
        let text = match fs::read_to_string(path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if named_by.is_none() && error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err("it is not in UTF-8".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        Self {
            name: path.display().to_string(),
            named_by,
            text,
        }
    }

    /// What messages call the file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether there is a file that could be read.
    pub fn is_present(&self) -> bool {
        matches!(self.text, Ok(Some(_)))
    }

    /// The reason why there is no text, if there is none.
    pub fn absence(&self) -> Option<String> {
        match &self.text {
            Ok(Some(_)) => None,
            Ok(None) => Some("it is gone".to_owned()),
            Err(error) => Some(format!("it cannot be read: {error}")),
        }
    }

    /// The layer of the file.
    pub(super) fn layer(&self) -> Result<SettingsLayer, SettingMistake> {
        match &self.text {
            Ok(Some(text)) => file::read(&self.name, text),
            Ok(None) => Ok(SettingsLayer::default()),
            Err(error) => Err(SettingMistake {
                key: self.named_by.unwrap_or(DEFAULT_FILE).to_owned(),
                source: None,
                wrong: format!("cannot read {}: {error}", quote(&self.name)),
                right: Some("name a TOML file in UTF-8 that can be read".to_owned()),
            }),
        }
    }
}

impl fmt::Debug for FileSnapshot {
    /// Shows the name and not the text, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileSnapshot")
            .field("name", &self.name)
            .field("is_present", &self.is_present())
            .finish_non_exhaustive()
    }
}
