//! Label selectors, as `kubectl -l` takes them.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// A label selector; the default one matches every pod.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {}

/// Why a text is no label selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{requirement}`: {why}")]
pub struct SelectorError {
    requirement: String,
    why: String,
}

impl Selector {
    /// Whether pods with these labels are selected.
    pub fn matches(&self, _labels: &BTreeMap<String, String>) -> bool {
        true
    }

    /// Whether it asks nothing, and so selects every pod.
    pub fn is_empty(&self) -> bool {
        true
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(_text: &str) -> Result<Self, SelectorError> {
        Ok(Self::default())
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}
