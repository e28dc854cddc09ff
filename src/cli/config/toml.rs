//! Writes settings as a configuration file.

use serde_json::Value;

use super::origin;
use crate::settings::{ListedSetting, SettingsListing};
use crate::text::is_hidden;

/// What stands where a secret was set.
const NOT_SHOWN: &str = "is set, and not shown";

/// The file, with the origin of each value behind it if `origins`.
pub(in crate::cli) fn file(listing: &SettingsListing, origins: bool) -> String {
    let mut file = String::new();
    let mut section = "";
    for setting in &listing.settings {
        if setting.section != section {
            if top(setting.section) != top(section) {
                file += &tables(listing, top(section), origins);
            }
            section = setting.section;
            file += &format!("\n[{section}]\n");
        }
        file += &line(setting, origins);
    }
    file
}

/// The tables whose sections lie below the section `above`, after which TOML has them.
fn tables(listing: &SettingsListing, above: &str, origins: bool) -> String {
    let tables = listing.tables.iter().filter(|table| top(table.section) == above);
    let tables = tables.map(|table| {
        let fields = table.fields.iter().map(|field| line(field, origins));
        format!("\n[[{}]]\n{}", table.section, fields.collect::<String>())
    });
    tables.collect()
}

/// The first name of a section.
fn top(section: &str) -> &str {
    section.split('.').next().unwrap_or(section)
}

/// A setting on a line of its own: as a comment if its value is not shown.
fn line(setting: &ListedSetting, origins: bool) -> String {
    let line = match &setting.value {
        Some(value) => format!("{} = {}", setting.name, value_of(value)),
        None => format!("# {} {NOT_SHOWN}", setting.name),
    };
    let mut words = Vec::new();
    if origins {
        let mut origin = origin(setting).to_owned();
        if !setting.overridden.is_empty() {
            origin += &format!(", overrides {}", setting.overridden.join(" and "));
        }
        words.push(origin);
    }
    words.extend(setting.note.clone());
    if words.is_empty() {
        return line + "\n";
    }

    let separator = if setting.value.is_some() { "  #" } else { ":" };
    let words = words.join("; ");
    let words: String = words.chars().filter(|c| !is_hidden(*c)).collect();
    format!("{line}{separator} {words}\n")
}

/// A value as TOML has it. JSON's `null` does not occur.
fn value_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(elements) => {
            let elements: Vec<_> = elements.iter().map(value_of).collect();
            format!("[{}]", elements.join(", "))
        }
        Value::Object(rows) if rows.is_empty() => "{}".to_owned(),
        Value::Object(rows) => {
            let rows: Vec<_> = rows
                .iter()
                .map(|(name, value)| format!("{} = {}", quoted(name), value_of(value)))
                .collect();
            format!("{{ {} }}", rows.join(", "))
        }
    }
}

/// A text in quotes, on one line, in which nothing controls a terminal or hides other text.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            c if c.is_control() || is_hidden(c) => quoted += &format!("\\U{:08X}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_written_as_toml_reads_it() {
        for value in [
            json!(true),
            json!(3),
            json!(1.5),
            json!(1e300),
            json!("a \"b\" \\ c\nd\te\r\u{7f}\u{202e}\u{e0001}é"),
            json!([]),
            json!(["a", "b"]),
            json!({}),
            json!({ "X-Key": "a", "with space": "b" }),
        ] {
            let written = format!("value = {}", value_of(&value));
            assert!(!written.contains(is_hidden), "{written:?}");
            let read: ::toml::Table = written.parse().unwrap();
            let read = serde_json::to_value(&read["value"]).unwrap();
            assert_eq!(read, value, "{written}");
        }
    }
}
