//! Every example of docs/notifications.md is loaded, and every channel in one gets a message.

use macaque::notify::http::BUILT_IN;
use macaque::notify::{Channel, Placement, deliver};
use macaque_testkit::chat_server::ChatServer;
use macaque_testkit::notify::{CREATED, OK, http, message};
use macaque_testkit::server_answer::reply;
use tempfile::TempDir;

use super::http_channels::load_with;

/// Where the examples keep files.
const FILES: &str = "/etc/macaque/";

/// The examples of the document.
fn examples() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/notifications.md");
    let text = std::fs::read_to_string(path).unwrap();
    let blocks = text.split("\n```toml\n").skip(1);
    blocks
        .map(|rest| rest.split_once("\n```\n").unwrap().0.to_owned())
        .collect()
}

/// What the file of this name in an example holds.
fn content(path: &str, address: &str) -> String {
    let is_of = |word: &str| path.contains(word);
    if is_of("webhook-secret") || is_of("signing") {
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()
    } else if is_of("webhook") || is_of("url") || is_of("teams") {
        format!("http://{address}/hook/it")
    } else if path.ends_with(".json") {
        "{ \"text\": {{ headline }} }".to_owned()
    } else {
        "word".to_owned()
    }
}

/// An example whose files are in `dir`, and whose services are at `address`.
fn at_home(example: &str, dir: &TempDir, address: &str) -> String {
    let mut text = String::new();
    let mut rest = example;
    while let Some(start) = rest.find(FILES) {
        let end = start + rest[start..].find('"').unwrap();
        let path = &rest[start..end];
        let file = dir.path().join(path.replace('/', "_"));
        std::fs::write(&file, content(path, address)).unwrap();
        text += &rest[..start];
        text += &file.display().to_string();
        rest = &rest[end..];
    }
    text += rest;

    let lines = text.lines().map(|line| match line.split_once(" = \"https://") {
        Some(("url", rest)) => {
            let path = rest
                .trim_end_matches('"')
                .split_once('/')
                .map_or("", |(_, path)| path);
            format!("url = \"http://{address}/{path}\"")
        }
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What the service of this channel answers if all is well.
fn success(channel: &Channel) -> &'static str {
    // A route has the name of its service before its own.
    match channel.name().split('/').next().unwrap() {
        "slack" => OK,
        "webex" => CREATED,
        "slack-webhook" => "ok",
        _ => "",
    }
}

#[actix_rt::test]
async fn every_example_is_loaded_and_every_channel_in_it_gets_a_message() {
    let mut names = Vec::new();
    for example in examples() {
        let dir = TempDir::new().unwrap();
        let nowhere = at_home(&example, &dir, "127.0.0.1:9");
        let count = load_with(&dir, &nowhere, &[]).notify.channels().len();

        for index in 0..count {
            let channel = load_with(&dir, &nowhere, &[]).notify.channels().remove(index);
            let service = ChatServer::answering([reply(200, success(&channel))]).await;
            let text = at_home(&example, &dir, &service.address);
            let base = format!("http://{}/api", service.address);
            let bases = ["MACAQUE_NOTIFY__SLACK__API_URL", "MACAQUE_NOTIFY__WEBEX__API_URL"];
            let bases = bases.map(|name| (name, base.as_str()));
            let channel = load_with(&dir, &text, &bases).notify.channels().remove(index);

            deliver(&http(), &channel, &message(), Placement::Own)
                .await
                .unwrap();
            assert_eq!(service.requests().len(), 1, "{example}");
            names.push(channel.name().to_owned());
        }
    }
    for name in ["slack", "slack-webhook", "webex"] {
        assert!(names.iter().any(|own| own == name), "{name}: {names:?}");
    }
}

#[test]
fn there_is_an_example_of_every_template_that_macaque_brings_along() {
    let examples = examples().concat();
    for template in BUILT_IN {
        let line = format!("template = \"{}\"", template.name);
        assert!(examples.contains(&line), "{line}");
    }
}
