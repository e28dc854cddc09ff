//! The schedule as a calendar, read by the Python library icalendar and compared with the lists of `macaque schedule`.

use std::collections::BTreeMap;

use kube_sandbox::scenario::{deployment, pod};
use macaque_testkit::{Program, TestCluster};
use serde_json::{Value, json};

use crate::python;

/// Reads a calendar and prints it as JSON.
const READER: &str = r#"
import icalendar, json, re, sys

text = sys.stdin.buffer.read()
assert all(len(line) <= 75 for line in text.split(b"\r\n")), "a line is too long"
assert text.count(b"\n") == text.count(b"\r\n") == text.count(b"\r"), "a line does not end in CRLF"

calendar = icalendar.Calendar.from_ical(text)
instant = lambda event, name: event.decoded(name).strftime("%Y-%m-%dT%H:%M:%SZ")
print(json.dumps({
    # The library does not know that a name is a text.
    "name": re.sub(r"\\(.)", lambda escaped: escaped[1], calendar["NAME"]),
    "refresh": calendar.decoded("REFRESH-INTERVAL").total_seconds(),
    "errors": [str(error) for part in calendar.walk() for error in part.errors],
    "events": [{
        "uid": event["UID"],
        "from": instant(event, "DTSTART"),
        "to": instant(event, "DTEND"),
        "zone": str(event.decoded("DTSTART").tzinfo),
        "summary": event["SUMMARY"],
        "description": event["DESCRIPTION"],
        "transp": event["TRANSP"],
    } for event in calendar.walk("VEVENT")],
}))
"#;

const SCHEDULE: &str = "[schedule]\ncron = \"*/30 9-16 * * Mon-Fri\"\ntimezone = \"Europe/Paris\"\n\
                        quiet = [\"Fri 15:00-24:00\", \"2026-12-20/2027-01-03\"]\n";

/// A name with everything that has a meaning in a calendar, or might get one.
const HOSTILE: &str =
    "a,b;c\\nd\\\r\nEND:VCALENDAR\r\nBEGIN:VEVENT \"🐒\" <script>alert(1)</script> \u{202e}שלום";

fn macaque(args: &str) -> Program {
    Program::new(env!("CARGO_BIN_EXE_macaque")).args(args)
}

/// What the library reads of the calendar that this run writes.
fn read(program: Program) -> Value {
    let output = program.run();
    assert_eq!(output.code, 0, "{output:?}");
    let read: Value = serde_json::from_str(&python::run(READER, output.out.as_bytes())).unwrap();
    assert_eq!(read["errors"], json!([]));
    assert_eq!(read["refresh"], json!(3600.0));
    for event in events(&read) {
        assert_eq!(
            (&event["transp"], &event["zone"]),
            (&json!("TRANSPARENT"), &json!("UTC"))
        );
    }
    read
}

fn events(read: &Value) -> &[Value] {
    read["events"].as_array().unwrap()
}

/// The events whose summary contains these words, by when they begin.
fn by_begin<'a>(read: &'a Value, words: &str) -> BTreeMap<&'a str, &'a Value> {
    let named = |event: &&Value| event["summary"].as_str().unwrap().contains(words);
    let events = events(read).iter().filter(named);
    events
        .map(|event| (event["from"].as_str().unwrap(), event))
        .collect()
}

#[test]
#[ignore = "needs the libraries of .ci/verifiers: just interop"]
fn each_round_of_the_list_is_an_event_of_the_calendar_and_each_skipped_slot_in_a_quiet_time() {
    let program = |args: &str| {
        let settings = format!(
            "dry_run = false\n{SCHEDULE}[cluster]\nname = {}\n",
            json!(HOSTILE)
        );
        macaque(&format!("schedule --from 2026-12-07 {args}")).toml(&settings)
    };
    let read = read(program("--ics --weeks 4"));
    // Of the name, what shows nothing is left out, and a line break is a blank.
    let seen = "a,b;c\\nd\\ END:VCALENDAR BEGIN:VEVENT \"🐒\" <script>alert(1)</script> שלום";
    assert_eq!(read["name"], json!(format!("macaque ({seen})")));

    let listed = program("-n 320 -o json").run().json();
    let listed = listed.as_array().unwrap();
    let is_within = |slot: &&Value| slot["slot"].as_str().unwrap() < "2027-01-03T23:00:00Z";
    let listed: Vec<_> = listed.iter().filter(is_within).collect();
    let rounds = by_begin(&read, "macaque: round");
    let quiet: Vec<_> = by_begin(&read, "macaque: quiet time").into_values().collect();
    assert_eq!(rounds.len() + quiet.len(), events(&read).len());

    let due = listed.iter().filter(|slot| slot["round"] == true);
    let due: Vec<_> = due.map(|slot| slot["slot"].as_str().unwrap()).collect();
    assert_eq!(rounds.into_keys().collect::<Vec<_>>(), due);
    for skipped in listed.iter().filter(|slot| slot["round"] == false) {
        let slot = skipped["slot"].as_str();
        let covers = |event: &&Value| event["from"].as_str() <= slot && slot < event["to"].as_str();
        assert!(quiet.iter().any(covers), "{skipped}");
    }
}

#[test]
#[ignore = "needs the libraries of .ci/verifiers: just interop"]
fn each_turn_of_the_list_is_named_by_an_event_of_the_calendar_whatever_its_owner_is_called() {
    let mut hostile = pod("shop", "hostile", "hostile");
    hostile["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "example.com/v1", "kind": HOSTILE, "name": "x".repeat(253), "uid": "1", "controller": true,
    }]);
    let cluster = TestCluster::with(vec![
        deployment("shop", "web", 2),
        deployment("shop", "cart", 2),
        hostile,
    ]);
    let program = |args: &str| {
        let settings = format!("{SCHEDULE}[disrupt]\npace = \"rota\"\nevery = \"5d\"\n");
        let words = format!("schedule --owners --from 2026-12-07 --weeks 4 --namespace shop {args}");
        macaque(&words).toml(&settings).on(&cluster)
    };
    let read = read(program("--ics"));
    let turns = by_begin(&read, "(dry run)");

    let listed = program("-o json").run().json();
    let listed = listed["turns"].as_array().unwrap();
    assert_eq!(turns.len(), listed.len(), "each slot has one turn");
    assert!(listed.len() > 6, "{listed:?}");
    for turn in listed {
        let event = turns[turn["slot"].as_str().unwrap()];
        let name = turn["owner"]["name"].as_str().unwrap();
        assert!(event["summary"].as_str().unwrap().contains(name), "{event}");
        assert!(
            event["description"]
                .as_str()
                .unwrap()
                .contains("Dry run: nothing is disrupted.")
        );
    }
    let hostile = listed
        .iter()
        .any(|turn| turn["owner"]["name"].as_str().unwrap().len() == 253);
    assert!(hostile, "{listed:?}");
}

#[test]
#[ignore = "needs the libraries of .ci/verifiers: just interop"]
fn a_round_every_minute_is_an_event_for_each_day() {
    let program = macaque("schedule --ics --from 2026-12-07").toml("[schedule]\ncron = \"* * * * *\"\n");
    let read = read(program);
    assert_eq!(by_begin(&read, "macaque: 1440 rounds (dry run)").len(), 56);
}
