//! `[recovery]`, and the keys of other sections that need recoveries: what they take, what contradicts, and in which
//! words it is refused.

use std::time::Duration;

use macaque_core::guard::{GuardConfig, RecoveredGuard};
use macaque_core::recovery::RecoveryConfig;

use super::fixture;

/// The recovery of a file.
fn recovery(text: &str) -> RecoveryConfig {
    fixture().file(text).load().config.recovery
}

#[test]
fn recoveries_are_watched_by_default_with_the_times_of_the_core() {
    assert_eq!(recovery(""), RecoveryConfig::default());
    assert!(recovery("").enabled);
    assert_eq!(fixture().load().config.limits.in_flight, None);
}

#[test]
fn the_times_are_taken_from_a_second_to_an_hour_and_may_be_equal() {
    for (lines, expect, timeout) in [
        ("expect = \"1s\"", 1, 300),
        ("expect = \"5m\"", 300, 300),
        ("timeout = \"1m\"", 60, 60),
        ("expect = \"1h\"\ntimeout = \"1h\"", 3600, 3600),
        ("expect = \"1.5s\"\ntimeout = \"1h\"", 1, 3600),
    ] {
        let recovery = recovery(&format!("[recovery]\n{lines}"));
        assert_eq!(recovery.expect.as_secs(), expect, "{lines}");
        assert_eq!(recovery.timeout.as_secs(), timeout, "{lines}");
    }

    let by_variables = fixture()
        .env("MACAQUE_RECOVERY__ENABLED", "false")
        .env("MACAQUE_RECOVERY__EXPECT", "30s")
        .env("MACAQUE_RECOVERY__TIMEOUT", "10m")
        .load();
    let expected = RecoveryConfig {
        enabled: false,
        expect: Duration::from_secs(30),
        timeout: Duration::from_secs(600),
    };
    assert_eq!(by_variables.config.recovery, expected);
}

#[test]
fn a_time_that_is_none_is_refused_with_its_line_and_what_would_be_right() {
    for key in ["expect", "timeout"] {
        for (value, words) in [
            ("\"0s\"", "\"0s\" is less than a second: use \"1s\" or more"),
            ("\"999ms\"", "\"999ms\" is less than a second: use \"1s\" or more"),
            ("\"61m\"", "\"61m\" is more than an hour: use \"1h\" or less"),
            ("\"\"", "\"\" is not a duration"),
            ("\"30\"", "\"30\" has no unit"),
            ("\"soon\"", "\"soon\" is not a duration"),
            ("\"-5s\"", "\"-5s\" is negative"),
            ("30", "30 is not a duration with its unit"),
            ("true", "true is not a duration with its unit"),
        ] {
            let mistake = fixture().file(&format!("[recovery]\n{key} = {value}")).mistake();
            let expected = format!("recovery.{key}: {words}");
            assert!(mistake.starts_with(&expected), "{key} = {value}: {mistake}");
            assert!(mistake.ends_with("(macaque.toml line 2)"), "{mistake}");
        }
    }
}

#[test]
fn a_timeout_below_what_is_expected_is_refused_where_it_was_set() {
    let both = fixture()
        .file("[recovery]\nexpect = \"2m\"\ntimeout = \"1m\"")
        .mistake();
    assert_eq!(
        both,
        "recovery.timeout: is less than recovery.expect (macaque.toml line 2): use as much or more, or lower \
         recovery.expect (macaque.toml line 3)"
    );

    let of_two_places = fixture()
        .file("[recovery]\ntimeout = \"1m\"")
        .env("MACAQUE_RECOVERY__EXPECT", "2m")
        .mistake();
    assert_eq!(
        of_two_places,
        "recovery.timeout: is less than recovery.expect (environment variable MACAQUE_RECOVERY__EXPECT): use as much \
         or more, or lower recovery.expect (macaque.toml line 2)"
    );

    let below_the_default = fixture().file("[recovery]\ntimeout = \"30s\"").mistake();
    assert_eq!(
        below_the_default,
        "recovery.timeout: is less than recovery.expect, whose default is 1m: use as much or more, or lower \
         recovery.expect (macaque.toml line 2)"
    );

    let above_the_default = fixture().env("MACAQUE_RECOVERY__EXPECT", "10m").mistake();
    assert_eq!(
        above_the_default,
        "recovery.expect: is more than recovery.timeout, whose default is 5m: use 5m or less, or raise \
         recovery.timeout (environment variable MACAQUE_RECOVERY__EXPECT)"
    );
}

