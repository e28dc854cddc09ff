//! Tests of the text of a history and of its lines.

use super::*;

#[test]
fn a_history_that_is_written_is_read_as_it_was() {
    let mut written = history(
        Some(numbering("uid", 0, 2, 20)),
        vec![
            numbered("a", 10, 1, EntryOutcome::Evicted),
            HistoryEntry {
                recovery: Some(recovery(30, Some(RecoveryVerdict::Slow))),
                ..numbered("b", 30, 2, EntryOutcome::Deleted)
            },
            entry(
                "c",
                40,
                EntryOutcome::Held {
                    by: "whole".to_owned(),
                    unanswered: true,
                },
            ),
        ],
    );
    written.merge(&History {
        rounds: vec![round(0)],
        ..History::new()
    });

    assert_eq!(History::read(&written.write()), Ok(written));
    assert_eq!(History::read(&History::new().write()), Ok(History::new()));
}

#[test]
fn a_newer_history_is_not_taken_for_a_broken_one() {
    let read = |text: &str| History::read(text.as_bytes()).unwrap_err().to_string();

    assert_eq!(
        read(r#"{"version": 2, "entries": {}, "new": true}"#),
        "its version is 2, and this macaque knows version 1: use the newer macaque"
    );
    for text in ["", "{}", "[]", r#"{"version": 0, "entries": [], "rounds": []}"#] {
        assert!(
            read(text).starts_with("it is not a history: "),
            "{text}: {}",
            read(text)
        );
    }
}

#[test]
fn a_history_that_somebody_else_wrote_is_bounded_ordered_and_holds_each_victim_once() {
    let long = "x\u{1b}\n".repeat(10_000);
    let hostile = HistoryEntry {
        team: Some(long.clone()),
        pod: PodRef {
            namespace: long.clone(),
            name: long.clone(),
            uid: "a".to_owned(),
        },
        ..numbered("a", 10, u64::MAX, EntryOutcome::Refused { by: long.clone() })
    };
    let entries = vec![
        numbered("b", 20, 0, EntryOutcome::Evicted),
        hostile.clone(),
        hostile,
        numbered("b", 15, u64::MAX, EntryOutcome::Pending),
    ];
    let forged = History {
        numbering: Some(numbering("uid", 0, u64::MAX, 0)),
        entries,
        rounds: vec![RoundSummary {
            why: Some(long),
            ..round(0)
        }],
        ..History::new()
    };

    let read = History::read(&forged.write()).unwrap();
    let uids: Vec<_> = read
        .entries()
        .iter()
        .map(|entry| entry.pod.uid.as_str())
        .collect();
    assert_eq!(uids, ["a", "b"]);
    assert_eq!(read.entries()[0].number, None, "what was refused has none");
    assert_eq!(read.entries()[1].number, Some(u64::MAX));
    let text = String::from_utf8(read.write()).unwrap();
    assert!(text.len() < 3000, "{} bytes", text.len());
    assert!(!text.contains("\\u001b") && !text.contains("\\n"), "{text}");
}

#[test]
fn a_line_of_the_log_holds_a_victim_or_a_round_and_is_read_as_it_was() {
    let victim = HistoryLine::new(LineContent::Entry(Box::new(numbered(
        "a",
        10,
        1,
        EntryOutcome::Evicted,
    ))));
    let ended = HistoryLine::new(LineContent::Round(round(0)));

    let text = serde_json::to_string(&victim).unwrap();
    assert!(
        text.starts_with(r#"{"version":1,"entry":{"number":1,"slot":"2027-01-15T08:00:00Z","#),
        "{text}"
    );
    assert_eq!(serde_json::from_str::<HistoryLine>(&text).unwrap(), victim);
    let text = serde_json::to_string(&ended).unwrap();
    assert!(text.starts_with(r#"{"version":1,"round":{"slot":"#), "{text}");
    assert_eq!(serde_json::from_str::<HistoryLine>(&text).unwrap(), ended);

    let mut history = History::new();
    history.note_lines([ended.clone(), victim.clone(), victim, ended]);
    assert_eq!(history.entries(), [numbered("a", 10, 1, EntryOutcome::Evicted)]);
    assert_eq!(history.rounds(), [round(0)]);
}

#[test]
fn a_line_that_cannot_be_used_says_why() {
    let read = |text: &str| serde_json::from_str::<HistoryLine>(text).unwrap_err().to_string();

    let newer = "its version is 2, and this macaque knows version 1: use the newer macaque";
    assert_eq!(read(r#"{"version": 2, "owner": {"new": 1}}"#), newer);
    assert_eq!(read(r#"{"version": 1}"#), "one of `entry` and `round` is needed");
    assert!(read(r#"{"version": 1, "entry": {"slot": 7}}"#).starts_with("entry: "));
    assert!(read(r#"{"entry": {}}"#).contains("version"));
}
