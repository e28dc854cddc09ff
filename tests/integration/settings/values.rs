//! Which values a setting takes, and in which words the others are refused.

use std::time::Duration;

use macaque::settings;
use macaque_core::config::NamespaceScope;

use super::fixture;

#[test]
fn file_values_are_never_coerced() {
    for (line, fault) in [
        ("dry_run = \"false\"", "\"false\" is not true or false"),
        ("dry_run = 0", "0 is not true or false"),
        ("disrupt.count = 1.9", "1.9 is not a whole number"),
        ("disrupt.count = true", "true is not a whole number"),
        ("disrupt.count = \"2\"", "\"2\" is not a whole number"),
        (
            "disrupt.count = 99999999999999999999",
            "99999999999999999999 is too large",
        ),
        ("disrupt.grace_period = 30", "30 is not a duration with its unit"),
        ("target.selector = 5", "5 is not text"),
        ("target.namespaces = \"shop\"", "\"shop\" is not a list"),
        ("target.namespaces = [5]", "5 is not a list of texts"),
        (
            "schedule.quiet = [2026-12-25]",
            "2026-12-25 without quotes is a TOML date",
        ),
        ("disrupt = 3", "is a whole number, but this name is a section"),
        ("dry_run = { a = 1 }", "is a table, but this name is a setting"),
    ] {
        let mistake = fixture().file(line).mistake();
        assert!(mistake.contains(&format!(": {fault}: ")), "{line}: {mistake}");
        assert!(mistake.ends_with("(macaque.toml line 1)"), "{mistake}");
    }
}

#[test]
fn variables_are_read_by_the_type_of_their_key() {
    let setup = fixture()
        .env("MACAQUE_DRY_RUN", "false")
        .env("MACAQUE_DISRUPT__COUNT", " 3 ")
        .env("MACAQUE_TARGET__INCLUDE", "job, bare,job")
        .env("MACAQUE_HEALTH__LISTEN", "off")
        .load();

    assert!(!setup.config.dry_run);
    assert_eq!(setup.config.disrupt.count, 3);
    assert_eq!(setup.config.target.include, ["bare", "job"]);
    assert_eq!(setup.health, None);

    for (name, value) in [
        ("MACAQUE_DRY_RUN", "yes"),
        ("MACAQUE_DRY_RUN", "1"),
        ("MACAQUE_DISRUPT__COUNT", "1.9"),
    ] {
        let mistake = fixture().env(name, value).mistake();
        assert!(mistake.contains(&format!("\"{value}\" is not ")), "{mistake}");
    }
}

#[test]
fn a_value_out_of_bounds_is_refused_with_the_bound() {
    for (line, right) in [
        ("disrupt.count = 0", "use 1 to 100"),
        ("disrupt.count = -1", "use 1 to 100"),
        ("disrupt.count = 101", "use 1 to 100"),
        ("disrupt.attempts = 1001", "use 1 to 1000"),
        (
            "disrupt.count = 11\ndisrupt.attempts = 10",
            "10 is less than 11 in disrupt.count (macaque.toml line 1): use 11",
        ),
        (
            "disrupt.grace_period = \"0s\"",
            "leave it empty for the pod's own",
        ),
        (
            "disrupt.grace_period = \"1500ms\"",
            "use \"1s\", \"2s\" and so on",
        ),
        ("disrupt.grace_period = \"25h\"", "use \"24h\" or less"),
        ("disrupt.grace_period = \"-1s\"", "a number with its unit"),
        ("disrupt.grace_period = \"30\"", "a number with its unit"),
        ("target.min_age = \"\"", "a number with its unit"),
        ("target.min_age = \"9000h\"", "use \"8760h\" or less"),
        ("health.listen = \"8080\"", "use \"0.0.0.0:8080\""),
        ("disrupt.method = \"\"", "use \"evict\" or \"delete\""),
        (
            "disrupt.draw = \"owner\"",
            "\"owner\" is not a way to pick victims: use \"pods\" or \"owners\"",
        ),
    ] {
        let mistake = fixture().file(line).mistake();
        assert!(mistake.contains(right), "{line}: {mistake}");
    }
}

#[test]
fn durations_are_written_as_people_write_them() {
    for (text, seconds) in [
        ("30s", 30),
        ("1m", 60),
        ("2h", 7200),
        ("1m 30s", 90),
        ("1h30m", 5400),
        ("0s", 0),
    ] {
        let setup = fixture().env("MACAQUE_TARGET__MIN_AGE", text).load();
        assert_eq!(
            setup.config.target.min_age,
            Duration::from_secs(seconds),
            "{text}"
        );
    }
}

#[test]
fn a_schedule_or_namespace_that_is_needed_is_named_by_key() {
    let mistake = fixture().scheduled().mistake();
    assert!(mistake.starts_with("schedule.cron: is not set"), "{mistake}");
    assert!(mistake.contains("MACAQUE_SCHEDULE__CRON"), "{mistake}");
    let mistake = fixture().without_a_namespace().mistake();
    assert!(mistake.starts_with("target.namespaces: is not set"), "{mistake}");
}

#[test]
fn a_star_alone_is_every_namespace() {
    let all = fixture().env("MACAQUE_NAMESPACE", "*").load();
    assert_eq!(all.config.target.namespaces, NamespaceScope::All);
    let mistake = fixture().env("MACAQUE_NAMESPACE", "*,shop").mistake();
    assert!(mistake.contains("cannot be combined with others"), "{mistake}");
}

#[test]
fn every_wrong_entry_of_a_list_is_reported_with_its_line() {
    let mistakes = fixture()
        .file("[target]\nnamespaces = [\n  \"Shop\",\n  \"ok\",\n  \"a.b\",\n]\ninclude = [\"daemon-set\"]")
        .mistakes();

    assert_eq!(mistakes.len(), 3, "{mistakes:#?}");
    assert!(
        mistakes[0].contains("\"Shop\"") && mistakes[0].ends_with("line 3)"),
        "{}",
        mistakes[0]
    );
    assert!(
        mistakes[1].contains("\"a.b\"") && mistakes[1].ends_with("line 5)"),
        "{}",
        mistakes[1]
    );
    assert!(mistakes[2].contains("\"bare\", \"daemonset\""), "{}", mistakes[2]);
}

#[test]
fn when_rounds_are_due_is_known_without_a_namespace_and_without_the_secrets() {
    let elsewhere = fixture()
        .without_a_namespace()
        .file("[schedule]\ncron = \"@hourly\"\n[notify.slack]\ntoken_file = \"/absent\"\nchannel = \"C1\"");
    let calendar = settings::load_calendar(&elsewhere.sources).unwrap();

    assert_eq!(calendar.to_string(), "@hourly (UTC)");
    let nothing = settings::load_calendar(&fixture().sources).unwrap_err();
    assert!(
        nothing.to_string().starts_with("schedule.cron: is not set"),
        "{nothing}"
    );

    let unknown = settings::load_calendar(
        &fixture()
            .env("MACAQUE_CRONTAB", "@daily")
            .env("MACAQUE_X", "1")
            .sources,
    );

    assert!(unknown.is_err(), "a name that is no setting is refused here too");
}