#[test]
fn every_mistake_of_the_section_is_reported_at_once() {
    let mistakes = fixture()
        .file("[recovery]\nenabled = \"no\"\nexpect = \"0s\"\ntimeout = \"2h\"\nexpected = \"1m\"")
        .mistakes();
    let keys = mistakes.iter().map(|mistake| mistake.split(": ").next().unwrap());
    let expected = [
        "recovery.expected",
        "recovery.enabled",
        "recovery.expect",
        "recovery.timeout",
    ];
    assert_eq!(keys.collect::<Vec<_>>(), expected, "{mistakes:#?}");
}

#[test]
fn without_recoveries_the_guards_that_need_them_are_off() {
    let off = fixture().file("[recovery]\nenabled = false").load().config.guards;
    let expected = GuardConfig {
        recovered: RecoveredGuard::Off,
        strikes: 0,
        ..GuardConfig::default()
    };
    assert_eq!(off, expected);

    let by_name = "[recovery]\nenabled = false\n[guards]\nrecovered = \"off\"\nstrikes = 0";
    assert_eq!(fixture().file(by_name).load().config.guards, expected);
}

#[test]
fn what_needs_recoveries_is_refused_without_them() {
    for (lines, words) in [
        (
            "[guards]\nrecovered = \"owner\"",
            "guards.recovered: has no effect, because recovery.enabled (macaque.toml line 4) is false: leave it out, \
             or set it to \"off\", or set recovery.enabled to true (macaque.toml line 2)",
        ),
        (
            "[guards]\nstrikes = 5",
            "guards.strikes: has no effect, because recovery.enabled (macaque.toml line 4) is false: leave it out, \
             or set it to \"off\", or set recovery.enabled to true (macaque.toml line 2)",
        ),
        (
            "[limits]\nin_flight = 3",
            "limits.in_flight: has no effect, because recovery.enabled (macaque.toml line 4) is false: leave it out, \
             or set recovery.enabled to true (macaque.toml line 2)",
        ),
    ] {
        let file = format!("{lines}\n[recovery]\nenabled = false");
        assert_eq!(fixture().file(&file).mistake(), words);
    }

    let all = fixture()
        .file("[guards]\nrecovered = \"all\"\nstrikes = 1\n[limits]\nin_flight = 1")
        .env("MACAQUE_RECOVERY__ENABLED", "false")
        .mistakes();
    assert_eq!(all.len(), 3, "{all:#?}");
    let place = "recovery.enabled (environment variable MACAQUE_RECOVERY__ENABLED) is false";
    assert!(all.iter().all(|mistake| mistake.contains(place)), "{all:#?}");
}

#[test]
fn in_flight_is_at_least_what_one_round_disrupts() {
    let in_flight = |file: &str| fixture().file(file).load().config.limits.in_flight;
    assert_eq!(in_flight("limits.in_flight = 1"), Some(1));
    assert_eq!(in_flight("limits.in_flight = 40\ndisrupt.count = 40"), Some(40));

    for (file, words) in [
        ("limits.in_flight = 0", "0 is too few: use 1 to 40"),
        ("limits.in_flight = 41", "41 is too many: use 1 to 40"),
        ("limits.in_flight = \"1\"", "\"1\" is not a whole number"),
        (
            "limits.in_flight = 2\ndisrupt.count = 3",
            "2 is less than 3 in disrupt.count (macaque.toml line 2): use 3 or more, or lower disrupt.count \
             (macaque.toml line 1)",
        ),
    ] {
        let mistake = fixture().file(file).mistake();
        let expected = format!("limits.in_flight: {words}");
        assert!(mistake.starts_with(&expected), "{file}: {mistake}");
    }
}
