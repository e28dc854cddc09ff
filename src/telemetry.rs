//! The log: text for people, one JSON object per line for machines. The one place that knows `env_logger`.

use std::io::{IsTerminal as _, Write as _};

use env_logger::{Builder, Target};
use jiff::Timestamp;
use log::kv::{Key, Value, VisitSource};
use log::{LevelFilter, Record};
use serde_json::{Map, json};

use crate::platform::Platform;
use crate::settings::{LogFormat, LogSettings};
use crate::text;

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

    let json = match settings.format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };

    if json {
        let platform = platform.clone();
        builder.format(move |out, record| writeln!(out, "{}", line(record, platform.now())));
    } else {
        builder.format_target(false);
    }

    if builder.try_init().is_ok() {
        // A panic is logged like any other error, in the format of the log. The Supervisor logs what follows from it.
        std::panic::set_hook(Box::new(|panic| log::error!("{panic}")));
    }
}

/// Prints on standard error, for a person, why the command cannot do its work.
pub fn print_error(words: &str) {
    // A closed standard error is no reason to fail.
    let _ = writeln!(anstream::stderr(), "macaque: {}", text::line(words));
}

/// Prints several errors on standard error, each on a line of its own.
pub fn print_errors(lines: &str) {
    let _ = writeln!(anstream::stderr(), "macaque: {}", text::visible(lines));
}

/// One record as a JSON object on one line; JSON escapes whatever would break a line or a terminal.
fn line(record: &Record<'_>, now: Timestamp) -> String {
    let mut object = Map::new();
    object.insert("ts".to_owned(), json!(now.to_string()));
    object.insert("level".to_owned(), json!(record.level().as_str().to_lowercase()));
    object.insert("msg".to_owned(), json!(record.args().to_string()));
    // The visitor returns no error.
    let _ = record.key_values().visit(&mut JsonFields(&mut object));
    serde_json::Value::Object(object).to_string()
}

struct JsonFields<'a>(&'a mut Map<String, serde_json::Value>);

impl<'kvs> VisitSource<'kvs> for JsonFields<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        let value = serde_json::to_value(&value).unwrap_or_else(|_| json!(value.to_string()));
        self.0.insert(key.to_string(), value);
        Ok(())
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
        let line = line(&record, Timestamp::UNIX_EPOCH);
        assert!(!line.contains('\n'));
        let object: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(
            (&object["level"], &object["pod"]),
            (&json!("warn"), &json!("shop/web-0"))
        );
    }
}
