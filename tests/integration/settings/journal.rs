//! Where the journal is kept, and which limits there may be.

use std::time::Duration;

use macaque_core::config::{ConfigMapRef, JournalLocation};

use super::fixture;

fn config_map(namespace: &str, name: &str) -> JournalLocation {
    JournalLocation::ConfigMap(ConfigMapRef {
        namespace: namespace.into(),
        name: name.into(),
    })
}

#[test]
fn in_a_cluster_the_journal_is_a_config_map_of_macaques_own_namespace() {
    assert_eq!(
        fixture().load().config.journal,
        config_map("own", "macaque-journal")
    );
    let said = fixture().env("MACAQUE_POD_NAMESPACE", "chaos");
    assert_eq!(said.load().config.journal, config_map("chaos", "macaque-journal"));
    let named = fixture().file("journal = \"configmap/second\"");
    assert_eq!(named.load().config.journal, config_map("own", "second"));
}

#[test]
fn elsewhere_and_by_choice_it_is_kept_in_memory() {
    let elsewhere = fixture().without_a_namespace().env("MACAQUE_NAMESPACE", "shop");
    assert_eq!(elsewhere.load().config.journal, JournalLocation::Memory);
    let chosen = fixture().file("journal = \"memory\"");
    assert_eq!(chosen.load().config.journal, JournalLocation::Memory);
}

#[test]
fn another_place_is_refused_with_those_there_are() {
    for (line, fault) in [
        (
            "journal = \"disk\"",
            "\"disk\" is not a valid journal location: use \"auto\", \"memory\" or \"configmap/NAME\"",
        ),
        ("journal = \"configmap/\"", "\"\" is not a valid ConfigMap name"),
        (
            "journal = \"configmap/My_Journal\"",
            "\"My_Journal\" is not a valid ConfigMap name",
        ),
        (
            "journal = \"configmap/mine\"\nhistory = \"configmap/mine\"",
            "the journal is kept in this ConfigMap: name another, or use \"off\"",
        ),
        (
            "journal = \"configmap/macaque-history\"",
            "the journal is kept in this ConfigMap: name another, or use \"off\"",
        ),
    ] {
        let mistake = fixture().file(line).mistake();
        assert!(mistake.contains(fault), "{line}: {mistake}");
    }

    let homeless = fixture().without_a_namespace().env("MACAQUE_NAMESPACE", "shop");
    let mistake = homeless.env("MACAQUE_JOURNAL", "configmap/mine").mistake();
    assert!(mistake.contains("MACAQUE_POD_NAMESPACE"), "{mistake}");
}

#[test]
fn limits_are_absent_until_they_are_set() {
    let none = fixture().load().config.limits;
    assert_eq!(
        (none.per_hour, none.per_day, none.cooldown),
        (None, None, Duration::ZERO)
    );

    let some = fixture()
        .env("MACAQUE_LIMITS__PER_HOUR", "2")
        .env("MACAQUE_LIMITS__PER_DAY", "8")
        .env("MACAQUE_LIMITS__COOLDOWN", "4h")
        .load()
        .config
        .limits;
    let hours = Duration::from_secs(4 * 3600);

    assert_eq!(
        (some.per_hour, some.per_day, some.cooldown),
        (Some(2), Some(8), hours)
    );
}

#[test]
fn limits_and_deadlines_that_cannot_be_meant_are_refused() {
    for (text, fault) in [
        ("limits.per_hour = 0", "0 is too few: use 1 to 100000"),
        ("limits.per_day = \"many\"", "\"many\" is not a whole number"),
        (
            "limits.cooldown = \"200h\"",
            "is longer than a week: use \"7d\" or less",
        ),
        ("limits.cooldown = 4", "4 is not a duration with its unit"),
        ("schedule.starting_deadline = \"0s\"", "is less than a second"),
        ("schedule.starting_deadline = \"2h\"", "is longer than an hour"),
        (
            "limits = { per_hour = 9, per_day = 4 }",
            "9 is more than 4 in limits.per_day",
        ),
    ] {
        let mistake = fixture().file(text).mistake();
        assert!(mistake.contains(fault), "{text}: {mistake}");
    }
}
