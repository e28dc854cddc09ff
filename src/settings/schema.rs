//! The JSON Schema (draft-07) of the configuration file, from the tables of settings: for editors, and for those who check
//! a file without macaque. It takes everything that the decoders take, and leaves to them what only they can judge.

use serde_json::{Value, json};

use super::forms::{DURATION, NumberBounds, PERCENT, RANGE, SHARE, TextForm, ValueForm};
use super::keys::{DefaultChoice, KeyKind, SettingKey, keys};
use super::table_fields::{FieldDefault, FieldType, TableField, TableKind, table_fields};

/// The identity of the schema.
const ID: &str = "https://REPOSITORY/config/macaque.schema.json";

/// The schema of the configuration file. `writeOnly` marks what is or may be a secret.
pub fn config_schema() -> Value {
    let mut schema = section();
    for key in keys() {
        insert(&mut schema, key.path, of_key(key));
    }
    for kind in TableKind::ALL {
        insert(&mut schema, kind.section(), of_tables(kind));
    }

    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["$id"] = json!(ID);
    schema["title"] = json!("macaque.toml");
    schema["description"] = json!("The configuration file of macaque, a chaos monkey for Kubernetes.");
    schema
}

/// A table with no names yet.
fn section() -> Value {
    json!({ "type": "object", "additionalProperties": false, "properties": {} })
}

/// Adds what a dotted path may hold, and the sections on the way.
fn insert(schema: &mut Value, path: &str, value: Value) {
    match path.split_once('.') {
        None => schema["properties"][path] = value,
        Some((name, rest)) => {
            let within = &mut schema["properties"][name];
            if within.is_null() {
                *within = section();
            }
            insert(within, rest, value);
        }
    }
}

/// What a setting may be.
fn of_key(key: &SettingKey) -> Value {
    let mut schema = match key.kind {
        KeyKind::Boolean(_) => json!({ "type": "boolean" }),
        KeyKind::Count(_, bounds) => number(bounds),
        KeyKind::Text(_) | KeyKind::OptionalText => text(key.form),
        KeyKind::Duration(default) => duration(key.form, default.is_empty()),
        KeyKind::List(_) | KeyKind::OptionalList(_) => list(key.form),
        KeyKind::Choice(_, forms) => choice(forms),
        KeyKind::Secret => json!({ "type": "string", "writeOnly": true }),
    };
    schema["description"] = json!(key.doc);
    if let Some(default) = default_of(key.kind) {
        schema["default"] = default;
    }
    schema
}

/// The default of a setting; none where nothing is set.
fn default_of(kind: KeyKind) -> Option<Value> {
    match kind {
        KeyKind::Boolean(default) => Some(json!(default)),
        KeyKind::Count(default, _) => default.map(|default| json!(default)),
        KeyKind::Text(default) | KeyKind::Duration(default) => Some(json!(default)),
        KeyKind::List(_) => Some(json!([])),
        KeyKind::Choice(DefaultChoice::On, _) => Some(json!(true)),
        KeyKind::Choice(DefaultChoice::Number(default), _) => Some(json!(default)),
        KeyKind::Choice(DefaultChoice::Word(default), _) => Some(json!(default)),
        KeyKind::OptionalList(_) | KeyKind::OptionalText | KeyKind::Secret => None,
    }
}

/// A list of tables of one kind.
fn of_tables(kind: TableKind) -> Value {
    let mut table = section();
    let fields = table_fields().iter().filter(|field| field.is_of(kind));
    let mut required = Vec::new();
    for field in fields {
        insert(&mut table, field.name, of_field(field));
        if field.default == FieldDefault::Required {
            required.push(field.name);
        }
    }
    table["required"] = json!(required);

    let mut tables = json!({ "type": "array", "items": table });
    if let Some(most) = kind.most() {
        tables["maxItems"] = json!(most);
    }
    tables
}

