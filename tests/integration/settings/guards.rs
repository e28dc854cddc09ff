//! The keys of `[guards]` and the caps of `[limits]`: which values they take, and in which words the others are refused.

use macaque_core::guard::{GuardConfig, MinReady, NodesGuard, RecoveredGuard, RolloutGuard};

use super::fixture;

/// The guards of a file.
fn guards(text: &str) -> GuardConfig {
    fixture().file(text).load().config.guards
}

#[test]
fn the_default_guards_are_those_of_the_core() {
    assert_eq!(guards(""), GuardConfig::default());
}

#[test]
fn each_guard_is_switched_off_by_its_own_key() {
    for off in ["false", "\"off\"", "\"OFF\""] {
        let keys = [
            "whole",
            "rollout",
            "min_ready",
            "drains",
            "nodes",
            "recovered",
            "strikes",
            "freeze",
        ];
        let lines = keys.map(|key| format!("{key} = {off}"));
        let file = format!("[guards]\n{}", lines.join("\n"));
        assert_eq!(guards(&file), GuardConfig::off(), "{off}");
    }

    let by_variables = fixture()
        .env("MACAQUE_GUARDS__WHOLE", "off")
        .env("MACAQUE_GUARDS__ROLLOUT", "False")
        .env("MACAQUE_GUARDS__MIN_READY", "0")
        .env("MACAQUE_GUARDS__DRAINS", "Off")
        .env("MACAQUE_GUARDS__RECOVERED", "off")
        .env("MACAQUE_GUARDS__STRIKES", "0")
        .env("MACAQUE_GUARDS__FREEZE", "false");
    assert_eq!(by_variables.load().config.guards, GuardConfig::off());
}

#[test]
fn a_guard_takes_every_value_that_its_table_names() {
    let rollout = |value: &str| guards(&format!("guards.rollout = {value}")).rollout;
    for (value, expected) in [
        ("true", RolloutGuard::On),
        ("\"on\"", RolloutGuard::On),
        ("\"Lenient\"", RolloutGuard::Lenient),
        ("false", RolloutGuard::Off),
    ] {
        assert_eq!(rollout(value), expected, "{value}");
    }

    let min_ready = |value: &str| fixture().env("MACAQUE_GUARDS__MIN_READY", value).load();
    for (value, expected) in [
        ("0", MinReady::Count(0)),
        ("3", MinReady::Count(3)),
        ("100", MinReady::Count(100)),
        ("0%", MinReady::Percent(0)),
        ("50%", MinReady::Percent(50)),
        ("50 %", MinReady::Percent(50)),
        ("100%", MinReady::Percent(100)),
        ("off", MinReady::Count(0)),
    ] {
        assert_eq!(min_ready(value).config.guards.min_ready, expected, "{value}");
    }

    let nodes = |value: &str| guards(&format!("guards.nodes = {value}")).nodes;
    for (value, expected) in [
        ("\"off\"", NodesGuard::Off),
        ("\"leases\"", NodesGuard::Leases),
        ("\"Nodes\"", NodesGuard::Nodes),
    ] {
        assert_eq!(nodes(value), expected, "{value}");
    }

    let recovered = |value: &str| guards(&format!("guards.recovered = {value}")).recovered;
    for (value, expected) in [
        ("\"owner\"", RecoveredGuard::Owner),
        ("\"Namespace\"", RecoveredGuard::Namespace),
        ("\"ALL\"", RecoveredGuard::All),
        ("\"off\"", RecoveredGuard::Off),
        ("false", RecoveredGuard::Off),
    ] {
        assert_eq!(recovered(value), expected, "{value}");
    }

    assert_eq!(guards("guards.strikes = 100").strikes, 100);
    assert_eq!(guards("guards.drains = 1000").drains, 1000);
    assert_eq!(guards("guards.nodes_unready = \"25%\"").nodes_unready, 25);
    assert!(guards("guards = { whole = \"on\", freeze = true }").whole);
}

