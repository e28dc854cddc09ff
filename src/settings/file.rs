//! The layer of the TOML file: every value keeps its TOML type and its line; a name that is not a setting is a mistake.

use ::config::{Value, ValueKind};
use macaque_core::words::either;
use toml::de::{DeTable, DeValue};

use super::given_table::GivenTable;
use super::keys::{KeyKind, SettingKey, find, is_section};
use super::layer::SettingsLayer;
use super::mistake::SettingMistake;
use super::nearest::{names_in, nearest_name, nearest_path};
use super::remedy::shape;
use super::table_fields::{TableKind, table_fields};
use crate::notify::http::BuiltInTemplate;

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

    /// The origin of an element: its own, or that of the list if it has no place.
    fn origin_from(&self, offset: usize, list: &str) -> String {
        match offset {
            0 => list.to_owned(),
            offset => self.origin(offset),
        }
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

        if let Some(kind) = TableKind::of_section(&full).filter(|_| is_path) {
            read_tables(layer, lines, kind, value.get_ref(), &origin);
            continue;
        }
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
    match convert(value, key.kind == KeyKind::Secret, &origin, lines) {
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

/// Reads the tables of one kind.
fn read_tables(
    layer: &mut SettingsLayer,
    lines: &LineIndex<'_>,
    kind: TableKind,
    value: &DeValue<'_>,
    origin: &str,
) {
    let section = kind.section();
    let wrong = match value {
        DeValue::Array(tables) if tables.iter().all(|table| table.get_ref().is_table()) => {
            for (index, table) in tables.iter().enumerate() {
                let DeValue::Table(fields) = table.get_ref() else {
                    continue;
                };
                let mut given = GivenTable {
                    kind,
                    number: index + 1,
                    source: lines.origin_from(table.span().start, origin),
                    fields: Vec::new(),
                    meant: Vec::new(),
                };
                read_table(layer, lines, &mut given, fields);
                layer.tables.push(given);
            }
            return;
        }
        value => format!("is {}, but {}s are a list of tables", article(value), kind.noun()),
    };

    let mistake = SettingMistake {
        key: section.to_owned(),
        source: Some(origin.to_owned()),
        wrong,
        right: Some(format!(
            "write [[{section}]], and the fields of the {} below",
            kind.noun()
        )),
    };
    layer.refuse(mistake, None);
}

/// Reads the fields of one table.
fn read_table(layer: &mut SettingsLayer, lines: &LineIndex<'_>, given: &mut GivenTable, table: &DeTable<'_>) {
    let mut rows: Vec<_> = table.iter().collect();
    rows.sort_by_key(|(name, _)| name.span().start);

    for (name, value) in rows {
        let origin = lines.origin(name.span().start);
        let name: &str = name.get_ref();
        let Some(field) = given.kind.field(name) else {
            refuse_field(layer, given, name, origin);
            continue;
        };

        let converted = match value.get_ref() {
            DeValue::Table(texts) if field.is_table() => convert_texts(texts, lines),
            value => convert(value, field.is_table(), &origin, lines),
        };
        match converted {
            Ok(kind) => given.fields.push((field.name, Value::new(Some(&origin), kind))),
            Err(wrong) => {
                let mistake = SettingMistake {
                    key: format!("{}.{name}", given.path()),
                    source: Some(origin),
                    wrong,
                    right: Some(
                        "use text in quotes, a number, true or false, as the field needs it".to_owned(),
                    ),
                };
                layer.refuse(mistake, None);
                given.meant.push(name.to_owned());
            }
        }
    }
}

/// Refuses a name that is not a field of the table, and suggests the nearest.
fn refuse_field(layer: &mut SettingsLayer, given: &mut GivenTable, name: &str, origin: String) {
    let kind = given.kind;
    let of_another = table_fields().iter().find(|field| field.name == name);
    let of_another = of_another.filter(|field| field.kinds.iter().all(|other| other.noun() == kind.noun()));
    let of_another = of_another.and_then(|field| field.kinds.first());
    let meant = nearest_name(name, kind.field_names());
    let right = match (of_another, meant) {
        (Some(other), _) => format!("only [[{}]] has it", other.section()),
        (None, Some(meant)) => format!("did you mean {meant}?"),
        (None, None) => format!("use {}", either(&kind.field_names())),
    };
    let mistake = SettingMistake {
        key: format!("{}.{name}", given.path()),
        source: Some(origin),
        wrong: format!("no field of this {} has this name", kind.noun()),
        right: Some(right),
    };

    layer.refuse(mistake, None);
    given.meant.extend(meant.map(str::to_owned));
}

/// The texts of a table within a table as `config` carries them. They may be secrets.
fn convert_texts(texts: &DeTable<'_>, lines: &LineIndex<'_>) -> Result<ValueKind, String> {
    let converted = texts.iter().map(|(name, value)| {
        let origin = lines.origin(name.span().start);
        let kind = convert(value.get_ref(), true, &origin, lines)?;
        Ok((name.get_ref().to_string(), Value::new(Some(&origin), kind)))
    });
    converted.collect::<Result<_, String>>().map(ValueKind::Table)
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
    let template = full
        .strip_prefix("notify.")
        .and_then(|name| BuiltInTemplate::named(&name.replace('_', "-")));
    let meant = nearest_path(&full);
    let right = match (template, &meant, section) {
        (Some(template), ..) => format!("write [[notify.http]] with template = \"{}\"", template.name),
        (None, Some(meant), _) if *meant == full => "write it without the quotes".to_owned(),
        (None, Some(meant), _) => format!("did you mean {meant}?"),
        (None, None, "") => format!("at the top level use {}", either(&names_in(""))),
        (None, None, _) => format!("in [{section}] use {}", either(&names_in(section))),
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
    is_secret: bool,
    origin: &str,
    lines: &LineIndex<'_>,
) -> Result<ValueKind, String> {
    match value {
        DeValue::String(text) => Ok(text.as_ref().into()),
        DeValue::Boolean(value) => Ok((*value).into()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map(ValueKind::from)
            .map_err(|_| shown(is_secret, &format!("{number} is too large"), value)),
        DeValue::Float(number) => number
            .as_str()
            .parse::<f64>()
            .map(ValueKind::from)
            .map_err(|_| shown(is_secret, &format!("{number} is not a number"), value)),
        DeValue::Array(elements) => elements
            .iter()
            .map(|element| {
                let origin = lines.origin_from(element.span().start, origin);
                convert(element.get_ref(), is_secret, &origin, lines)
                    .map(|kind| Value::new(Some(&origin), kind))
            })
            .collect::<Result<_, _>>()
            .map(ValueKind::Array),
        DeValue::Datetime(date) => Err(shown(
            is_secret,
            &format!("{date} without quotes is a TOML date"),
            value,
        )),
        DeValue::Table(_) => Err("is a table, but this name is a setting".to_owned()),
    }
}

/// A sentence that quotes the value, or one that does not if it is a secret.
fn shown(is_secret: bool, sentence: &str, value: &DeValue<'_>) -> String {
    if is_secret {
        format!("is {}, not text", article(value))
    } else {
        sentence.to_owned()
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
