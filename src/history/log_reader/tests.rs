//! Logs as they are found: of kubectl, of container runtimes, of collectors; cut, mixed, forged.

use std::io::Cursor;

use macaque_core::history::{EntryOutcome, HistoryEntry};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// A line of the history, as the log has it in its field.
fn line_of(number: u64) -> Value {
    json!({
        "version": 1,
        "entry": {
            "number": number,
            "slot": "2026-11-29T12:00:00Z",
            "at": "2026-11-29T12:00:01.5Z",
            "pod": {"namespace": "shop", "name": format!("web-{number}"), "uid": format!("u{number}")},
            "owner": {"kind": "Deployment", "name": "web"},
            "method": "evict",
            "outcome": {"result": "evicted"},
        },
    })
}

/// A line of macaque's log in JSON, with this line of the history.
fn log_line(history: &Value) -> String {
    let line = json!({
        "history": history,
        "level": "info",
        "msg": "evicted \"shop/web\" {}",
        "ts": "2026-11-29T12:00:02Z",
    });
    line.to_string()
}

fn read(log: impl AsRef<[u8]>) -> LogHistory {
    read_log(Cursor::new(log.as_ref())).unwrap()
}

/// The names of the pods in the history of a log.
fn pods(log: impl AsRef<[u8]>) -> Vec<String> {
    let history = read(log).history;
    let entries = history.entries().iter();
    entries.map(|entry| entry.pod.name.clone()).collect()
}

/// `text` as a JSON string.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[test]
fn lines_are_found_as_kubectl_runtimes_and_collectors_hand_them_on() {
    let line = log_line(&line_of(1));
    let twice_wrapped = json!({"line": json!({"log": line, "stream": "stderr"}).to_string()});
    for (what, log) in [
        ("kubectl logs", line.clone()),
        (
            "kubectl logs --prefix --timestamps",
            format!("[pod/macaque-7d4b9/macaque] 2026-11-29T12:00:02.123456789Z {line}"),
        ),
        ("stern", format!("macaque-7d4b9 macaque {line}")),
        ("docker compose", format!("macaque-1  | {line}")),
        ("syslog", format!("Nov 29 12:00:02 node-1 macaque[17]: {line}")),
        (
            "a runtime's file",
            format!("2026-11-29T12:00:02.123456789Z stderr F {line}"),
        ),
        (
            "Docker's file",
            json!({"log": format!("{line}\n"), "stream": "stderr", "time": "2026-11-29T12:00:02Z"})
                .to_string(),
        ),
        (
            "logcli -o jsonl",
            json!({"labels": {"app": "macaque"}, "line": line, "timestamp": "2026-11-29T12:00:02Z"})
                .to_string(),
        ),
        (
            "logcli",
            format!("2026-11-29T12:00:02Z {{app=\"macaque\"}} {line}"),
        ),
        (
            "logcli of a runtime's file",
            json!({"line": format!("2026-11-29T12:00:02Z stderr F {line}")}).to_string(),
        ),
        (
            "Loki's API",
            json!({"data": {"result": [{"stream": {}, "values": [["1764417602", line]]}]}}).to_string(),
        ),
        (
            "Fluent Bit with merged fields",
            json!({"kubernetes": {"pod_name": "macaque"}, "log_processed": {"history": line_of(1)}})
                .to_string(),
        ),
        ("a collector's collector", twice_wrapped.to_string()),
        ("a line of Windows", format!("{line}\r")),
        ("an editor's mark", format!("\u{feff}{line}")),
        ("two objects on a line", format!("{{\"a\":{{}}}} {line}")),
        (
            "a line that was cut before it",
            format!("{{\"level\":\"info\",\"msg\":\"cut{line}"),
        ),
    ] {
        let LogHistory { history, counts } = read(format!("other\n{log}\nother\n"));
        let names = history.entries().iter().map(|entry| entry.pod.name.as_str());
        assert_eq!(Vec::from_iter(names), ["web-1"], "{what}");
        assert_eq!(
            (counts.read, counts.taken, counts.unreadable),
            (3, 1, 0),
            "{what}"
        );
    }
}

