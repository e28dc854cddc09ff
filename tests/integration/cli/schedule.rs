//! `macaque schedule`: the next rounds, and which of them a quiet time takes. Needs no namespace and no cluster.

use serde_json::json;

use crate::macaque;
use macaque_testkit::Program;

/// Every hour of a Berlin day, but Friday afternoons.
fn hourly(args: &str) -> Program {
    macaque(&format!("schedule --from 2026-11-27T12:30:00Z {args}"))
        .toml("[schedule]\ncron = \"@hourly\"\ntimezone = \"Europe/Berlin\"\nquiet = [\"Fri 15:00-24:00\"]\n")
}

#[test]
fn the_next_slots_are_listed_with_the_quiet_time_that_skips_one() {
    let output = hourly("-n 2 -o json").run();
    let quiet = "Fri 15:00-24:00";
    let expected = json!([
        { "slot": "2026-11-27T13:00:00Z", "local": "Fri 2026-11-27 14:00 CET", "round": true },
        { "slot": "2026-11-27T14:00:00Z", "local": "Fri 2026-11-27 15:00 CET", "round": false, "quiet": quiet },
    ]);
    assert_eq!((output.code, output.json()), (0, expected));
}

#[test]
fn as_many_slots_are_shown_as_are_asked_for() {
    assert_eq!(hourly("-n 3 -o json").run().json().as_array().unwrap().len(), 3);
    assert_eq!(hourly("-o json").run().json().as_array().unwrap().len(), 10);
    hourly("-n 0")
        .run()
        .complains(2, &["invalid value '0' for '--number"]);
}

#[test]
fn a_namespace_where_a_number_belongs_is_answered_with_how_it_is_written() {
    for args in ["--owners -n shop", "-n shop", "-nshop"] {
        let hint = "-n is short for --number here: write --namespace for a namespace";
        hourly(args)
            .run()
            .complains(2, &["invalid value 'shop' for '--number", hint]);
    }
    let negative = hourly("-n -1").run();
    assert!(!negative.err.contains("--namespace"), "{}", negative.err);
}

#[test]
fn slots_are_shown_from_a_date_a_local_time_or_an_instant_on() {
    for (from, first) in [
        ("2026-12-24", "2026-12-23T23:00:00Z"),
        ("2026-12-24T15:00", "2026-12-24T14:00:00Z"),
        ("2026-12-24T15:00:00Z", "2026-12-24T15:00:00Z"),
    ] {
        let output = macaque(&format!("schedule -n 1 -o json --from {from}"))
            .toml("[schedule]\ncron = \"@hourly\"\ntimezone = \"Europe/Berlin\"\n")
            .run();
        assert_eq!(output.json()[0]["slot"], json!(first), "{from}");
    }
}

#[test]
fn where_the_slots_end_is_said() {
    let far = |from: &str| {
        let output = macaque(&format!("schedule --from {from}"))
            .toml("[schedule]\ncron = \"@yearly\"\n")
            .run();
        output.says(0, &["no more slots before 2101"]);
    };
    far("2100-01-01");
    far("2150-01-01");
}

#[test]
fn the_table_and_yaml_say_the_same() {
    hourly("-n 2")
        .run()
        .says(0, &["Fri 2026-11-27 14:00 CET", "30m", "quiet: Fri 15:00-24:00"]);
    hourly("-n 2 -o yaml")
        .run()
        .says(0, &["- slot: \"2026-11-27T13:00:00Z\"", "quiet: Fri 15:00-24:00"]);
}

#[test]
fn neither_a_secrets_file_nor_a_namespace_is_needed() {
    let far = "[schedule]\ncron = \"@daily\"\n[notify.slack]\ntoken_file = \"/absent\"\nchannel = \"C1\"\n";
    macaque("schedule -n 1").toml(far).run().says(0, &["round"]);
}

#[test]
fn without_a_schedule_the_key_is_named() {
    macaque("schedule")
        .run()
        .complains(2, &["schedule.cron: is not set"]);
    macaque("schedule --from soon").run().complains(
        2,
        &["invalid value 'soon' for '--from", "such as 2026-12-24T15:00"],
    );
}

#[test]
fn a_calendar_for_other_programs_has_each_round_and_no_escape_sequence() {
    let output = hourly("--ics --weeks 1").run();
    output.says(
        0,
        &[
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n",
            "DTSTART:20261127T130000Z\r\n",
            "SUMMARY:macaque: 24 rounds (dry run)\r\n",
            "SUMMARY:macaque: quiet time\r\n",
            "END:VCALENDAR\r\n",
        ],
    );
    assert_eq!(output.err, "");
}

#[test]
fn what_a_calendar_cannot_be_is_refused_with_the_reason() {
    hourly("--ics --weeks 9").run().complains(
        2,
        &["--weeks: a calendar has at most 8 weeks, and 9 were asked for"],
    );
    for (args, words) in [
        ("--ics -n 5", "cannot be used with '--number"),
        ("--ics -o json", "cannot be used with '--output"),
        ("--ics --selector app=web", "does not use it without --owners"),
        ("--weeks 2", "required arguments were not provided"),
    ] {
        hourly(args).run().complains(2, &[words]);
    }
}
