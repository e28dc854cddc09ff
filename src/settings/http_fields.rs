//! What gates, and channels over HTTP, have in common: their names, as routes have them too, and their headers. Nothing
//! that may be a secret is repeated.

use std::collections::HashMap;

use ::config::ValueKind;
use http::header::{HeaderName, HeaderValue};

use super::decoder::SettingsDecoder;
use super::given_table::{Fault, FieldValue, GivenTable, accept};
use super::mistake::{MistakeReported, quote};

/// The longest name, so that it fits into a message.
const LONGEST_NAME: usize = 63;
/// The headers that macaque sets itself, or that belong to the connection.
const OWN_HEADERS: [&str; 9] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "transfer-encoding",
    "upgrade",
];

/// A text of a table within a table: its name there, and the text.
pub(super) type NamedText = (String, FieldValue<String>);

/// Decodes the field `name`, which `check` accepts; `right` says how to set it, and `names` holds the names of the tables
/// before, with their places.
pub(super) fn decode_name(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    names: &mut HashMap<String, String>,
    right: &str,
    check: impl Fn(&str) -> Result<(), Fault>,
) -> Result<String, MistakeReported> {
    let name = table.required_text(decoder, "name", right)?;
    accept(decoder, table, &name, check(&name.value))?;

    if let Some(place) = names.get(&name.value) {
        let wrong = format!("{} is also the name of {place}", quote(&name.value));
        let right = format!("give each {} a name of its own", table.kind.noun());
        return Err(table.refuse(decoder, &name, wrong, right));
    }
    names.insert(name.value.clone(), table.place());
    Ok(name.value)
}

/// Checks the form of a name; `example` is one that is right.
pub(super) fn check_name(name: &str, example: &str) -> Result<(), Fault> {
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_name = name.chars().all(is_inner) && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !is_name {
        let right =
            format!("use letters, digits, -, _ and ., with a letter or a digit first, such as \"{example}\"");
        return Err((format!("{} is not a valid name", quote(name)), right));
    }
    if name.len() > LONGEST_NAME {
        let wrong = format!("{} is longer than {LONGEST_NAME} characters", quote(name));
        return Err((wrong, "use a shorter name".to_owned()));
    }
    Ok(())
}

/// Checks the name of a header that may be set.
pub(super) fn check_header_name(name: &str) -> Result<(), Fault> {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        let wrong = format!("{} is not the name of a header", quote(name));
        let right = "use letters, digits and -, such as X-Scope-OrgID";
        return Err((wrong, right.to_owned()));
    }
    if OWN_HEADERS.into_iter().any(|own| name.eq_ignore_ascii_case(own)) {
        let wrong = format!("{name} is set by macaque itself");
        return Err((wrong, "leave it out".to_owned()));
    }
    Ok(())
}

/// Checks the value of a header, which may be a secret.
pub(super) fn check_header_value(name: &str, value: &str) -> Result<(), Fault> {
    let is_text = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if value.is_empty() || !is_text || HeaderValue::from_str(value).is_err() {
        let wrong = format!("the value of {name} is empty, or has a character that no header has");
        return Err((wrong, "use ASCII characters on one line".to_owned()));
    }
    Ok(())
}

/// Checks a header that is written in the file itself; `secret_file` is where a token belongs instead.
pub(super) fn check_header(name: &str, value: &str, secret_file: &str) -> Result<(), Fault> {
    check_header_name(name)?;
    if name.eq_ignore_ascii_case("authorization") {
        let wrong = format!("{name} cannot be set");
        let right = format!("write the token to a file, and set {secret_file}");
        return Err((wrong, right));
    }
    check_header_value(name, value)
}

/// Decodes the field `headers`.
pub(super) fn decode_headers(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    secret_file: &str,
) -> Result<Vec<(String, String)>, MistakeReported> {
    const RIGHT: &str = "use a table of texts, such as { X-Scope-OrgID = \"team\" }";
    let given = named_texts(decoder, table, "headers", "is not a table of headers", RIGHT)?;
    let headers: Vec<Result<_, MistakeReported>> = given
        .into_iter()
        .map(|(name, field)| {
            let checked = check_header(&name, &field.value, secret_file);
            accept(decoder, table, &field, checked)?;
            Ok((name, field.value))
        })
        .collect();
    headers.into_iter().collect()
}

/// The texts of a table within a table, by their names, whose letter case makes no difference.
pub(super) fn named_texts(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    name: &'static str,
    no_table: &str,
    right: &str,
) -> Result<Vec<NamedText>, MistakeReported> {
    let Some(field) = table.field(name) else {
        return Ok(Vec::new());
    };
    let ValueKind::Table(rows) = &field.value else {
        // Whatever it is, it may be a secret.
        return Err(table.refuse(decoder, &field, no_table, right));
    };
    let mut rows: Vec<_> = rows.iter().collect();
    rows.sort_by_key(|(name, _)| (name.to_ascii_lowercase(), *name));

    let mut texts: Vec<Result<NamedText, MistakeReported>> = Vec::new();
    let mut before: Option<&String> = None;
    for (key, value) in rows {
        let text = match &value.kind {
            _ if before.is_some_and(|before| before.eq_ignore_ascii_case(key)) => {
                Err((format!("{key} is set twice"), "keep one of the two".to_owned()))
            }
            ValueKind::String(text) => Ok(text.trim().to_owned()),
            _ => Err((
                format!("the value of {} is not text", quote(key)),
                right.to_owned(),
            )),
        };
        let text = accept(decoder, table, &field, text);
        texts.push(text.map(|text| {
            let source = value.origin().unwrap_or(&field.source).to_owned();
            let value = text;
            (key.clone(), FieldValue { name, value, source })
        }));
        before = Some(key);
    }
    texts.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_sent_as_it_is_or_refused_without_its_value() {
        for (name, value) in [
            ("X-Scope-OrgID", "team"),
            ("x-key", "a b;c=\"d\""),
            ("Cookie", "a=b"),
        ] {
            assert_eq!(check_header(name, value, "token_file"), Ok(()), "{name}");
        }
        for (name, value, fault) in [
            ("Authorization", "Bearer canary", "cannot be set"),
            ("AUTHORIZATION", "canary", "cannot be set"),
            ("Host", "canary", "is set by macaque itself"),
            ("content-length", "canary", "is set by macaque itself"),
            ("X Key", "canary", "is not the name of a header"),
            ("X-Kéy", "canary", "is not the name of a header"),
            ("", "canary", "is not the name of a header"),
            ("X-Key", "", "has a character that no header has"),
            (
                "X-Key",
                "canary\r\nX-Other: 1",
                "has a character that no header has",
            ),
            ("X-Key", "canary é", "has a character that no header has"),
        ] {
            let fault_of = check_header(name, value, "token_file").unwrap_err();
            assert!(fault_of.0.contains(fault), "{name}: {}", fault_of.0);
            assert!(
                !format!("{fault_of:?}").contains("canary"),
                "{name}: {fault_of:?}"
            );
        }
    }
}
