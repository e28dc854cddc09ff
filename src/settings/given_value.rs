//! A value of a setting, and where it was set.

use super::environment;
use super::keys::SettingKey;

/// The beginning of the source of a flag's value.
const FLAG: &str = "flag ";

/// The source of a flag's value.
pub(super) fn flag_origin(name: &str) -> String {
    format!("{FLAG}{name}")
}

/// A value with its key and source, so that a mistake can say where the value was set.
#[derive(Debug)]
pub(super) struct GivenValue<T> {
    pub(super) key: &'static SettingKey,
    pub(super) value: T,
    pub(super) source: Option<String>,
}

impl<T> GivenValue<T> {
    /// Another value with this key and source.
    pub(super) fn map<U>(self, convert: impl FnOnce(T) -> U) -> GivenValue<U> {
        GivenValue {
            key: self.key,
            value: convert(self.value),
            source: self.source,
        }
    }

    /// Whether the value was written without TOML's quotes: in an environment variable or a flag.
    pub(super) fn is_bare(&self) -> bool {
        self.source.as_deref().is_some_and(is_bare_origin)
    }

    /// Whether the value was given by a flag.
    pub(super) fn is_flag(&self) -> bool {
        self.source
            .as_deref()
            .is_some_and(|source| source.starts_with(FLAG))
    }

    /// Key and source, for another mistake's sentence.
    pub(super) fn place(&self) -> String {
        match &self.source {
            Some(source) => format!("{} ({source})", self.key.path),
            None => self.key.path.to_owned(),
        }
    }
}

/// A value of a setting that takes several types.
#[derive(Debug, Clone, Copy)]
pub(super) enum ChosenValue<'a> {
    /// `true`, or the word `on`.
    On,
    /// `false`, or the word `off`.
    Off,
    /// A whole number.
    Number(i64),
    /// Any other text.
    Word(&'a str),
}

impl<'a> ChosenValue<'a> {
    /// The value that a text stands for.
    pub(super) fn of_word(word: &'a str) -> Self {
        if word.eq_ignore_ascii_case("on") {
            Self::On
        } else if word.eq_ignore_ascii_case("off") {
            Self::Off
        } else {
            Self::Word(word)
        }
    }
}

/// Whether a value's source is a variable or a flag.
fn is_bare_origin(source: &str) -> bool {
    environment::is_origin(source) || source.starts_with(FLAG)
}