#[test]
fn a_value_that_a_guard_does_not_take_is_refused_with_those_it_takes() {
    for (line, words) in [
        ("whole = 1", "1 is not a value of this setting: use true or false"),
        (
            "whole = \"yes\"",
            "\"yes\" is not a value of this setting: use true or false",
        ),
        (
            "rollout = \"strict\"",
            "\"strict\" is not a value of this setting: use true, \"lenient\" or false",
        ),
        (
            "min_ready = 101",
            "101 is not a value of this setting: use 0 to 100, a percentage such as \"50%\" or \"off\"",
        ),
        (
            "min_ready = -1",
            "-1 is not a value of this setting: use 0 to 100",
        ),
        (
            "min_ready = 0.5",
            "0.5 is not a value of this setting: use 0 to 100",
        ),
        (
            "min_ready = true",
            "true is not a value of this setting: use 0 to 100",
        ),
        (
            "min_ready = \"2\"",
            "\"2\" is not a value of this setting: use 0 to 100",
        ),
        (
            "min_ready = \"101%\"",
            "\"101%\" is not a value of this setting: use 0 to 100",
        ),
        (
            "min_ready = \"-5%\"",
            "\"-5%\" is not a value of this setting: use 0 to 100",
        ),
        (
            "min_ready = \"+5%\"",
            "\"+5%\" is not a value of this setting: use 0 to 100",
        ),
        (
            "min_ready = \"%\"",
            "\"%\" is not a value of this setting: use 0 to 100",
        ),
        (
            "min_ready = []",
            "a list is not a value of this setting: use 0 to 100",
        ),
        (
            "drains = 1001",
            "1001 is not a value of this setting: use 0 to 1000 or \"off\"",
        ),
        (
            "drains = \"2\"",
            "\"2\" is not a value of this setting: use 0 to 1000 or \"off\"",
        ),
        (
            "nodes = true",
            "true is not a value of this setting: use \"leases\", \"nodes\" or \"off\"",
        ),
        (
            "nodes_unready = 10",
            "10 is not a value of this setting: use a percentage such as \"10%\"",
        ),
        (
            "nodes_unready = false",
            "false is not a value of this setting: use a percentage such as \"10%\"",
        ),
        (
            "recovered = true",
            "true is not a value of this setting: use \"owner\", \"namespace\", \"all\" or \"off\"",
        ),
        (
            "recovered = \"cluster\"",
            "\"cluster\" is not a value of this setting: use \"owner\"",
        ),
        (
            "strikes = 101",
            "101 is not a value of this setting: use 0 to 100 or \"off\"",
        ),
        (
            "strikes = true",
            "true is not a value of this setting: use 0 to 100 or \"off\"",
        ),
        (
            "strikes = -1",
            "-1 is not a value of this setting: use 0 to 100 or \"off\"",
        ),
        (
            "freeze = \"no\"",
            "\"no\" is not a value of this setting: use true or false",
        ),
        (
            "freeze = 2026-12-24",
            "2026-12-24 without quotes is a TOML date: use true or false",
        ),
    ] {
        let mistake = fixture().file(&format!("[guards]\n{line}")).mistake();
        assert!(mistake.contains(words), "{line}: {mistake}");
        assert!(mistake.ends_with("(macaque.toml line 2)"), "{mistake}");
    }

    let by_variable = fixture().env("MACAQUE_GUARDS__MIN_READY", "half").mistake();
    assert_eq!(
        by_variable,
        "guards.min_ready: \"half\" is not a value of this setting: use 0 to 100, a percentage such as 50% or off \
         (environment variable MACAQUE_GUARDS__MIN_READY)"
    );
}

#[test]
fn every_mistake_of_the_guards_is_reported_at_once() {
    let mistakes = fixture()
        .file("[guards]\nwhole = 1\nrollout = 2\nmin_ready = true\ndrains = -1\nnodes = 3\nfreez = true")
        .mistakes();
    let expected = ["freez", "whole", "rollout", "min_ready", "drains", "nodes"];
    let keys = mistakes.iter().map(|mistake| mistake.split(": ").next().unwrap());
    let expected: Vec<_> = expected.iter().map(|key| format!("guards.{key}")).collect();
    assert_eq!(keys.collect::<Vec<_>>(), expected, "{mistakes:#?}");
    assert!(
        mistakes[0].contains("did you mean guards.freeze?"),
        "{}",
        mistakes[0]
    );
}

#[test]
fn caps_are_absent_or_at_least_one() {
    let none = fixture().load().config.limits;
    assert_eq!(
        (
            none.per_node,
            none.per_zone,
            none.per_namespace_day,
            none.per_owner_day
        ),
        (None, None, None, None)
    );

    let limits = fixture()
        .file("[limits]\nper_node = 1\nper_zone = 2\nper_namespace_day = 6")
        .env("MACAQUE_LIMITS__PER_OWNER_DAY", "3")
        .load()
        .config
        .limits;
    assert_eq!((limits.per_node, limits.per_zone), (Some(1), Some(2)));
    assert_eq!(
        (limits.per_namespace_day, limits.per_owner_day),
        (Some(6), Some(3))
    );
    assert_eq!((limits.per_hour, limits.per_day), (None, None));

    for (line, fault) in [
        ("limits.per_node = 0", "0 is too few: use 1 to 100000"),
        ("limits.per_zone = \"1\"", "\"1\" is not a whole number"),
        (
            "limits = { per_namespace_day = 9, per_day = 8 }",
            "9 is more than 8 in limits.per_day (macaque.toml line 1): use 8 or less",
        ),
        (
            "limits = { per_owner_day = 3, per_namespace_day = 2 }",
            "3 is more than 2 in limits.per_namespace_day (macaque.toml line 1): use 2 or less",
        ),
        (
            "limits = { per_owner_day = 3, per_day = 2 }",
            "3 is more than 2 in limits.per_day (macaque.toml line 1): use 2 or less",
        ),
    ] {
        let mistake = fixture().file(line).mistake();
        assert!(mistake.contains(fault), "{line}: {mistake}");
    }
}
