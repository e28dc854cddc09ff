//! The layer of the TOML file: every value keeps its TOML type and its line; a name that is not a setting is a mistake.

use ::config::{Value, ValueKind};
use macaque_core::words::either;
use toml::de::{DeTable, DeValue};

use super::keys::{KeyKind, SettingKey, find, is_section};
use super::layer::SettingsLayer;
use super::mistake::SettingMistake;
use super::nearest::{names_in, nearest_path};
use super::remedy::shape;

/// Reads the text of a file. `name` is what messages call the file.
///
/// Text that is not TOML is reported with line and column, never with the line itself, which may hold a token.
pub(super) fn read(name: &str, text: &str) -> Result<SettingsLayer, SettingMistake> {
    let lines = LineIndex { name, text };
    let table = DeTable::parse(text).map_err(|error| {
        let (wrong, right) = syntax_fault(error.message());
        SettingMistake {
            key: name.to_owned(),
            source: error.span().map(|span| lines.place(span.start)),
            wrong: format!("not TOML: {wrong}"),
            right: Some(format!("{right}; the rest of the file was not read")),
        }
    })?;
    let mut layer = SettingsLayer::default();
    read_section(&mut layer, &lines, "", table.get_ref());
    Ok(layer)
}

/// What is wrong by the parser's message, and what to do. Of text without quotes the parser says what it began to read:
/// of `level = info` that it is no infinite number, and of `format = text` that it is not `true`.
fn syntax_fault(message: &str) -> (&str, &'static str) {
    let bare = ["string values must be quoted", "invalid float", "invalid boolean"];
    if bare.iter().any(|start| message.starts_with(start)) {
        let right = "put text in quotes, and write true and false in lower case with nothing after them";
        (
            "a value without quotes is neither a number nor true or false",
            right,
        )
    } else {
        (message, "fix it there")
    }
}

/// Finds the line and the column of an offset in the file.
struct LineIndex<'a> {
    name: &'a str,
    text: &'a str,
}

impl LineIndex<'_> {
    fn before(&self, offset: usize) -> &str {
        self.text.get(..offset).unwrap_or(self.text)
    }

    fn line(&self, offset: usize) -> usize {
        self.before(offset).matches('\n').count() + 1
    }

    fn origin(&self, offset: usize) -> String {
        format!("{} line {}", self.name, self.line(offset))
    }

    fn place(&self, offset: usize) -> String {
        let before = self.before(offset);
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before[start..].chars().count() + 1;
        format!("line {}, column {column}", self.line(offset))
    }
}

/// Reads the keys of one section, and of the sections within.
fn read_section(layer: &mut SettingsLayer, lines: &LineIndex<'_>, path: &str, table: &DeTable<'_>) {
    // The parser sorts keys by name; mistakes are reported in the order of the file.
    let mut rows: Vec<_> = table.iter().collect();
    rows.sort_by_key(|(name, _)| name.span().start);

    for (name, value) in rows {
        let full = match path {
            "" => name.get_ref().to_string(),
            _ => format!("{path}.{}", name.get_ref()),
        };
        let origin = lines.origin(name.span().start);
        // A name with a dot in it is quoted in TOML: it is not a path, and no setting has one.
        let is_path = !name.get_ref().contains('.');
        let key = find(&full).filter(|_| is_path);

        match (key, value.get_ref()) {
            (Some(key), value) => read_value(layer, lines, key, value, origin),
            (None, DeValue::Table(table)) if is_path && is_section(&full) => {
                read_section(layer, lines, &full, table);
            }
            (None, value) if is_path && is_section(&full) => refuse_section(layer, full, value, origin),
            (None, _) => refuse_unknown(layer, path, full, origin),
        }
    }
}

/// Reads the value of one setting.
fn read_value(
    layer: &mut SettingsLayer,
    lines: &LineIndex<'_>,
    key: &SettingKey,
    value: &DeValue<'_>,
    origin: String,
) {
    let path = key.path.to_owned();
    match convert(value, key, &origin, lines) {
        Ok(kind) => {
            layer.values.insert(path, Value::new(Some(&origin), kind));
        }
        Err(wrong) => {
            let mistake = SettingMistake {
                key: path.clone(),
                source: Some(origin),
                wrong,
                right: Some(shape(key, false)),
            };
            layer.refuse(mistake, Some(path));
        }
    }
}

/// Refuses a value where a section belongs.
fn refuse_section(layer: &mut SettingsLayer, full: String, value: &DeValue<'_>, origin: String) {
    let mistake = SettingMistake {
        key: full.clone(),
        source: Some(origin),
        wrong: format!("is {}, but this name is a section", article(value)),
        right: Some(format!("write [{full}], and its settings below")),
    };
    layer.refuse(mistake, Some(full));
}

/// Refuses a name that is not a setting, and suggests the nearest.
fn refuse_unknown(layer: &mut SettingsLayer, section: &str, full: String, origin: String) {
    let meant = nearest_path(&full);
    let right = match (&meant, section) {
        (Some(meant), _) if *meant == full => "write it without the quotes".to_owned(),
        (Some(meant), _) => format!("did you mean {meant}?"),
        (None, "") => format!("at the top level use {}", either(&names_in(""))),
        (None, _) => format!("in [{section}] use {}", either(&names_in(section))),
    };
    let mistake = SettingMistake {
        key: full,
        source: Some(origin),
        wrong: "no setting has this name".to_owned(),
        right: Some(right),
    };

    layer.refuse(mistake, meant);
}

/// The value as `config` carries it, its type unchanged; what `config` cannot carry is wrong for every key.
fn convert(
    value: &DeValue<'_>,
    key: &SettingKey,
    origin: &str,
    lines: &LineIndex<'_>,
) -> Result<ValueKind, String> {
    match value {
        DeValue::String(text) => Ok(text.as_ref().into()),
        DeValue::Boolean(value) => Ok((*value).into()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(ValueKind::from)
            .map_err(|_| shown(key, &format!("{number} is too large"), value)),
        DeValue::Float(number) => number
            .as_str()
            .parse::<f64>()
            .map(ValueKind::from)
            .map_err(|_| shown(key, &format!("{number} is not a number"), value)),
        DeValue::Array(elements) => elements
            .iter()
            .map(|element| {
                let origin = match element.span().start {
                    0 => origin.to_owned(),
                    offset => lines.origin(offset),
                };
                convert(element.get_ref(), key, &origin, lines).map(|kind| Value::new(Some(&origin), kind))
            })
            .collect::<Result<_, _>>()
            .map(ValueKind::Array),
        DeValue::Datetime(date) => Err(shown(
            key,
            &format!("{date} without quotes is a TOML date"),
            value,
        )),
        DeValue::Table(_) => Err("is a table, but this name is a setting".to_owned()),
    }
}

/// A sentence that quotes the value, or one that does not if the key is a secret.
fn shown(key: &SettingKey, sentence: &str, value: &DeValue<'_>) -> String {
    match key.kind {
        KeyKind::Secret => format!("is {}, not text", article(value)),
        _ => sentence.to_owned(),
    }
}

/// The TOML type of a value, with its article.
fn article(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