#[test]
fn the_logs_of_several_processes_give_each_victim_once_with_whatever_is_known() {
    let mut pending = line_of(1);
    pending["entry"]["outcome"] = json!({"result": "pending"});
    let mut recovered = line_of(1);
    recovered["entry"]["recovery"] = json!({
        "accepted": "2026-11-29T12:00:02Z", "ended": "2026-11-29T12:00:09Z", "verdict": "recovered",
        "times": {"whole_ms": 4500}, "expect_ms": 60000,
    });
    let lines = [recovered, line_of(2), line_of(1), pending, line_of(2)].map(|line| log_line(&line));

    let LogHistory { history, counts } = read(lines.join("\n"));
    let [first, second] = history.entries() else {
        panic!("{history:?}");
    };
    assert_eq!((first.number, &first.outcome), (Some(1), &EntryOutcome::Evicted));
    assert!(first.recovery.is_some() && second.recovery.is_none());
    assert_eq!((counts.read, counts.taken), (5, 5));
    assert_eq!(counts.warnings(), Vec::<String>::new());
    assert_eq!(counts.to_string(), "5 lines read, 5 of the history");
    let last = "2026-11-29T12:00:09Z".parse().unwrap();
    assert_eq!(last_instant(&history), Some(last));
}

#[test]
fn a_message_that_quotes_a_line_is_no_line() {
    let quoted_line = log_line(&line_of(7));
    for log in [
        json!({"ts": "t", "level": "warn", "msg": quoted_line}).to_string(),
        json!({"ts": "t", "level": "warn", "msg": "m", "why": quoted_line}).to_string(),
        json!({"level": "warn", "message": format!("shop/web: refused by webhook guard: {quoted_line}")})
            .to_string(),
        format!("[2026-11-29T12:00:02Z WARN ] shop/web: refused by webhook guard: {quoted_line}"),
        format!("[pod/m/m] [2026-11-29T12:00:02Z INFO ] refused: {quoted_line}"),
        json!({"line": format!("[2026-11-29T12:00:02Z INFO ] refused: {quoted_line}")}).to_string(),
    ] {
        let LogHistory { history, counts } = read(&log);
        assert!(history.is_empty() && counts.unreadable == 0, "{log}");
    }
}

#[test]
fn a_field_of_the_same_name_is_no_line_of_the_history() {
    for field in [
        json!("yesterday"),
        json!(null),
        json!(["a", 1]),
        json!({"version": "1", "entry": {}}),
        json!({"version": 1, "users": 7}),
        json!({"browser": {"version": 1, "entry": {}}}),
    ] {
        let log = json!({"history": field}).to_string();
        let LogHistory { history, counts } = read(&log);
        assert!(history.is_empty(), "{log}");
        assert_eq!((counts.unreadable, counts.newer), (0, 0), "{log}");
    }
}

#[test]
fn what_cannot_be_read_is_counted_and_the_first_such_line_is_named() {
    let line = log_line(&line_of(1));
    let mut strange = line_of(2);
    strange["entry"]["outcome"] = json!({"result": "eaten"});
    let mut newer = line_of(3);
    newer["version"] = json!(2);
    let log = [
        "fine".to_owned(),
        line.clone(),
        line[..line.len() - 30].to_owned(),
        log_line(&strange),
        json!({"log": line[..90]}).to_string(),
        log_line(&newer),
    ];

    let counts = read(log.join("\n")).counts;
    assert_eq!(
        (counts.read, counts.taken, counts.unreadable, counts.newer),
        (6, 1, 3, 1)
    );
    assert_eq!(
        counts.warnings(),
        [
            "3 lines look like lines of the history, and cannot be read; the first, line 3: it is not a whole JSON \
             object",
            "1 line of the history left out: a newer macaque wrote them; run the newer macaque",
        ]
    );
    let one = read(format!("{}\n{line}", log_line(&strange))).counts.warnings();
    assert!(
        one[0].starts_with(
            "line 1 looks like one of the history, and cannot be read: entry: unknown variant `eaten`"
        ),
        "{one:?}"
    );
}

