//! Takes values out of the merged tree, strictly: a value of the wrong type is a mistake, never converted.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use ::config::{Config, Value, ValueKind};
use macaque_core::duration::parse_duration;
use macaque_core::words::either;

use super::forms::{NumberBounds, TextForm};
use super::given_settings::GivenSettings;
use super::given_table::GivenTable;
use super::given_value::{ChosenValue, GivenValue};
use super::keys::{KeyKind, SettingKey, find, keys};
use super::layer::{SettingsLayer, explains};
use super::mistake::{MistakeReported, SettingMistake, quote};
use super::remedy::{self, without_quotes};
use super::table_fields::TableKind;

/// The merged tree, and every mistake so far.
pub(super) struct SettingsDecoder {
    tree: Value,
    mistakes: Vec<SettingMistake>,
    meant: Vec<String>,
    unread: BTreeSet<&'static str>,
    tables: Vec<GivenTable>,
}

impl SettingsDecoder {
    /// Merges the layers, the later over the earlier, and gathers their mistakes.
    pub(super) fn new(layers: Vec<SettingsLayer>) -> Self {
        let mut mistakes = Vec::new();
        let mut meant = Vec::new();
        let mut tables = Vec::new();
        let mut builder = Config::builder();
        for layer in layers {
            mistakes.extend(layer.mistakes.iter().cloned());
            meant.extend(layer.meant.iter().cloned());
            tables.extend(layer.tables.iter().cloned());
            builder = builder.add_source(layer);
        }

        let tree = match builder.build() {
            Ok(config) => config.cache,
            Err(error) => {
                // Layers are maps by now, so nothing is left that could fail; if it does, it is reported.
                mistakes.push(SettingMistake {
                    key: "settings".to_owned(),
                    source: None,
                    wrong: format!("the layers cannot be merged: {error}"),
                    right: Some("this is a defect of macaque, please report it".to_owned()),
                });
                Value::new(None, ValueKind::Nil)
            }
        };
        Self {
            tree,
            mistakes,
            meant,
            unread: keys().iter().map(|key| key.path).collect(),
            tables,
        }
    }

    /// The settings as the layers give them.
    pub(super) fn given(&self) -> GivenSettings {
        GivenSettings::new(|path| self.find(path), &self.tables)
    }

    /// Every mistake, once nothing is left to decode.
    pub(super) fn into_mistakes(self) -> Vec<SettingMistake> {
        self.mistakes
    }

    /// Whether every key of the table was decoded.
    pub(super) fn is_exhausted(&self) -> bool {
        self.unread.is_empty()
    }

    /// The tables of these kinds as the file has them.
    pub(super) fn take_tables(&mut self, is_meant: impl Fn(TableKind) -> bool) -> Vec<GivenTable> {
        let all = std::mem::take(&mut self.tables).into_iter();
        let (taken, left) = all.partition(|table| is_meant(table.kind));
        self.tables = left;
        taken
    }

    /// Reports a mistake that is none of a single key.
    pub(super) fn report_mistake(&mut self, mistake: SettingMistake) -> MistakeReported {
        MistakeReported::to(&mut self.mistakes, mistake)
    }

    /// Reports what is wrong with a value, and what would be right. Values are quoted in `right` as TOML has them; for a
    /// variable or a flag the quotes are left out.
    pub(super) fn refuse<T>(
        &mut self,
        given: &GivenValue<T>,
        wrong: impl fmt::Display,
        right: impl fmt::Display,
    ) -> MistakeReported {
        let right = right.to_string();
        let right = if given.is_bare() {
            right.replace('"', "")
        } else {
            right
        };
        self.report(given, wrong.to_string(), Some(right))
    }

    /// Reports a fault whose own words say what would be right.
    pub(super) fn refuse_fault<T>(
        &mut self,
        given: &GivenValue<T>,
        fault: impl fmt::Display,
    ) -> MistakeReported {
        self.report(given, fault.to_string(), None)
    }

