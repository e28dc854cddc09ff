//! Takes the fields of a table out one by one, strictly: a value of the wrong type is a mistake, never converted.

use std::time::Duration;

use ::config::ValueKind;
use macaque_core::duration::parse_duration;

use super::{FieldValue, GivenTable};
use crate::settings::decoder::SettingsDecoder;
use crate::settings::mistake::{MistakeReported, SettingMistake, quote};

/// What is wrong with a field, and what would be right.
pub(in crate::settings) type Fault = (String, String);

impl GivenTable {
    /// Reports what is wrong with a field, and what would be right.
    pub(in crate::settings) fn refuse<T>(
        &self,
        decoder: &mut SettingsDecoder,
        field: &FieldValue<T>,
        wrong: impl Into<String>,
        right: impl Into<String>,
    ) -> MistakeReported {
        decoder.report_mistake(SettingMistake {
            key: format!("{}.{}", self.path(), field.name),
            source: Some(field.source.clone()),
            wrong: wrong.into(),
            right: Some(right.into()),
        })
    }

    /// Reports that a field is not set, unless another mistake explains why.
    pub(in crate::settings) fn missing(
        &self,
        decoder: &mut SettingsDecoder,
        name: &str,
        wrong: &str,
        right: &str,
    ) -> MistakeReported {
        if self.meant.iter().any(|meant| meant == name) {
            return MistakeReported::before();
        }

        decoder.report_mistake(SettingMistake {
            key: format!("{}.{name}", self.path()),
            source: Some(self.source.clone()),
            wrong: wrong.to_owned(),
            right: Some(right.to_owned()),
        })
    }

    /// A text, which cannot be empty.
    pub(in crate::settings) fn text(
        &self,
        decoder: &mut SettingsDecoder,
        name: &'static str,
    ) -> Result<Option<FieldValue<String>>, MistakeReported> {
        let Some(field) = self.field(name) else {
            return Ok(None);
        };
        let ValueKind::String(text) = &field.value else {
            return Err(self.wrong_type(decoder, &field, "text", "use text in quotes"));
        };
        if text.trim().is_empty() {
            return Err(self.refuse(decoder, &field, "is empty", "fill it in, or leave it out"));
        }
        let text = text.trim().to_owned();
        Ok(Some(field.map(|_| text)))
    }

    /// A text that must be set; `right` says how.
    pub(in crate::settings) fn required_text(
        &self,
        decoder: &mut SettingsDecoder,
        name: &'static str,
        right: &str,
    ) -> Result<FieldValue<String>, MistakeReported> {
        let text = self.text(decoder, name)?;
        text.ok_or_else(|| self.missing(decoder, name, "is not set", right))
    }

    /// A list of texts, empty by default.
    pub(in crate::settings) fn texts(
        &self,
        decoder: &mut SettingsDecoder,
        name: &'static str,
        right: &str,
    ) -> Result<Vec<FieldValue<String>>, MistakeReported> {
        let Some(field) = self.field(name) else {
            return Ok(Vec::new());
        };
        let ValueKind::Array(elements) = &field.value else {
            return Err(self.wrong_type(decoder, &field, "a list of texts", right));
        };

        let texts: Vec<Result<_, MistakeReported>> = elements
            .iter()
            .map(|element| match &element.kind {
                ValueKind::String(text) => Ok(FieldValue {
                    name: field.name,
                    value: text.trim().to_owned(),
                    source: element.origin().unwrap_or(&field.source).to_owned(),
                }),
                _ => Err(self.wrong_type(decoder, &field, "a list of texts", right)),
            })
            .collect();
        texts.into_iter().collect()
    }

    /// A duration.
    pub(in crate::settings) fn duration(
        &self,
        decoder: &mut SettingsDecoder,
        name: &'static str,
    ) -> Result<Option<FieldValue<Duration>>, MistakeReported> {
        const RIGHT: &str = "use a number with its unit, in quotes, such as \"500ms\" or \"5s\"";
        let Some(field) = self.field(name) else {
            return Ok(None);
        };
        let ValueKind::String(text) = &field.value else {
            return Err(self.wrong_type(decoder, &field, "a duration with its unit", RIGHT));
        };

        match parse_duration(text) {
            Ok(duration) => Ok(Some(field.map(|_| duration))),
            Err(error) => {
                let wrong = format!("{} {}", quote(text), error.fault());
                Err(self.refuse(decoder, &field, wrong, RIGHT))
            }
        }
    }

    /// Reports a value of another type than its field's.
    pub(in crate::settings) fn wrong_type(
        &self,
        decoder: &mut SettingsDecoder,
        field: &FieldValue<ValueKind>,
        what: &str,
        right: &str,
    ) -> MistakeReported {
        let shown = match &field.value {
            ValueKind::String(text) => quote(text),
            ValueKind::Array(_) => "a list".to_owned(),
            ValueKind::Table(_) => "a table".to_owned(),
            value => value.to_string(),
        };
        self.refuse(decoder, field, format!("{shown} is not {what}"), right)
    }
}

/// Reports the fault of a field, if a check found one.
pub(in crate::settings) fn accept<T, V>(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    field: &FieldValue<V>,
    checked: Result<T, Fault>,
) -> Result<T, MistakeReported> {
    checked.map_err(|(wrong, right)| table.refuse(decoder, field, wrong, right))
}

/// Checks that there are no more of these tables of one kind, which are in the order of the file, than there may be.
pub(in crate::settings) fn check_number(
    decoder: &mut SettingsDecoder,
    tables: &[GivenTable],
) -> Result<(), MistakeReported> {
    let most = tables.first().and_then(|table| table.kind.most());
    let Some((most, extra)) = most.and_then(|most| Some((most, tables.get(most)?))) else {
        return Ok(());
    };
    let noun = extra.kind.noun();
    let wrong = format!(
        "is that of {noun} {}, and a file may have {most} at most",
        extra.number
    );
    Err(extra.missing(decoder, "name", &wrong, &format!("remove some {noun}s")))
}
