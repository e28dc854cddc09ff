//! Promises of the status page: what it shows of facts, what it never shows, and whom it answers.

mod blame;
mod hostile;
mod http;
mod page;
mod program;
mod schema;

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque::platform::Platform;
use macaque::status::{StatusBoard, StatusConfig};
use macaque_core::config::NamespaceScope;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::schedule::{Calendar, CronSchedule, QuietTimes};
use macaque_testkit::metrics::LIMITS;
use serde_json::Value;

/// A Monday, a second after the slot of half past nine.
fn start() -> Timestamp {
    "2027-03-01T09:30:01Z".parse().unwrap()
}

/// An armed macaque that disrupts in the namespace shop, by day.
fn config() -> StatusConfig {
    let cron: CronSchedule = "*/30 * * * *".parse().unwrap();
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    let quiet = QuietTimes::parse(["11:30-12:30"]).unwrap();
    StatusConfig {
        calendar: Some(Calendar::new(cron, zone, quiet)),
        is_dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: NamespaceScope::Named(vec!["shop".to_owned()]),
        limits: LIMITS,
        recovery_timeout: Duration::from_secs(300),
        guards: vec!["error rate".to_owned(), "whole".to_owned()],
        channels: vec!["slack".to_owned()],
        cluster: Some("prod".to_owned()),
        names: true,
        started: start(),
    }
}

/// A board whose clock shows [`start`] and stands still, in a runtime whose time is paused.
fn board(config: StatusConfig) -> StatusBoard {
    StatusBoard::new(config, &Platform::simulated(1, start()))
}

fn html(board: &StatusBoard) -> String {
    board.texts().html
}

fn json(board: &StatusBoard) -> Value {
    serde_json::from_str(&board.texts().json).unwrap()
}

/// What a reader sees of a page: its text, one line for each element.
fn seen(html: &str) -> String {
    let (_, body) = html.split_once("<body>").unwrap();
    let parts = body
        .split('<')
        .map(|part| part.split_once('>').map_or(part, |(_, text)| text));
    let lines = parts.map(str::trim).filter(|text| !text.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}
