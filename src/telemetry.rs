//! The log: text for people, one JSON object per line for machines. The one place that knows `env_logger`.

pub mod status_line;

use std::io::{IsTerminal as _, Write as _};

use env_logger::{Builder, Target};
use jiff::Timestamp;
use log::kv::{Key, Value, VisitSource};
use log::{LevelFilter, Record};
use serde_json::{Map, json};

use crate::platform::Platform;
use crate::program;
use crate::settings::{LogFormat, LogSettings};
use crate::text;

/// The longest message of a record, in characters, and the longest value.
const LONGEST: usize = 4_000;

/// Starts the log on standard error. A second call changes nothing.
pub fn start(settings: &LogSettings, platform: &Platform) {
    let mut builder = Builder::new();
    builder.target(Target::Stderr).filter_level(settings.level);
    // kube logs each failed request by itself; macaque logs it once, in words, with what follows from it.
    for noisy in [
        "actix_tls",
        "kube_client",
        "tower",
        "hyper",
        "hyper_util",
        "rustls",
        "rustls_platform_verifier",
        "awc",
    ] {
        builder.filter_module(noisy, LevelFilter::Off);
    }

    let platform = platform.clone();
    if is_json(settings) {
        builder.format(move |out, record| {
            status_line::clear();
            writeln!(out, "{}", json_line(record, platform.now()))
        });
    } else {
        builder.format(move |out, record| {
            status_line::clear();
            let style = out.default_level_style(record.level());
            let level = format!("{style}{:<5}{style:#}", record.level());
            writeln!(out, "{}", text_line(record, &level, platform.now()))
        });
    }

    if builder.try_init().is_ok() {
        // A panic is logged like any other error, in the format of the log. The Supervisor logs what follows from it.
        std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
    }
}

/// Whether the log is for machines: one JSON object per line.
pub fn is_json(settings: &LogSettings) -> bool {
    match settings.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    }
}

/// Prints on standard error, for a person, why the command cannot do its work.
pub fn print_error(words: &str) {
    status_line::clear();
    let words = text::clean(words, LONGEST);
    // A closed standard error is no reason to fail.
    let _ = writeln!(
        anstream::stderr(),
        "{}: {}",
        program::name(),
        program::as_called(&words)
    );
}

/// Prints on standard error, for a person, what a command is about to do. No level of the log leaves it out.
pub fn print_note(words: &str) {
    print_error(words);
}

/// Prints several errors on standard error, each on a line of its own.
pub fn print_errors(lines: &str) {
    status_line::clear();
    let lines = text::visible(lines);
    let _ = writeln!(
        anstream::stderr(),
        "{}: {}",
        program::name(),
        program::as_called(&lines)
    );
}

/// One record as a line for people: `[2026-12-24T15:00:00Z INFO ] evicted shop/web-0 pod=shop/web-0`. Whatever would
/// break the line or control the terminal is written out.
fn text_line(record: &Record<'_>, level: &str, now: Timestamp) -> String {
    let message = text::revealed(&record.args().to_string(), LONGEST);
    let mut line = format!("[{now:.0} {level}] {message}");
    // The visitor returns no error.
    let _ = record.key_values().visit(&mut TextFields(&mut line));
    line
}

struct TextFields<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for TextFields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        let value = text::revealed(&value.to_string(), LONGEST);
        self.0.push_str(&format!(" {key}={value}"));
        Ok(())
    }
}

/// One record as a JSON object on one line, in which whatever would break the line or control a terminal is escaped.
fn json_line(record: &Record<'_>, now: Timestamp) -> String {
    let mut object = Map::new();
    object.insert("ts".to_owned(), json!(now.to_string()));
    object.insert("level".to_owned(), json!(record.level().as_str().to_lowercase()));
    object.insert(
        "msg".to_owned(),
        json!(text::clip(&record.args().to_string(), LONGEST)),
    );
    // The visitor returns no error.
    let _ = record.key_values().visit(&mut JsonFields(&mut object));
    text::revealed_json(&serde_json::Value::Object(object).to_string())
}

struct JsonFields<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for JsonFields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        let value = serde_json::to_value(&value).unwrap_or_else(|_| json!(value.to_string()));
        self.0.insert(key.to_string(), clipped(value));
        Ok(())
    }
}

/// The value with each of its texts cut, however deep it lies.
fn clipped(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::String(text) => json!(text::clip(&text, LONGEST)),
        serde_json::Value::Array(items) => items.into_iter().map(clipped).collect(),
        serde_json::Value::Object(fields) => {
            let fields = fields.into_iter().map(|(key, value)| (key, clipped(value)));
            serde_json::Value::Object(fields.collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_json_line_is_one_object_whatever_the_text_holds() {
        let record = Record::builder()
            .args(format_args!("evil \"text\"\n{{\"level\":\"info\"}}"))
            .level(log::Level::Warn)
            .key_values(&[("pod", "shop/web-0")])
            .build();
        let line = json_line(&record, Timestamp::UNIX_EPOCH);
        assert!(!line.contains('\n'));
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&object["level"], &object["pod"]),
            (&json!("warn"), &json!("shop/web-0"))
        );
    }

    #[test]
    fn a_record_is_one_bounded_line_without_hidden_characters_in_both_formats() {
        let hostile = "no\u{1b}[2J\u{9b}1m\n[forged] \u{202e}txt\u{200b}";
        let long = "x".repeat(20_000);
        for text in [hostile, &long] {
            let values = [("pod", text)];
            let arguments = format_args!("{text}");
            let record = Record::builder().args(arguments).key_values(&values).build();
            let lines = [
                text_line(&record, "INFO ", Timestamp::UNIX_EPOCH),
                json_line(&record, Timestamp::UNIX_EPOCH),
            ];
            for line in lines {
                assert!(!line.contains(text::is_hidden), "{line:?}");
                assert!(text::chars(&line) < 2 * LONGEST + 200);
            }
        }
    }

    #[test]
    fn a_line_for_people_has_time_level_text_and_values() {
        let record = Record::builder()
            .args(format_args!("evicted shop/web-0"))
            .key_values(&[("pod", "shop/web-0")])
            .build();
        assert_eq!(
            text_line(&record, "INFO ", Timestamp::UNIX_EPOCH),
            "[1970-01-01T00:00:00Z INFO ] evicted shop/web-0 pod=shop/web-0"
        );
    }
}
