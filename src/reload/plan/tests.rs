//! What becomes of a changed file, over every key.

use std::fs;

use super::*;
use crate::settings::{
    FileSnapshot, KeyKind, LoadedSettings, ScheduleNeed, SettingsSources, TableKind, keys, load_file,
};

const MINIMAL: &str = "[schedule]\ncron = \"0 12 * * *\"\n[target]\nnamespaces = [\"shop\"]\n";

/// The settings that a file with this text gives, or its mistakes.
fn load(text: &str) -> Result<LoadedSettings, SettingMistakes> {
    load_with(text, &[])
}

fn load_with(text: &str, env: &[(&str, &str)]) -> Result<LoadedSettings, SettingMistakes> {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), text).unwrap();
    let sources = SettingsSources {
        file: Some(file.path().to_owned()),
        env: env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        ..SettingsSources::default()
    };
    let snapshot: FileSnapshot = sources.read_file();
    load_file(&sources, &snapshot, ScheduleNeed::Required)
}

fn now() -> Timestamp {
    "2026-11-29T12:00:00Z".parse().unwrap()
}

/// What becomes of a file with this text after the minimal one, in words.
fn planned(text: &str) -> String {
    let old = load(MINIMAL).unwrap();
    match plan(&old, load(text), now()) {
        ReloadPlan::Unchanged => "unchanged".to_owned(),
        ReloadPlan::Apply { changed, .. } => format!("apply {}", changed.join(" ")),
        ReloadPlan::NeedsRestart(keys) => format!("restart {}", keys.join(" ")),
        ReloadPlan::Refused(mistakes) => format!("refused {}", mistakes.join("; ")),
    }
}

#[test]
fn every_key_and_every_table_is_either_reloaded_or_needs_a_restart() {
    for name in keys()
        .iter()
        .map(|key| key.path)
        .chain(TableKind::ALL.map(TableKind::section))
    {
        assert!(ApplyBy::of(name).is_some(), "{name}");
    }
    assert_eq!(ApplyBy::of("unknown.key"), None);
}

/// Another value of a key than its default and than the minimal file's, as TOML.
fn other_value(path: &str, kind: KeyKind) -> String {
    match (path, kind) {
        ("schedule.cron", _) => "\"5 4 * * *\"".to_owned(),
        ("schedule.timezone", _) => "\"Europe/Berlin\"".to_owned(),
        ("schedule.quiet", _) => "[\"Sat\"]".to_owned(),
        ("target.namespaces", _) => "[\"cart\"]".to_owned(),
        ("target.mode", _) => "\"opt-in\"".to_owned(),
        ("target.owners", _) => "[\"statefulset\"]".to_owned(),
        ("disrupt.pace", _) => "\"rota\"".to_owned(),
        ("target.include", _) => "[\"daemonset\"]".to_owned(),
        ("disrupt.method", _) => "\"delete\"".to_owned(),
        ("disrupt.draw", _) => "\"owners\"".to_owned(),
        ("guards.nodes_unready", _) => "\"20%\"".to_owned(),
        ("guards.nodes", _) => "\"leases\"".to_owned(),
        ("guards.recovered", _) => "\"all\"".to_owned(),
        ("guards.whole" | "guards.rollout" | "guards.freeze", _) => "false".to_owned(),
        ("log.level", _) => "\"debug\"".to_owned(),
        ("log.format", _) => "\"json\"".to_owned(),
        ("journal", _) => "\"memory\"".to_owned(),
        ("history", _) => "\"off\"".to_owned(),
        ("health.listen" | "metrics.listen" | "status.listen", _) => "\"127.0.0.1:9999\"".to_owned(),
        ("notify.digest", _) => "\"Tue 10:00\"".to_owned(),
        (_, KeyKind::Boolean(default)) => (!default).to_string(),
        (_, KeyKind::Count(default, _)) => (default.unwrap_or(1) + 1).to_string(),
        (_, KeyKind::Choice(..)) => "7".to_owned(),
        (_, KeyKind::Duration(_)) => "\"90s\"".to_owned(),
        (_, KeyKind::List(_) | KeyKind::OptionalList(_)) => "[\"digest\"]".to_owned(),
        (_, KeyKind::Text(_) | KeyKind::OptionalText | KeyKind::Secret) => "\"app=web\"".to_owned(),
    }
}

