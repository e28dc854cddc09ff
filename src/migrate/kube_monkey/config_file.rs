//! Reads the keys of kube-monkey from its TOML file and its environment, which wins.

use toml::Value;

use super::OPTIONS;
use crate::migrate::arguments::{GivenOption, mistake};
use crate::migrate::old_option::{OldOption, OldSources, OldValue};
use crate::settings::SettingMistake;

/// The options that were given. Mistakes are added to the list.
pub(super) fn read(sources: &OldSources, mistakes: &mut Vec<SettingMistake>) -> Vec<GivenOption> {
    let mut given = read_variables(sources, mistakes);
    let text = sources.file.as_deref().unwrap_or_default();
    match text.parse::<toml::Table>() {
        Ok(table) => {
            let mut of_file = Vec::new();
            read_table(&table, "", &mut of_file, mistakes);
            of_file.retain(|option| !given.iter().any(|other| other.name == option.name));
            given.extend(of_file);
        }
        // The message of the error quotes the line, which may hold a token.
        Err(error) => {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(1, |before| 1 + before.matches('\n').count());
            mistakes.push(mistake(
                "--file",
                &format!("line {line} is not TOML: {}", error.message()),
                "fix it there",
            ));
        }
    }
    given
}

/// The variable of a key: `KUBEMONKEY_DRY_RUN` of `kubemonkey.dry_run`.
fn variable(option: &OldOption) -> String {
    option.name.replace('.', "_").to_uppercase()
}

fn read_variables(sources: &OldSources, mistakes: &mut Vec<SettingMistake>) -> Vec<GivenOption> {
    let mut given = Vec::new();
    for found in &sources.env {
        match OPTIONS.iter().find(|option| variable(option) == found.name) {
            Some(option) => given.push(GivenOption {
                name: option.name,
                value: found.value.clone(),
                origin: found.name.clone(),
            }),
            None if found.name.starts_with("KUBEMONKEY_") => {
                mistakes.push(mistake(&found.name, "no key has this variable", "remove it"));
            }
            None => {}
        }
    }
    given
}

/// Reads the keys of a table. Their case does not matter.
fn read_table(
    table: &toml::Table,
    section: &str,
    given: &mut Vec<GivenOption>,
    mistakes: &mut Vec<SettingMistake>,
) {
    for (name, value) in table {
        let path = match section {
            "" => name.clone(),
            _ => format!("{section}.{name}"),
        };
        let option = OPTIONS
            .iter()
            .find(|option| option.name.eq_ignore_ascii_case(&path));
        let is_section = OPTIONS.iter().any(|option| is_within(option.name, &path));
        match (option, value) {
            (Some(option), value) => match text_of(value) {
                Some(text) => given.push(GivenOption {
                    name: option.name,
                    value: OldValue::Text(text),
                    origin: path,
                }),
                None => mistakes.push(mistake(
                    &path,
                    "is of another type",
                    "write it as kube-monkey has it",
                )),
            },
            (None, Value::Table(inner)) if is_section => read_table(inner, &path, given, mistakes),
            (None, _) => mistakes.push(unknown(&path)),
        }
    }
}

fn is_within(name: &str, section: &str) -> bool {
    let start = name.get(..section.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(section)) && name[section.len()..].starts_with('.')
}

fn unknown(path: &str) -> SettingMistake {
    let distance =
        |option: &&OldOption| strsim::damerau_levenshtein(&path.to_lowercase(), &option.name.to_lowercase());
    let nearest = OPTIONS.iter().min_by_key(distance);
    let right = match nearest.filter(|option| distance(option) <= 1 + path.len() / 4) {
        Some(nearest) => format!("did you mean {}?", nearest.name),
        None => "remove it".to_owned(),
    };
    mistake(path, "kube-monkey has no such key", &right)
}

/// The text of a value: the entries of a list with commas between them, of a custom resource its name and group.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Boolean(value) => Some(value.to_string()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Array(entries) => {
            let texts: Option<Vec<String>> = entries.iter().map(entry_of).collect();
            texts.map(|texts| texts.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

fn entry_of(entry: &Value) -> Option<String> {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    match entry {
        Value::String(text) => Some(text.clone()),
        Value::Table(_) => Some(format!("{}.{}", text("resource")?, text("group")?)),
        _ => None,
    }
}
