//! One cell of a table: its text, and whether it begins with a result, which has a style on a terminal.

use super::palette;
use crate::text::line;

/// One cell of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct ShownCell {
    text: String,
    is_result: bool,
}

impl ShownCell {
    /// A cell that begins with a result: an outcome, a verdict, a prediction.
    pub(in crate::cli) fn result(text: impl Into<String>) -> Self {
        Self {
            is_result: true,
            ..Self::from(text.into())
        }
    }

    /// The text as one line of visible characters, without style.
    pub(in crate::cli) fn plain(&self) -> String {
        line(&self.text)
    }

    /// The text in its style.
    pub(in crate::cli) fn painted(&self) -> String {
        if self.is_result {
            palette::painted_result(&self.plain())
        } else {
            self.plain()
        }
    }
}

impl From<String> for ShownCell {
    fn from(text: String) -> Self {
        Self {
            text,
            is_result: false,
        }
    }
}

impl From<&str> for ShownCell {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}
