//! The tutorial and the examples: they load, and they say what is so.

use std::path::{Path, PathBuf};

use macaque::gates::GateScope;
use macaque::notify::Channel;
use macaque::settings::{self, KeyKind, TableKind, ValidSettings};
use macaque_core::config::NamespaceScope;
use macaque_core::guard::{GuardConfig, NodesGuard, RolloutGuard};
use macaque_core::outcome::DisruptionMethod;

use super::fixture;

/// Loads an example as a cluster would, with its Slack token in another place.
fn example(name: &str) -> ValidSettings {
    let text = std::fs::read_to_string(config(&format!("examples/{name}"))).unwrap();
    let fixture = fixture().scheduled().without_a_namespace().file(&text);
    let token = fixture.secret("token", "t");
    let secrets = text
        .split('"')
        .filter(|word| word.starts_with("/etc/macaque/secrets/"));
    let text = secrets.fold(text.clone(), |text, path| text.replace(path, &token));
    fixture.file(&text).load()
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
        [
            "aggressive-delete.toml",
            "fair-rota.toml",
            "gated.toml",
            "one-team.toml",
            "shared-cluster.toml"
        ]
    );

    for name in names {
        assert!(example(&name).config.calendar.is_some(), "{name}");
    }
}

/// The blocks of TOML in the documents, each with the document's name. `notify::documents` loads those of the page about
/// notifications, and `migrations::documents` those of the page about other tools, some of which are another tool's.
fn toml_blocks() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = std::fs::read_dir(root.join("docs")).unwrap();
    let mut paths: Vec<_> = pages.map(|entry| entry.unwrap().path()).collect();
    paths.extend(["README.md", "CONTRIBUTING.md", "CHANGELOG.md"].map(|name| root.join(name)));
    paths.retain(|path| path.extension().is_some_and(|end| end == "md"));
    paths.retain(|path| !path.ends_with("notifications.md") && !path.ends_with("migration.md"));

    let mut found = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let blocks = text.split("\n```toml\n").skip(1);
        let blocks = blocks.map(|rest| rest.split_once("\n```").unwrap().0.to_owned());
        found.extend(blocks.map(|block| (path.display().to_string(), block)));
    }
    found
}

#[test]
fn every_block_of_toml_in_the_documents_is_accepted() {
    let blocks = toml_blocks();
    assert!(blocks.len() >= 3, "{} blocks", blocks.len());
    for (place, block) in blocks {
        let fixture = fixture();
        let token = fixture.secret("token", "t");
        let paths = block
            .split('"')
            .filter(|word| word.starts_with("/etc/macaque/secrets/"));
        let block = paths.fold(block.clone(), |text, path| text.replace(path, &token));

        let loaded = fixture.file(&block).try_load();
        assert!(loaded.is_ok(), "{place}: {}\n{block}", loaded.unwrap_err());
    }
}

#[test]
fn the_shared_cluster_honours_budgets_and_quiet_times_and_reports_to_slack() {
    let setup = example("shared-cluster.toml");
    assert_eq!(setup.config.disrupt.method, DisruptionMethod::Evict);
    assert!(!setup.config.calendar.unwrap().quiet().is_empty());
    assert!(matches!(setup.config.target.namespaces, NamespaceScope::Named(names) if names.len() == 3));
    assert!(setup.notify.text("notify.slack.channel").is_some());

    let channels = setup.notify.channels();
    let names: Vec<_> = channels.iter().map(Channel::name).collect();
    assert_eq!(names, ["slack", "slack/shop"]);
    assert!(channels[1].concerns("shop", None) && !channels[1].concerns("search", None));
}

#[test]
fn every_configuration_file_names_its_schema_in_the_first_line() {
    let examples = std::fs::read_dir(config("examples")).unwrap();
    let examples = examples.map(|entry| entry.unwrap().path());
    for path in examples.chain([config("macaque.toml")]) {
        let text = std::fs::read_to_string(&path).unwrap();
        let schema = text.lines().next().unwrap().strip_prefix("#:schema ").unwrap();
        let schema = path.parent().unwrap().join(schema);
        assert_eq!(
            schema.canonicalize().unwrap(),
            config("macaque.schema.json").canonicalize().unwrap(),
            "{}",
            path.display()
        );
    }
}

#[test]
fn aggressive_delete_is_armed_and_deletes_three() {
    let setup = example("aggressive-delete.toml");
    assert!(!setup.config.dry_run);
    assert_eq!(setup.config.disrupt.method, DisruptionMethod::Delete);
    assert_eq!(setup.config.disrupt.count.most(), 3);
}

