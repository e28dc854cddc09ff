//! The limits of the services that macaque brings templates for, and that no text in them mentions or links anything.

use std::sync::LazyLock;

use macaque::notify::OutgoingMessage;
use macaque::notify::http::{BUILT_IN, BodyTemplate, BuiltInTemplate, template_data};
use proptest::prelude::*;
use serde_json::Value;

/// Every template, compiled.
static TEMPLATES: LazyLock<Vec<(&BuiltInTemplate, BodyTemplate)>> = LazyLock::new(|| {
    let compiled = BUILT_IN.iter().map(|built_in| {
        let template = BodyTemplate::compile(built_in.source, BuiltInTemplate::FORMAT);
        (built_in, template.unwrap())
    });
    compiled.collect()
});

/// What people see of a body: where it is, and how many characters it may have.
type ShownText = (&'static str, usize);

/// The texts that people see, by the template.
fn shown_texts(template: &str) -> &'static [ShownText] {
    match template {
        "discord" => &[
            ("/embeds/0/title", 256),
            ("/embeds/0/description", 4096),
            ("/embeds/0/footer/text", 2048),
        ],
        "google-chat" => &[("/text", 32_000)],
        "incident-io" => &[("/title", 255), ("/description", 10_000)],
        "mattermost" => &[
            ("/attachments/0/fallback", 16_383),
            ("/attachments/0/title", 16_383),
            ("/attachments/0/text", 16_383),
            ("/attachments/0/footer", 16_383),
        ],
        "ntfy" => &[("/title", 250), ("/message", 4096)],
        "pagerduty-change" => &[
            ("/payload/summary", 1024),
            ("/payload/custom_details/footer", 16_383),
            ("/payload/custom_details/lines/0", 16_383),
        ],
        "rocket-chat" => &[("/attachments/0/title", 5000), ("/attachments/0/text", 5000)],
        other => panic!("{other} has no limits here"),
    }
}

/// How many bytes a body may have.
fn most_bytes(template: &str) -> usize {
    match template {
        "google-chat" => 32_000,
        _ => 65_536,
    }
}

/// Whether a body has the fields that its service requires.
fn is_complete(template: &str, body: &Value) -> bool {
    let is_text = |path: &str| {
        body.pointer(path)
            .and_then(Value::as_str)
            .is_some_and(|text| !text.is_empty())
    };
    match template {
        "discord" => {
            let color = body["embeds"][0]["color"].as_u64();
            is_text("/embeds/0/title")
                && color.is_some_and(|color| color <= 0xff_ff_ff)
                && body["allowed_mentions"] == serde_json::json!({"parse": []})
        }
        "google-chat" => is_text("/text") && is_text("/thread/threadKey"),
        "incident-io" => {
            let status = body["status"].as_str().unwrap_or_default();
            is_text("/title")
                && is_text("/deduplication_key")
                && ["firing", "resolved"].contains(&status)
                && body["metadata"].is_object()
        }
        "mattermost" => is_text("/attachments/0/fallback") && is_text("/attachments/0/color"),
        "ntfy" => {
            let priority = body["priority"].as_u64();
            is_text("/topic") && is_text("/message") && priority.is_some_and(|level| (1..=5).contains(&level))
        }
        "pagerduty-change" => {
            let timestamp = body["payload"]["timestamp"].as_str().unwrap_or_default();
            is_text("/routing_key")
                && is_text("/payload/summary")
                && is_text("/payload/source")
                && timestamp.parse::<jiff::Timestamp>().is_ok()
        }
        "rocket-chat" => is_text("/attachments/0/title") && is_text("/attachments/0/text"),
        other => panic!("{other} has no fields here"),
    }
}

/// Whether no service finds a mention, a channel, a link or an image in a text.
fn is_harmless(text: &str) -> bool {
    let next = text.chars().skip(1).chain([' ']);
    let is_apart = |c: char| matches!(c, '\u{200b}' | '…' | ' ');
    let pairs = text.chars().zip(next);
    let mut beginnings = pairs.filter(|(c, _)| "@<#~]".contains(*c));
    beginnings.all(|(_, next)| is_apart(next)) && !text.contains("://")
}

/// Checks what each template makes of a message.
pub(super) fn fits(message: &OutgoingMessage) -> Result<(), TestCaseError> {
    let data = template_data(message);
    for (built_in, template) in TEMPLATES.iter() {
        let secrets: Vec<_> = built_in
            .secrets
            .iter()
            .map(|name| ((*name).to_owned(), "key".into()))
            .collect();
        let body = template.render(&data, &secrets);
        let body = body.map_err(|fault| TestCaseError::fail(format!("{}: {fault}", built_in.name)))?;
        prop_assert!(
            body.len() <= most_bytes(built_in.name),
            "{} bytes: {body}",
            body.len()
        );

        let json: Value = serde_json::from_str(&body).unwrap();
        prop_assert!(is_complete(built_in.name, &json), "{}: {json}", built_in.name);
        let mut characters = 0;
        for (path, most) in shown_texts(built_in.name) {
            let text = json.pointer(path).and_then(Value::as_str).unwrap_or_default();
            let length = text.chars().count();
            prop_assert!(length <= *most, "{}{path}: {length}: {text}", built_in.name);
            prop_assert!(is_harmless(text), "{}{path}: {text}", built_in.name);
            characters += length;
        }
        prop_assert!(
            built_in.name != "discord" || characters <= 6000,
            "{characters}: {json}"
        );
        prop_assert!(
            built_in.name != "ntfy" || json["message"].as_str().unwrap().len() <= 4096,
            "{json}"
        );
    }
    Ok(())
}
