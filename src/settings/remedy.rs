//! The words for what would be right, as they fit the place where the value is written: a TOML file has quotes, a
//! variable or a flag has none.

use ::config::ValueKind;
use macaque_core::duration::DurationError;
use macaque_core::words::either;

use super::forms::ValueForm;
use super::given_value::GivenValue;
use super::keys::{KeyKind, SettingKey};
use super::mistake::quote;

/// What a key holds, in a file or, if `is_bare`, in a variable or a flag.
pub(super) fn shape(key: &SettingKey, is_bare: bool) -> String {
    let words = match (key.kind, is_bare) {
        (KeyKind::Boolean(_), true) => "use true or false",
        (KeyKind::Boolean(_), false) => "use true or false, without quotes",
        (KeyKind::Count(..), true) => "use a whole number such as 2",
        (KeyKind::Count(..), false) => "use a whole number such as 2, without quotes",
        (KeyKind::Text(_) | KeyKind::OptionalText | KeyKind::Secret, true) => "use text",
        (KeyKind::Text(_) | KeyKind::OptionalText | KeyKind::Secret, false) => "use text in quotes",
        (KeyKind::Choice(_, forms), _) => {
            let forms: Vec<_> = forms.iter().map(ValueForm::to_string).collect();
            return format!("use {}", either(&forms));
        }
        (KeyKind::Duration(_), true) => "use a number with its unit, such as 30s, 5m, 2h or 7d",
        (KeyKind::Duration(_), false) => {
            "use a number with its unit, in quotes, such as \"30s\", \"5m\", \"2h\" or \"7d\""
        }
        (KeyKind::List(separator) | KeyKind::OptionalList(separator), true) => {
            return format!("use texts with `{separator}` between them, such as one{separator}two");
        }
        (KeyKind::List(_) | KeyKind::OptionalList(_), false) => {
            "use a list of texts in quotes, such as [\"one\", \"two\"]"
        }
    };
    words.to_owned()
}

/// What is wrong with a value of another type than its key's, and what would be right.
pub(super) fn of_wrong_type(given: &GivenValue<ValueKind>) -> (String, String) {
    let shown = match (given.key.kind, &given.value) {
        (KeyKind::Secret, _) => "the value".to_owned(),
        (_, ValueKind::String(text)) => quote(text),
        (_, ValueKind::Array(_)) => "a list".to_owned(),
        (_, value) => value.to_string(),
    };
    let what = match given.key.kind {
        KeyKind::Boolean(_) => "true or false",
        KeyKind::Count(..) => "a whole number",
        KeyKind::Choice(..) => "a value of this setting",
        KeyKind::Text(_) | KeyKind::OptionalText | KeyKind::Secret => "text",
        KeyKind::Duration(_) => "a duration with its unit",
        KeyKind::List(_) | KeyKind::OptionalList(_) => match given.value {
            ValueKind::String(_) => "a list",
            _ => "a list of texts",
        },
    };

    let right = match (given.key.kind, &given.value) {
        (KeyKind::Duration(_), ValueKind::I64(number)) => {
            let remedies = DurationError::NoUnit(number.to_string()).remedies();
            format!("use {}, in quotes", one_of(&remedies))
        }
        (_, ValueKind::String(text)) => shape(given.key, given.is_bare()) + without_quotes(given, text),
        _ => shape(given.key, given.is_bare()),
    };
    (format!("{shown} is not {what}"), right)
}

/// What is wrong with a text that is not a duration, and what would be right.
pub(super) fn of_duration(given: &GivenValue<String>, error: &DurationError) -> (String, String) {
    let wrong = format!("{} {}", quote(&given.value), error.fault());
    let remedies = error.remedies();
    let right = if remedies.is_empty() {
        shape(given.key, given.is_bare()) + without_quotes(given, &given.value)
    } else {
        format!("use {}", one_of(&remedies))
    };
    (wrong, right)
}

fn one_of(texts: &[String]) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    either(&quoted)
}

/// The end of a remedy for a value of a variable or a flag that holds quotes, which no shell removed.
pub(super) fn without_quotes<T>(given: &GivenValue<T>, value: &str) -> &'static str {
    let is_quoted = value.starts_with(['"', '\'']);
    if given.is_bare() && is_quoted {
        ", without quotes"
    } else {
        ""
    }
}