    fn report<T>(&mut self, given: &GivenValue<T>, wrong: String, right: Option<String>) -> MistakeReported {
        let mistake = SettingMistake {
            key: given.key.path.to_owned(),
            source: given.source.clone(),
            wrong,
            right,
        };
        self.report_mistake(mistake)
    }

    /// One value of `all`, by its `name` in any letter case; `what` names the kind of value in a mistake.
    pub(super) fn one_of<T: Copy, const N: usize>(
        &mut self,
        path: &'static str,
        what: &str,
        all: [T; N],
        name: fn(T) -> &'static str,
    ) -> Result<T, MistakeReported> {
        let word = self.text(path)?;
        debug_assert!(
            matches!(word.key.form, TextForm::Words(words) if words() == all.map(name)),
            "the table holds the words of {path}"
        );
        let is_meant = |known: &T| name(*known).eq_ignore_ascii_case(&word.value);
        let known = all.into_iter().find(is_meant);
        known.ok_or_else(|| self.refuse_word(&word, what, &all.map(name)))
    }

    /// Reports that a value is not among the allowed words.
    pub(super) fn refuse_word(
        &mut self,
        given: &GivenValue<String>,
        what: &str,
        words: &[&str],
    ) -> MistakeReported {
        let words: Vec<_> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let wrong = format!("{} is not {what}", quote(&given.value));
        let right = format!("use {}{}", either(&words), without_quotes(given, &given.value));
        self.refuse(given, wrong, right)
    }

    /// Reports that a key is not set, unless another mistake explains why.
    pub(super) fn missing(&mut self, path: &str, why: &str, right: impl fmt::Display) -> MistakeReported {
        if self.meant.iter().any(|meant| explains(meant, path)) {
            return MistakeReported::before();
        }

        let mistake = SettingMistake {
            key: path.to_owned(),
            source: None,
            wrong: why.to_owned(),
            right: Some(right.to_string()),
        };

        self.report_mistake(mistake)
    }

    /// A key that is `true` or `false`.
    pub(super) fn boolean(&mut self, path: &'static str) -> Result<GivenValue<bool>, MistakeReported> {
        let given = self.required(path)?;
        match given.value {
            ValueKind::Boolean(value) => Ok(given.map(|_| value)),
            _ => Err(self.wrong_type(&given)),
        }
    }

    /// A number within the bounds of the key.
    pub(super) fn count(&mut self, path: &'static str) -> Result<GivenValue<usize>, MistakeReported> {
        let given = self.required(path)?;
        let (ValueKind::I64(number), KeyKind::Count(_, bounds)) = (&given.value, given.key.kind) else {
            return Err(self.wrong_type(&given));
        };
        let NumberBounds { least, most } = bounds;
        let wrong = match usize::try_from(*number) {
            Ok(count) if (least..=most).contains(&count) => return Ok(given.map(|_| count)),
            Ok(count) if count > most => format!("{count} is too many"),
            _ => format!("{number} is too few"),
        };

        Err(self.refuse(&given, wrong, format!("use {least} to {most}")))
    }

    /// A number within the bounds of the key, which may be absent.
    pub(super) fn optional_count(
        &mut self,
        path: &'static str,
    ) -> Result<Option<GivenValue<usize>>, MistakeReported> {
        if self.look(path).is_none() {
            return Ok(None);
        }
        self.count(path).map(Some)
    }

