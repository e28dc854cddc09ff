//! What becomes of each flag of chaoskube.

mod mistakes;

use super::*;
use crate::migrate::old_option::{OldKind, OldValue, OldVariable};
use crate::migrate::{UnmigratedEffect, split_words};

/// The migration of these arguments.
fn migrated(args: &str) -> Migration {
    let args = split_words(args).unwrap();
    migrate(&OldSources {
        args,
        ..OldSources::default()
    })
    .unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// The value of a key as TOML; empty if it is not set.
fn value_of(migration: &Migration, key: &str) -> String {
    let setting = migration.settings.iter().find(|setting| setting.key == key);
    setting
        .map(|setting| setting.value.to_string())
        .unwrap_or_default()
}

/// A value of each flag that differs from its default.
const OTHERS: [(&str, &str); 24] = [
    ("labels", "app=web"),
    ("annotations", "chaos=on"),
    ("kinds", "!StatefulSet"),
    ("namespaces", "shop"),
    ("namespace-labels", "env=test"),
    ("included-pod-names", "^web"),
    ("excluded-pod-names", "canary"),
    ("excluded-weekdays", "Sat"),
    ("excluded-times-of-day", "22:00-08:00"),
    ("excluded-days-of-year", "Dec24"),
    ("timezone", "Europe/Berlin"),
    ("minimum-age", "1h"),
    ("max-runtime", "1h"),
    ("max-kill", "2"),
    ("master", "https://10.0.0.1"),
    ("kubeconfig", "/root/.kube/config"),
    ("interval", "5m"),
    ("dry-run", "false"),
    ("debug", "true"),
    ("metrics-address", ":9090"),
    ("grace-period", "30s"),
    ("log-format", "json"),
    ("log-caller", "true"),
    ("slack-webhook", "https://hooks.example/CANARY"),
];

#[test]
fn every_flag_and_its_variable_become_a_setting_or_are_named_as_without_equal() {
    let others = OTHERS.into_iter().chain([("client-namespace-scope", "shop")]);
    let names: Vec<&str> = others.clone().map(|(name, _)| name).collect();
    let known: Vec<&str> = OPTIONS.iter().map(|option| option.name).collect();
    assert_eq!(names, known, "a value for every flag");

    for ((name, value), option) in others.zip(OPTIONS) {
        let flag = match (option.kind, value) {
            (OldKind::Switch, "false") => format!("--no-{name}"),
            (OldKind::Switch, _) => format!("--{name}"),
            (OldKind::Value | OldKind::Secret, _) => format!("--{name}={value}"),
        };
        let written = flag.split('=').next().unwrap();
        let variable = format!("CHAOSKUBE_{}", name.replace('-', "_").to_uppercase());
        let by_flag = migrated(&flag);
        let by_variable = migrate(&OldSources {
            env: vec![OldVariable {
                name: variable.clone(),
                value: OldValue::Text(value.to_owned()),
            }],
            ..OldSources::default()
        });
        let by_variable = by_variable.unwrap();
        assert!(
            by_flag.to_toml().contains(written),
            "{flag}: {}",
            by_flag.to_toml()
        );
        let renamed = by_variable.to_toml().replace(&variable, written);
        assert_eq!(
            renamed.replace("\n# ", " "),
            by_flag.to_toml().replace("\n# ", " "),
            "{flag}"
        );
        assert!(!by_flag.to_toml().contains("CANARY") && !format!("{by_flag:?}").contains("CANARY"));
    }
}

#[test]
fn the_table_of_flags_says_what_becomes_of_each() {
    for (name, value) in OTHERS {
        let option = OPTIONS.iter().find(|option| option.name == name).unwrap();
        let flag = match (option.kind, value) {
            (OldKind::Switch, "false") => format!("--no-{name}"),
            (OldKind::Switch, _) => format!("--{name}"),
            (OldKind::Value | OldKind::Secret, _) => format!("--{name}={value}"),
        };
        let migration = migrated(&flag);
        let key = option
            .becomes
            .strip_prefix('`')
            .and_then(|words| words.split('`').next());
        match key {
            Some(key) => assert_ne!(value_of(&migration, key), "", "{flag} becomes {key}"),
            None => assert!(!migration.unmigrated.is_empty(), "{flag} has no equal"),
        }
    }
}

#[test]
fn without_a_flag_its_default_is_written_where_macaques_differs() {
    let migration = migrated("");
    for (key, value) in [
        ("dry_run", "true"),
        ("schedule.cron", "\"*/10 * * * *\""),
        ("target.namespaces", "[\"*\"]"),
        ("target.min_age", "\"0s\""),
        (
            "target.include",
            "[\"bare\", \"daemonset\", \"job\", \"system-critical\", \"system-namespaces\"]",
        ),
        ("disrupt.method", "\"delete\""),
        ("disrupt.draw", "\"owners\""),
        ("events.enabled", "true"),
        ("log.format", "\"text\""),
        ("schedule.quiet", ""),
    ] {
        assert_eq!(value_of(&migration, key), value, "{key}");
    }
    assert!(migration.unmigrated.is_empty(), "{migration:?}");
    assert!(!migration.is_armed());
    assert!(migrated("--no-dry-run").is_armed());
}

#[test]
fn a_restriction_without_an_equal_keeps_a_dry_run() {
    for args in [
        "--namespace-labels=a --namespaces=shop",
        "--namespace-labels=a --client-namespace-scope=shop",
        "--included-pod-names=^(web|cart)",
        "--excluded-pod-names=-[0-9]+$",
        "--excluded-pod-names=0",
        "--excluded-pod-names=canary",
        "--kinds=!Widget",
        "--max-runtime=1h",
        "--master=https://10.0.0.1",
        "--interval=1000h",
        "--timezone=Local --excluded-weekdays=Sun",
    ] {
        let migration = migrated(&format!("--no-dry-run {args}"));
        assert_eq!(value_of(&migration, "dry_run"), "true", "{args}");
        assert_eq!(migration.lost_restrictions().count(), 1, "{args}: {migration:?}");
        assert!(migration.summary().contains("stays a dry run"), "{args}");
    }
}

#[test]
fn what_does_not_widen_the_reach_leaves_the_migration_armed() {
    for args in [
        "--log-caller",
        "--kinds=!DaemonSet,!Job,!Node",
        "--kinds=ReplicaSet,Widget",
        "--namespaces=!kube-system,!prod",
        "--namespace-labels=env=test --namespaces=!prod",
        "--annotations=a=b",
        "--included-pod-names=^web",
        "--namespaces=a,b,!b",
        "--max-runtime=-1s",
        "--included-pod-names=",
        "--timezone=Local",
        "--interval=7m",
        "--grace-period=0s",
    ] {
        let migration = migrated(&format!("--no-dry-run {args}"));
        assert!(migration.is_armed(), "{args}: {migration:?}");
        for option in &migration.unmigrated {
            assert_eq!(option.effect, UnmigratedEffect::Same, "{args}");
        }
    }
}

#[test]
fn each_value_becomes_one_of_macaques() {
    for (args, key, value) in [
        ("--namespaces=a,b,!b", "target.namespaces", "[\"a\"]"),
        ("--namespaces=!prod", "target.namespaces", "[\"*\"]"),
        ("--namespaces=!prod", "target.exclude_namespaces", "[\"prod\"]"),
        (
            "--namespace-labels=env=test,!old",
            "target.namespace_selector",
            "\"env=test,!old\"",
        ),
        ("--namespace-labels=env=test", "target.namespaces", ""),
        ("--annotations=a=b", "target.mode", "\"opt-in\""),
        (
            "--kinds=ReplicaSet,!Job",
            "target.owners",
            "[\"deployment\", \"replicaset\", \"rollout.argoproj.io\"]",
        ),
        ("--kinds=!StatefulSet,!Job", "target.owners", "[\"!statefulset\"]"),
        ("--kinds=!Job", "target.owners", ""),
        (
            "--included-pod-names=^web-",
            "target.names",
            "[\"web\", \"web-*\"]",
        ),
        (
            "--included-pod-names=web --excluded-pod-names=canary",
            "target.names",
            "[\"*web*\", \"!*canary*\"]",
        ),
        (
            "--namespaces=a,b --client-namespace-scope=b",
            "target.namespaces",
            "[\"b\"]",
        ),
        ("--client-namespace-scope=b", "target.namespaces", "[\"b\"]"),
        (
            "--client-namespace-scope=b",
            "target.include",
            "[\"bare\", \"daemonset\", \"job\", \"system-critical\"]",
        ),
        (
            "--namespaces=kube-system",
            "target.include",
            "[\"bare\", \"daemonset\", \"job\", \"system-critical\", \"system-namespaces\"]",
        ),
        (
            "--namespaces=!kube-system",
            "target.include",
            "[\"bare\", \"daemonset\", \"job\", \"system-critical\"]",
        ),
        (
            "--kinds=!Job,!DaemonSet --namespaces=a",
            "target.include",
            "[\"bare\", \"system-critical\"]",
        ),
        (
            "--kinds=Job --namespaces=a",
            "target.include",
            "[\"job\", \"system-critical\"]",
        ),
        ("--interval=45m", "schedule.cron", "\"0 * * * *\""),
        ("--interval=1h", "schedule.cron", "\"0 * * * *\""),
        ("--interval=200h", "schedule.cron", "\"0 0 1 * *\""),
        ("--minimum-age=1.5s", "target.min_age", "\"2s\""),
        ("--minimum-age=-1s", "target.min_age", "\"0s\""),
        ("--max-kill=1000", "disrupt.count", "100"),
        ("--grace-period=0", "disrupt.grace_period", "\"1s\""),
        ("--grace-period=1.9s", "disrupt.grace_period", "\"1s\""),
        ("--grace-period=48h", "disrupt.grace_period", "\"24h\""),
        ("--grace-period=-5s", "disrupt.grace_period", ""),
        ("--metrics-address=", "health.listen", "\"off\""),
        ("--metrics-address=:9090", "health.listen", "\"0.0.0.0:9090\""),
        ("--no-debug", "log.level", "\"info\""),
        (
            "--excluded-weekdays='sat, SUN'",
            "schedule.quiet",
            "[\"Sat,Sun\"]",
        ),
        (
            "--excluded-times-of-day='8:00-9:00,22:00-00:00,07:00-07:00'",
            "schedule.quiet",
            "[\"08:00-09:00\", \"22:00-00:00\"]",
        ),
        (
            "--excluded-days-of-year='Feb29,dec 24'",
            "schedule.quiet",
            "[\"02-29\", \"12-24\"]",
        ),
        ("--labels 'app in (a,b)'", "target.selector", "\"app in (a,b)\""),
    ] {
        assert_eq!(value_of(&migrated(args), key), value, "{args}");
    }
}
