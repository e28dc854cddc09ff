//! Which values a setting takes, and in which words the others are refused.

use std::time::Duration;

use macaque::settings;
use macaque_core::config::{DrawBy, JournalLocation, NamespaceScope, VictimCount};
use macaque_core::outcome::DisruptionMethod;

use super::fixture;

#[test]
fn file_values_are_never_coerced() {
    for (line, fault) in [
        ("dry_run = \"false\"", "\"false\" is not true or false"),
        ("dry_run = 0", "0 is not true or false"),
        ("disrupt.attempts = 1.9", "1.9 is not a whole number"),
        ("disrupt.attempts = true", "true is not a whole number"),
        ("disrupt.attempts = \"2\"", "\"2\" is not a whole number"),
        ("disrupt.count = 1.9", "1.9 is not a value of this setting"),
        ("disrupt.count = true", "true is not a value of this setting"),
        ("disrupt.count = \"2\"", "\"2\" is not a whole number but a text"),
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
fn a_share_and_a_range_of_victims_are_read_from_the_file_a_variable_and_a_flag() {
    for (text, expected) in [
        ("30%", VictimCount::Percent(30)),
        ("1-3", VictimCount::Range { from: 1, to: 3 }),
    ] {
        let in_file = fixture().file(&format!("disrupt.count = \"{text}\""));
        let in_variable = fixture().env("MACAQUE_DISRUPT__COUNT", text);
        let in_flag = fixture().flag("disrupt.count", "--count", text);
        for fixture in [in_file, in_variable, in_flag] {
            assert_eq!(fixture.load().config.disrupt.count, expected, "{text}");
        }
    }
}

#[test]
fn a_mistaken_number_of_victims_is_refused_with_what_would_be_right() {
    for (count, expected) in [
        ("0", "0 is too few: use 1 to 100"),
        ("101", "101 is too many: use 1 to 100"),
        (
            "\"2\"",
            "\"2\" is not a whole number but a text: use 2, without quotes",
        ),
        (
            "\"0%\"",
            "\"0%\" is no share of the owners: use \"1%\" to \"100%\"",
        ),
        (
            "\"150%\"",
            "\"150%\" is more than all owners: use \"1%\" to \"100%\"",
        ),
        ("\"3-1\"", "\"3-1\" has the higher number first: use \"1-3\""),
        (
            "\"1.5\"",
            "\"1.5\" is not a whole number, a percentage or a range: use 1 to 100, \"30%\" or \"1-3\"",
        ),
        (
            "1.5",
            "1.5 is not a value of this setting: use 1 to 100, a percentage such as \"30%\" or a range such as \"1-3\"",
        ),
    ] {
        let mistake = fixture().file(&format!("disrupt.count = {count}")).mistake();
        assert_eq!(
            mistake,
            format!("disrupt.count: {expected} (macaque.toml line 1)")
        );
    }

    let mistake = fixture().flag("disrupt.count", "--count", "0-200").mistake();
    assert_eq!(
        mistake,
        "disrupt.count: \"0-200\" begins with 0: use 1-100 (flag --count)"
    );
}

#[test]
fn attempts_and_the_limit_in_flight_are_at_least_the_upper_end_of_a_range_and_any_number_for_a_share() {
    let attempts = |lines: &str| fixture().file(lines).load().config.disrupt.attempts;
    assert_eq!(attempts("disrupt.count = \"5-20\""), 20);
    assert_eq!(attempts("disrupt.count = \"50%\""), 10);
    assert_eq!(attempts("disrupt.count = \"50%\"\ndisrupt.attempts = 1"), 1);

    let mistake = fixture()
        .file("disrupt.count = \"5-20\"\ndisrupt.attempts = 19")
        .mistake();
    let expected = "19 is less than 20 in disrupt.count (macaque.toml line 1): use 20 or more";
    assert!(mistake.contains(expected), "{mistake}");

    let mistake = fixture()
        .file("disrupt.count = \"1-3\"\nlimits.in_flight = 2")
        .mistake();
    let expected =
        "2 is less than 3 in disrupt.count (macaque.toml line 1): use 3 or more, or lower disrupt.count";
    assert!(mistake.contains(expected), "{mistake}");
    let in_flight = fixture()
        .file("disrupt.count = \"30%\"\nlimits.in_flight = 1")
        .load();
    assert_eq!(in_flight.config.limits.in_flight, Some(1));
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
    assert_eq!(setup.config.disrupt.count.most(), 3);
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
fn words_are_read_in_any_letter_case() {
    for value in ["False", "FALSE", "false"] {
        assert!(
            !fixture().env("MACAQUE_DRY_RUN", value).load().config.dry_run,
            "{value}"
        );
        assert!(
            !fixture()
                .flag("dry_run", "--dry-run", value)
                .load()
                .config
                .dry_run,
            "{value}"
        );
    }
    let setup = fixture()
        .file("journal = \"Memory\"\ndisrupt.method = \"Delete\"\nhealth.listen = \"OFF\"\nlog.level = \"DEBUG\"")
        .env("MACAQUE_DISRUPT__DRAW", "Owners")
        .env("MACAQUE_TARGET__INCLUDE", "DaemonSet")
        .load();

    assert_eq!(setup.config.journal, JournalLocation::Memory);
    assert_eq!(setup.config.disrupt.method, DisruptionMethod::Delete);
    assert_eq!(setup.config.disrupt.draw, DrawBy::Owner);
    assert_eq!(setup.config.target.include, ["daemonset"]);
    assert_eq!((setup.health, setup.log.level), (None, log::LevelFilter::Debug));
}

#[test]
fn the_remedy_for_a_variable_or_a_flag_has_no_quotes_of_toml() {
    for (key, value, words) in [
        ("dry_run", "no", "\"no\" is not true or false: use true or false"),
        (
            "dry_run",
            "\"false\"",
            r#""\"false\"" is not true or false: use true or false, without quotes"#,
        ),
        (
            "disrupt.count",
            "two",
            "\"two\" is not a whole number, a percentage or a range: use 1 to 100, 30% or 1-3",
        ),
        (
            "disrupt.attempts",
            "two",
            "\"two\" is not a whole number: use a whole number such as 2",
        ),
        (
            "disrupt.method",
            "kill",
            "\"kill\" is not a method: use evict or delete",
        ),
        (
            "disrupt.method",
            "'evict'",
            "\"'evict'\" is not a method: use evict or delete, without quotes",
        ),
        (
            "target.mode",
            "optin",
            "\"optin\" is not a mode: use opt-out or opt-in",
        ),
        (
            "target.min_age",
            "soon",
            "\"soon\" is not a duration: use a number with its unit, such as 30s, 5m, 2h or 7d",
        ),
        (
            "target.min_age",
            "\"5m\"",
            r#""\"5m\"" is not a duration: use a number with its unit, such as 30s, 5m, 2h or 7d, without quotes"#,
        ),
        ("target.min_age", "30", "\"30\" has no unit: use 30s, 30m or 30h"),
        ("limits.cooldown", "8d", "is longer than a week: use 7d or less"),
        (
            "schedule.starting_deadline",
            "2h",
            "is longer than an hour: use 1h or less",
        ),
        ("health.listen", "8080", "use 0.0.0.0:8080, [::]:8080 or off"),
        ("journal", "disk", "use auto, memory or configmap/NAME"),
        (
            "target.namespaces",
            "Shop",
            "use names such as shop,checkout, or * alone for every namespace",
        ),
    ] {
        let name = settings::keys()
            .iter()
            .find(|known| known.path == key)
            .unwrap()
            .variable();
        let by_variable = fixture().env(&name, value).mistake();
        let expected = format!("{words} (environment variable {name})");
        assert!(by_variable.ends_with(&expected), "{by_variable}");

        let by_flag = fixture().flag(key, "--flag", value).mistake();
        assert!(by_flag.ends_with(&format!("{words} (flag --flag)")), "{by_flag}");
    }
}

#[test]
fn a_length_of_time_in_another_notation_leads_to_the_right_one() {
    for key in [
        "target.min_age",
        "disrupt.grace_period",
        "limits.cooldown",
        "schedule.starting_deadline",
    ] {
        for (value, words) in [
            ("\"30\"", "\"30\" has no unit: use \"30s\", \"30m\" or \"30h\""),
            (
                "30",
                "30 is not a duration with its unit: use \"30s\", \"30m\" or \"30h\", in quotes",
            ),
            ("\"1h30\"", "\"1h30\" is not a duration: use \"1h30m\""),
            ("\"1H\"", "\"1H\" is not a duration: use \"1h\""),
            ("\"PT1H\"", "\"PT1H\" is not a duration: use \"1h\""),
            ("\"1mo\"", "\"1mo\" has no fixed length: use \"30d\""),
            ("\"-1s\"", "\"-1s\" is negative: use a number with its unit"),
            (
                "\"soon\"",
                "use a number with its unit, in quotes, such as \"30s\", \"5m\", \"2h\" or \"7d\"",
            ),
        ] {
            let mistake = fixture().file(&format!("{key} = {value}")).mistake();
            assert!(mistake.contains(words), "{mistake}");
        }
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
        ("target.mode = \"\"", "use \"opt-out\" or \"opt-in\""),
        ("target.annotations = \"maybe\"", "use true or false"),
        ("target.min_age = \"\"", "a number with its unit"),
        ("target.min_age = \"9000h\"", "use \"365d\" or less"),
        ("limits.cooldown = \"8d\"", "use \"7d\" or less"),
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
        ("1 h", 3600),
        ("1.5h", 5400),
        ("0s", 0),
        ("1d", 86_400),
        ("7d", 604_800),
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
fn namespaces_are_named_or_selected_by_their_labels_and_only_a_flag_replaces_the_labels() {
    let selected = fixture()
        .file("[target]\nnamespace_selector = \"chaos=on\"")
        .load();
    let selector = selected
        .config
        .target
        .namespaces
        .selector()
        .map(ToString::to_string);
    assert_eq!(selector.as_deref(), Some("chaos=on"));

    let both = fixture()
        .file("[target]\nnamespaces = [\"shop\"]\nnamespace_selector = \"chaos=on\"")
        .mistake();
    assert!(
        both.starts_with("target.namespaces: names \"shop\" beside target.namespace_selector"),
        "{both}"
    );
    assert!(both.contains("leave one of the two out"), "{both}");

    let wrong = fixture()
        .file("[target]\nnamespace_selector = \"chaos==on==\"")
        .mistake();
    assert!(wrong.starts_with("target.namespace_selector: "), "{wrong}");
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

#[test]
fn text_without_quotes_is_told_from_other_faults_of_toml() {
    let bare = "not TOML: a value without quotes is neither a number nor true or false: put text in quotes, and write true \
                and false in lower case with nothing after them; the rest of the file was not read";
    for line in [
        "dry_run = False",
        "dry_run = no",
        "dry_run = true;",
        "log.level = info",
        "log.format = text",
        "disrupt.method = evict",
        "target.min_age = 1d",
        "target.namespaces = [team]",
        "schedule.cron = 0 9 * * *",
    ] {
        let mistake = fixture().file(line).mistake();
        assert!(
            mistake.starts_with(&format!("macaque.toml: {bare} (line 1, column ")),
            "{line}: {mistake}"
        );
    }
    for (text, fault) in [
        ("dry_run: true", "key with no value"),
        ("dry_run = true\ndry_run = true", "duplicate key"),
        ("[disrupt", "unclosed table"),
    ] {
        let mistake = fixture().file(text).mistake();
        assert!(
            mistake.contains(fault) && mistake.contains(": fix it there; the rest"),
            "{mistake}"
        );
    }
}