/// What a field of a table may be. Its text is not empty.
fn of_field(field: &TableField) -> Value {
    let mut schema = match field.value {
        FieldType::Text(TextForm::Any(examples)) => {
            with_examples(json!({ "type": "string", "minLength": 1 }), examples)
        }
        FieldType::Text(form) => text(form),
        FieldType::Secret => json!({ "type": "string", "minLength": 1, "writeOnly": true }),
        FieldType::WordOrTrue(known) => one_of_words(&known(), vec![json!(true)]),
        FieldType::Duration => duration(TextForm::Any(&[]), false),
        FieldType::Number(bounds) => number(bounds),
        FieldType::Texts(form) => list(form),
        FieldType::NamedTexts => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        FieldType::Scalar => json!({ "type": ["string", "number", "boolean"] }),
    };
    schema["description"] = json!(field.doc);
    if let FieldDefault::Toml(default) = field.default {
        // What TOML has as a text, a number or an empty list, JSON has too.
        schema["default"] = serde_json::from_str(default).unwrap_or_default();
    }
    schema
}

fn number(bounds: NumberBounds) -> Value {
    json!({ "type": "integer", "minimum": bounds.least, "maximum": bounds.most })
}

fn list(form: TextForm) -> Value {
    json!({ "type": "array", "items": text(form) })
}

fn text(form: TextForm) -> Value {
    match form {
        TextForm::Any(examples) => with_examples(json!({ "type": "string" }), examples),
        TextForm::Words(known) => one_of_words(&known(), Vec::new()),
        TextForm::Like(pattern, examples) => {
            with_examples(json!({ "type": "string", "pattern": pattern }), examples)
        }
    }
}

fn duration(form: TextForm, may_be_empty: bool) -> Value {
    let pattern = if may_be_empty {
        format!("^\\s*$|{DURATION}")
    } else {
        DURATION.to_owned()
    };
    let examples = match form {
        TextForm::Any(examples) | TextForm::Like(_, examples) => examples,
        TextForm::Words(_) => &[],
    };
    with_examples(json!({ "type": "string", "pattern": pattern }), examples)
}

/// A value in one of several forms.
fn choice(forms: &[ValueForm]) -> Value {
    let mut words = Vec::new();
    let mut values = Vec::new();
    let mut others = Vec::new();
    for form in forms {
        match *form {
            ValueForm::True => {
                values.push(json!(true));
                words.push("on");
            }
            ValueForm::False | ValueForm::Off => {
                values.push(json!(false));
                words.push("off");
            }
            ValueForm::Word(word) => words.push(word),
            ValueForm::UpTo(most) => others.push(json!({ "type": "integer", "minimum": 0, "maximum": most })),
            ValueForm::Within(bounds) => others.push(number(bounds)),
            ValueForm::Percent(example) => others.push(like(PERCENT, example)),
            ValueForm::Share(example) => others.push(like(SHARE, example)),
            ValueForm::Range(example) => others.push(like(RANGE, example)),
        }
    }

    if words.is_empty() && others.len() == 1 {
        return others.remove(0);
    }
    if words.is_empty() {
        return json!({ "anyOf": others });
    }
    let mut schema = one_of_words(&words, values);
    if let Some(forms) = schema["anyOf"].as_array_mut() {
        forms.append(&mut others);
    }
    schema
}

/// A text that matches `pattern`, as the example does.
fn like(pattern: &str, example: &str) -> Value {
    json!({ "type": "string", "pattern": pattern, "examples": [example] })
}

/// One of the words, in any letter case, or one of the other values. Editors offer those of the list.
fn one_of_words(words: &[&str], values: Vec<Value>) -> Value {
    let listed: Vec<_> = values
        .into_iter()
        .chain(words.iter().map(|word| json!(word)))
        .collect();
    let alternatives: Vec<_> = words.iter().map(|word| in_any_case(word)).collect();
    let pattern = format!("^\\s*({})\\s*$", alternatives.join("|"));
    json!({ "anyOf": [{ "enum": listed }, { "type": "string", "pattern": pattern }] })
}

/// A pattern of a word in any letter case, for regular expressions that have no flags.
fn in_any_case(word: &str) -> String {
    let letters = word.chars().map(|c| {
        if c.is_ascii_alphabetic() {
            format!("[{}{}]", c.to_ascii_uppercase(), c.to_ascii_lowercase())
        } else {
            c.to_string()
        }
    });
    letters.collect()
}

fn with_examples(mut schema: Value, examples: &[&str]) -> Value {
    if !examples.is_empty() {
        schema["examples"] = json!(examples);
    }
    schema
}