#[test]
fn namespaces_that_are_found_by_their_labels_are_a_change_that_a_reload_applies() {
    let by_labels = MINIMAL.replace("namespaces = [\"shop\"]", "namespace_selector = \"chaos=on\"");
    assert_eq!(
        planned(&by_labels),
        "apply target.namespaces target.namespace_selector"
    );
}

#[test]
fn a_change_of_any_key_is_noticed_with_what_it_takes() {
    let old = load(MINIMAL).unwrap();
    for key in keys() {
        let value = other_value(key.path, key.kind);
        let variable = key.variable();
        let bare = value.trim_matches(['[', ']', '"']);
        // A variable overrides the file, so each key is set beside the same file. Values that are refused do not count.
        let Ok(new) = load_with(MINIMAL, &[(&variable, bare)]) else {
            // Namespaces are named, or found by their labels.
            let by_labels = key.path == "target.namespace_selector";
            let of_channel = key.section().split('.').next() == Some("notify");
            assert!(by_labels || of_channel, "{} = {bare}", key.path);
            continue;
        };
        let path = key.path;
        match plan(&old, Ok(new), now()) {
            ReloadPlan::Apply { changed, .. } => {
                assert_eq!(changed, [path]);
                assert_eq!(ApplyBy::of(path), Some(ApplyBy::Reload));
            }
            ReloadPlan::NeedsRestart(changed) => {
                assert_eq!(changed, [path]);
                assert_eq!(ApplyBy::of(path), Some(ApplyBy::Restart));
            }
            other => panic!("{path} = {bare}: {other:?}"),
        }
    }
}

#[test]
fn a_file_that_changes_what_is_reloaded_and_what_needs_a_restart_changes_nothing() {
    let table = [
        (format!("# why\n\n{MINIMAL}"), "unchanged"),
        (format!("dry_run = true\n{MINIMAL}"), "unchanged"),
        (format!("dry_run = false\n{MINIMAL}"), "apply dry_run"),
        (
            format!("dry_run = false\n{MINIMAL}[limits]\nper_day = 3\n"),
            "apply dry_run limits.per_day",
        ),
        (
            format!("{MINIMAL}[log]\nlevel = \"debug\"\n"),
            "restart log.level",
        ),
        (
            format!("dry_run = false\njournal = \"memory\"\n{MINIMAL}[log]\nlevel = \"debug\"\n"),
            "restart journal log.level",
        ),
        (
            format!("{MINIMAL}[[guards.http]]\nname = \"a\"\nurl = \"http://127.0.0.1:1/\"\n"),
            "apply guards.http",
        ),
        (
            format!("{MINIMAL}[schedule.x]\n[disrupt]\ncount = 0\n"),
            "refused",
        ),
        (
            "[schedule]\ncron = \"0 12 30 2 *\"\n[target]\nnamespaces = [\"shop\"]\n".to_owned(),
            "refused schedule",
        ),
        ("dry_run = fal".to_owned(), "refused"),
    ];

    for (text, expected) in table {
        let planned = planned(&text);
        assert!(planned.starts_with(expected), "{text}\n{planned}");
    }
}

#[test]
fn a_change_that_a_variable_overrides_changes_nothing() {
    let env = [("MACAQUE_DISRUPT__COUNT", "2")];
    let old = load_with(MINIMAL, &env).unwrap();
    let new = load_with(&format!("{MINIMAL}[disrupt]\ncount = 5\n"), &env);
    assert!(matches!(plan(&old, new, now()), ReloadPlan::Unchanged));
}

#[test]
fn all_mistakes_are_named_with_their_lines() {
    let planned = planned(&format!("{MINIMAL}[disrupt]\ncount = 0\nmethod = \"kill\"\n"));
    for words in [
        "disrupt.count: 0 is too few",
        "line 6",
        "disrupt.method: \"kill\"",
        "line 7",
    ] {
        assert!(planned.contains(words), "{planned}");
    }
}
