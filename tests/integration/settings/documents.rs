//! The tutorial and the examples: they load, and they say what is so.

use std::path::{Path, PathBuf};

use macaque::settings::{self, KeyKind, ValidSettings};
use macaque_core::config::NamespaceScope;
use macaque_core::outcome::DisruptionMethod;

use super::fixture;

/// Loads an example as a cluster would, with its Slack token in another place.
fn example(name: &str) -> ValidSettings {
    let text = std::fs::read_to_string(config(&format!("examples/{name}"))).unwrap();
    let fixture = fixture().scheduled().without_a_namespace().file(&text);
    let token = fixture.secret("token", "t");
    match text.contains("token_file") {
        true => fixture.flag("notify.slack.token_file", "--test", &token).load(),
        false => fixture.load(),
    }
}

fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

#[test]
fn the_tutorial_equals_the_defaults() {
    let text = std::fs::read_to_string(config("macaque.toml")).unwrap();
    let nothing = fixture().env("MACAQUE_CRONTAB", "@hourly").scheduled();
    let tutorial = fixture()
        .file(&text)
        .env("MACAQUE_CRONTAB", "@hourly")
        .scheduled();
    assert_eq!(format!("{:?}", tutorial.load()), format!("{:?}", nothing.load()));
}

#[test]
fn the_tutorial_shows_every_key_with_its_default() {
    let text = std::fs::read_to_string(config("macaque.toml")).unwrap();
    let shown: toml::Table = text.parse().unwrap();
    for key in settings::keys() {
        let mut value = Some(toml::Value::Table(shown.clone()));
        for name in key.path.split('.') {
            value = value.and_then(|value| value.get(name).cloned());
        }
        assert_eq!(
            value.map(|value| value.to_string()),
            key.default_toml(),
            "config/macaque.toml, below [{}]: {} and its default",
            key.section(),
            key.name()
        );
        if key.default_toml().is_none() {
            let section = text.split(&format!("[{}]\n", key.section())).nth(1).unwrap_or("");
            let section = section.split("\n[").next().unwrap_or("");
            let line = format!("# {} = ", key.name());
            assert!(
                section.contains(&line),
                "config/macaque.toml, below [{}]: {line}…",
                key.section()
            );
        }
    }
}

#[test]
fn the_commented_lines_of_the_tutorial_are_settings_too() {
    let text = std::fs::read_to_string(config("macaque.toml")).unwrap();
    for line in text.lines().filter_map(|line| line.strip_prefix("#   ")) {
        let Some((name, value)) = line.split_once(" = ") else {
            continue;
        };
        let key = settings::keys().iter().find(|key| key.name() == name).unwrap();
        let file = format!("{} = {value}", key.path);
        fixture().file(&file).load();
    }
}

#[test]
fn every_example_loads() {
    let mut names: Vec<_> = std::fs::read_dir(config("examples"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();

    assert_eq!(
        names,
        ["aggressive-delete.toml", "one-team.toml", "shared-cluster.toml"]
    );

    for name in names {
        assert!(example(&name).config.calendar.is_some(), "{name}");
    }
}

#[test]
fn the_shared_cluster_honours_budgets_and_quiet_times_and_reports_to_slack() {
    let setup = example("shared-cluster.toml");
    assert_eq!(setup.config.disrupt.method, DisruptionMethod::Evict);
    assert!(!setup.config.calendar.unwrap().quiet().is_empty());
    assert!(matches!(setup.config.target.namespaces, NamespaceScope::Named(names) if names.len() == 3));
    assert!(setup.notify.text("notify.slack.channel").is_some());
}

#[test]
fn aggressive_delete_is_armed_and_deletes_three() {
    let setup = example("aggressive-delete.toml");
    assert!(!setup.config.dry_run);
    assert_eq!(setup.config.disrupt.method, DisruptionMethod::Delete);
    assert_eq!(setup.config.disrupt.count, 3);
}

#[test]
fn one_team_has_one_namespace_and_a_selector() {
    let setup = example("one-team.toml");
    assert_eq!(
        setup.config.target.namespaces,
        NamespaceScope::Named(vec!["payments".into()])
    );
    assert!(!setup.config.target.selector.is_empty());
}

#[test]
fn every_key_says_what_it_is_and_no_two_share_a_variable() {
    let mut variables = std::collections::BTreeSet::new();
    for key in settings::keys() {
        assert!(key.doc.ends_with('.') && key.doc.len() > 10, "{}", key.path);
        assert!(variables.insert(key.variable()), "{}", key.path);
        if let Some(old) = key.old_variable {
            assert!(variables.insert(old.to_owned()), "{old}");
        }
        if let KeyKind::Secret = key.kind {
            let file = format!("{}_file", key.path);
            assert!(settings::keys().iter().any(|key| key.path == file), "{file}");
        }
    }
}