#[test]
fn a_log_without_any_line_of_the_history_says_what_would_have_some() {
    assert_eq!(read("").counts.warnings(), ["the log is empty"]);
    let text = "[2026-11-29T12:00:02Z INFO ] evicted shop/web-1\n";
    assert_eq!(
        read(text).counts.warnings(),
        ["no line is of the history: macaque writes such lines in the JSON format of its log (log.format)"]
    );
}

#[test]
fn a_line_of_any_length_and_bytes_that_are_no_text_are_passed_over() {
    let line = log_line(&line_of(1));
    let long = "x".repeat(3 << 20);
    let invalid = [b"\xff\xfe ".as_slice(), line.as_bytes(), b"\n"].concat();
    let mut within = line.clone().into_bytes();
    let at = line.find("web-1").unwrap();
    within[at] = 0xff;
    let huge = format!("{}{long}", &line[..200]);
    let log = [
        long.as_bytes(),
        b"\n",
        &invalid,
        &within,
        b"\n",
        huge.as_bytes(),
        b"\n\0\0\n",
        line.replace("web-1", "web-2").replace("u1", "u2").as_bytes(),
    ]
    .concat();

    let LogHistory { history, counts } = read(&log);
    let names = history.entries().iter().map(|entry| entry.pod.name.as_str());
    assert_eq!(Vec::from_iter(names), ["web-1", "web-2"]);
    assert_eq!((counts.read, counts.taken, counts.unreadable), (6, 2, 2));
}

#[test]
fn objects_that_are_nested_without_end_are_passed_over() {
    let deep = format!("{{\"history\":{}", "{\"a\":[".repeat(100_000));
    let mut wrapped = log_line(&line_of(1));
    for _ in 0..12 {
        wrapped = format!("{{\"log\":{}}}", quoted(&wrapped));
    }
    assert_eq!(
        pods(format!("{deep}\n{}\n{wrapped}", "{".repeat(100_000))),
        Vec::<String>::new()
    );
}

/// Real lines of several logs, and what they say.
fn real_lines() -> Vec<String> {
    let lines = (1..=3).map(|number| log_line(&line_of(number)));
    let mut lines: Vec<_> = lines.collect();
    let docker = json!({"log": format!("{}\n", lines[1]), "stream": "stderr"}).to_string();
    lines.push(docker);
    lines.push(format!("2026-11-29T12:00:02Z stderr F {}", lines[2]));
    lines.push("[2026-11-29T12:00:02Z INFO ] evicted shop/web-9".to_owned());
    lines.push(json!({"ts": "t", "level": "warn", "msg": lines[0]}).to_string());
    lines
}

/// The entries that a whole log of these lines holds.
fn real_entries() -> Vec<HistoryEntry> {
    read(real_lines().join("\n")).history.entries().to_vec()
}

proptest! {
    #[test]
    fn no_cut_mixture_or_garbage_makes_an_entry_that_is_in_no_line(
        pieces in proptest::collection::vec((0_usize..7, any::<prop::sample::Index>(), 0..4_u8), 0..12),
        garbage in proptest::collection::vec(any::<u8>(), 0..64),
        place in any::<prop::sample::Index>(),
    ) {
        let lines = real_lines();
        let place = place.index(pieces.len() + 1);
        let mut log = Vec::new();
        for (index, (line, cut, kind)) in pieces.into_iter().enumerate() {
            if index == place {
                log.extend_from_slice(&garbage);
            }
            let line = lines[line].as_bytes();
            let cut = cut.index(line.len());
            match kind {
                0 => log.extend_from_slice(&[line, b"\n"].concat()),
                1 => log.extend_from_slice(&[&line[..cut], b"\n"].concat()),
                // A process that ended in the middle of a line.
                2 => log.extend_from_slice(&line[..cut]),
                _ => log.extend_from_slice(&[b"\n", &line[cut..], b"\n"].concat()),
            }
        }

        let known = real_entries();
        let read = read(&log);
        for entry in read.history.entries() {
            prop_assert!(known.contains(entry), "{:?}", entry);
        }
        prop_assert!(read.counts.taken + read.counts.unreadable <= 2 * read.counts.read);
    }

    #[test]
    fn any_bytes_are_read_to_their_end(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes).history.is_empty());
    }
}