    /// A value of one of several types, which `convert` takes or leaves.
    pub(super) fn choice<T>(
        &mut self,
        path: &'static str,
        convert: impl FnOnce(ChosenValue<'_>) -> Option<T>,
    ) -> Result<GivenValue<T>, MistakeReported> {
        let given = self.required(path)?;
        let chosen = match &given.value {
            ValueKind::Boolean(true) => Some(ChosenValue::On),
            ValueKind::Boolean(false) => Some(ChosenValue::Off),
            ValueKind::I64(number) => Some(ChosenValue::Number(*number)),
            ValueKind::String(text) => Some(ChosenValue::of_word(text.trim())),
            _ => None,
        };

        match chosen.and_then(convert) {
            Some(value) => Ok(given.map(|_| value)),
            None => Err(self.wrong_type(&given)),
        }
    }

    /// A text that has a default; empty if it was set to nothing.
    pub(super) fn text(&mut self, path: &'static str) -> Result<GivenValue<String>, MistakeReported> {
        let given = self.required(path)?;
        let ValueKind::String(text) = &given.value else {
            return Err(self.wrong_type(&given));
        };
        let text = text.trim().to_owned();
        Ok(given.map(|_| text))
    }

    /// A text that may be absent; an empty one counts as absent.
    pub(super) fn optional(
        &mut self,
        path: &'static str,
    ) -> Result<Option<GivenValue<String>>, MistakeReported> {
        if self.look(path).is_none() {
            return Ok(None);
        }
        self.text(path)
            .map(|given| Some(given).filter(|given| !given.value.is_empty()))
    }

    /// A duration.
    pub(super) fn duration(
        &mut self,
        given: GivenValue<String>,
    ) -> Result<GivenValue<Duration>, MistakeReported> {
        match parse_duration(&given.value) {
            Ok(duration) => Ok(given.map(|_| duration)),
            Err(error) => {
                let (wrong, right) = remedy::of_duration(&given, &error);
                Err(self.refuse(&given, wrong, right))
            }
        }
    }

    /// A list of texts, each with its own place.
    pub(super) fn list(&mut self, path: &'static str) -> Result<Vec<GivenValue<String>>, MistakeReported> {
        let given = self.required(path)?;
        let ValueKind::Array(elements) = given.value else {
            return Err(self.wrong_type(&given));
        };
        let texts: Vec<_> = elements
            .into_iter()
            .map(|element| {
                let given = placed(given.key, element);
                match &given.value {
                    ValueKind::String(text) => {
                        let text = text.trim().to_owned();
                        Ok(given.map(|_| text))
                    }
                    _ => Err(self.wrong_type(&given)),
                }
            })
            .collect();

        texts.into_iter().collect()
    }

    /// A list of texts that may be absent, which is not the same as an empty one.
    pub(super) fn optional_list(
        &mut self,
        path: &'static str,
    ) -> Result<Option<Vec<GivenValue<String>>>, MistakeReported> {
        if self.look(path).is_none() {
            return Ok(None);
        }
        self.list(path).map(Some)
    }

    fn required(&mut self, path: &'static str) -> Result<GivenValue<ValueKind>, MistakeReported> {
        match self.look(path) {
            Some(given) => Ok(given),
            None => Err(self.missing(path, "is not set", "set it")),
        }
    }

    fn look(&mut self, path: &'static str) -> Option<GivenValue<ValueKind>> {
        self.unread.remove(path);
        let key = find(path)?;
        let value = self.find(path)?;
        Some(placed(key, value.clone()))
    }

    /// The value of a path of the merged tree.
    fn find(&self, path: &str) -> Option<&Value> {
        let mut value = &self.tree;
        for name in path.split('.') {
            let ValueKind::Table(table) = &value.kind else {
                return None;
            };
            value = table.get(name)?;
        }
        Some(value)
    }

    fn wrong_type(&mut self, given: &GivenValue<ValueKind>) -> MistakeReported {
        let (wrong, right) = remedy::of_wrong_type(given);
        self.refuse(given, wrong, right)
    }
}

/// Converts every element, so that each that is wrong is reported, not just the first.
pub(super) fn convert_all<T, C: FromIterator<T>>(
    entries: Vec<GivenValue<String>>,
    convert: impl FnMut(GivenValue<String>) -> Result<T, MistakeReported>,
) -> Result<C, MistakeReported> {
    let converted: Vec<_> = entries.into_iter().map(convert).collect();
    converted.into_iter().collect()
}

fn placed(key: &'static SettingKey, value: Value) -> GivenValue<ValueKind> {
    GivenValue {
        key,
        source: value.origin().map(str::to_owned),
        value: value.kind,
    }
}