#[test]
fn aggressive_delete_switches_off_each_guard_by_its_name() {
    let setup = example("aggressive-delete.toml");
    assert_eq!(setup.config.guards, GuardConfig::off());
    assert!(setup.gates.is_empty());

    let text = std::fs::read_to_string(config("examples/aggressive-delete.toml")).unwrap();
    let shown: toml::Table = text.parse().unwrap();
    for key in settings::keys().iter().filter(|key| key.section() == "guards") {
        let is_off_by_default = key.path.starts_with("guards.nodes");
        assert!(
            is_off_by_default || shown["guards"].get(key.name()).is_some(),
            "{}",
            key.path
        );
    }
}

#[test]
fn the_gated_cluster_has_a_gate_of_each_kind_and_the_default_guards_on() {
    let setup = example("gated.toml");
    assert!(!setup.config.dry_run);
    let guards = &setup.config.guards;
    assert!(guards.whole && guards.freeze && guards.drains > 0);
    assert_eq!(
        (guards.rollout, guards.nodes),
        (RolloutGuard::Lenient, NodesGuard::Leases)
    );

    let scopes: Vec<_> = setup
        .gates
        .iter()
        .map(|gate| (gate.name.as_str(), gate.scope()))
        .collect();
    let expected = [
        ("no-page", GateScope::Victim),
        ("error-budget", GateScope::Round),
        ("no-incident", GateScope::Round),
        ("release-freeze", GateScope::Round),
    ];
    assert_eq!(scopes, expected);
}

#[test]
fn the_gates_of_the_tutorial_are_gates_once_they_are_uncommented() {
    let text = std::fs::read_to_string(config("macaque.toml")).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix("# "));
    let is_field = |line: &str| {
        let names = settings::table_fields()
            .iter()
            .map(|field| format!("{} = ", field.name));
        names.into_iter().any(|start| line.starts_with(&start))
    };
    // The gates stand together: what is before them, of other sections, has fields of the same names.
    let gates = lines.skip_while(|line| !line.starts_with("[[guards."));
    let gates = gates.take_while(|line| !line.starts_with("Pods disrupted"));
    let gates: Vec<_> = gates
        .filter(|line| line.starts_with("[[") || is_field(line))
        .collect();

    let setup = fixture().file(&gates.join("\n")).load();
    let names: Vec<_> = setup.gates.iter().map(|gate| gate.name.as_str()).collect();
    assert_eq!(names, ["no-page", "no-alert", "release-freeze"]);
    for kind in TableKind::ALL {
        let own = settings::table_fields()
            .iter()
            .filter(|field| field.kinds == [kind]);
        for field in own {
            assert!(
                text.contains(&format!("{} = ", field.name)),
                "config/macaque.toml: {}",
                field.name
            );
        }
    }
}

#[test]
fn the_channels_of_the_tutorial_are_channels_once_they_are_uncommented() {
    let text = std::fs::read_to_string(config("macaque.toml")).unwrap();
    let (_, channels) = text.split_once("# [[notify.http]]\n").unwrap();
    let (channels, _) = channels.split_once("\n\n").unwrap();
    let channels: Vec<_> = channels
        .lines()
        .map(|line| line.trim_start_matches(['#', ' ']))
        .collect();
    let fixture = fixture();
    let secret = fixture.secret("secret", "word");
    let url = fixture.secret("url", "https://discord.example/hook");
    let channels = format!("[[notify.http]]\n{}", channels.join("\n"))
        .replace("/etc/macaque/secrets/discord-webhook", &url);
    let files = channels
        .split('"')
        .filter(|word| word.starts_with("/etc/macaque/secrets/"));
    let channels = files.fold(channels.clone(), |text, file| text.replace(file, &secret));

    let channels = fixture.file(&channels).load().notify.channels();
    let names: Vec<_> = channels.iter().map(Channel::name).collect();
    assert_eq!(names, ["http/discord", "http/on-call"]);
}

#[test]
fn the_route_of_the_tutorial_is_a_route_once_it_is_uncommented() {
    let text = std::fs::read_to_string(config("macaque.toml")).unwrap();
    let (_, route) = text.split_once("# [[notify.route]]\n").unwrap();
    let (route, _) = route.split_once("\n\n").unwrap();
    let route: Vec<_> = route
        .lines()
        .map(|line| line.trim_start_matches(['#', ' ']))
        .collect();
    let slack = "[notify.slack]\ntoken = \"t\"\nchannel = \"C1\"\nkinds = []\n";
    let setup = fixture().file(&format!("{slack}[[notify.route]]\n{}", route.join("\n")));

    let channels = setup.load().notify.channels();
    let names: Vec<_> = channels.iter().map(Channel::name).collect();
    assert_eq!(names, ["slack", "slack/payments"]);
    assert!(channels[1].concerns("cart-eu", Some("payments")));
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
