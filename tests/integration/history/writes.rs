//! What is written, by one replica and by two, and what a crash loses: nothing.

use macaque::failpoint::FailPoint;
use macaque_core::history::{EntryOutcome, History, HistoryEntry};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse, RequestMatch};
use serde_json::{Value, json};

use super::fixture::{HistoryFixture, WRITE, numbered};

fn named(entries: &[(Option<u64>, &str)]) -> Vec<(Option<u64>, String)> {
    let entries = entries.iter();
    entries
        .map(|(number, name)| (*number, (*name).to_owned()))
        .collect()
}

#[actix_rt::test]
async fn a_round_is_written_with_its_victim_and_its_number_and_nothing_is_written_twice() {
    let fixture = HistoryFixture::with(&["web"]);
    let recorder = fixture.recorder();
    let replica = fixture.replica("a", &recorder).await;
    replica.runs(1).await;
    assert!(recorder.waits());

    recorder.writes().await;
    assert!(!recorder.waits());
    let history = fixture.stored().history;
    assert_eq!(numbered(&history), named(&[(Some(1), "web")]));
    assert_eq!(history.entries()[0].outcome, EntryOutcome::Evicted);
    assert_eq!(history.rounds().len(), 1);
    assert_eq!(recorder.published().last(), Some(&history));

    recorder.writes().await;
    replica.takes_over(None).await;
    assert!(!recorder.waits(), "the journal is as it was");
    recorder.writes().await;
    assert_eq!(fixture.writes(), 1);
}

#[actix_rt::test]
async fn two_replicas_write_one_history_and_each_keeps_what_the_other_wrote() {
    let fixture = HistoryFixture::with(&["web", "cart"]);
    let recorders = [fixture.recorder(), fixture.recorder()];
    for (slot, (name, recorder)) in (1..).zip([("a", &recorders[0]), ("b", &recorders[1])]) {
        let replica = fixture.replica(name, recorder).await;
        replica.runs(slot).await;
    }
    for recorder in &recorders {
        recorder.writes().await;
    }

    let history = fixture.stored().history;
    let numbers: Vec<_> = history.entries().iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [Some(1), Some(2)]);
    assert_eq!(history.rounds().len(), 2);
    assert_eq!(history.gaps(&fixture.journal.journal()), []);
}

#[actix_rt::test]
async fn a_write_that_comes_between_is_kept_and_the_history_written_on_top_of_it() {
    let fixture = HistoryFixture::with(&["web"]);
    let recorder = fixture.recorder();
    fixture.replica("a", &recorder).await.runs(1).await;

    let conflict = ProxyResponse::failure(409, "the object has been modified", Value::Null);
    fixture
        .proxy
        .inject(RequestMatch::containing(WRITE).times(2), Fault::Answer(conflict));
    recorder.writes().await;
    assert_eq!(fixture.numbered(), named(&[(Some(1), "web")]));
    assert_eq!(fixture.writes(), 3);
}

#[actix_rt::test]
async fn what_cannot_be_written_waits_until_it_can() {
    let fixture = HistoryFixture::with(&["web"]);
    let recorder = fixture.recorder();
    fixture.replica("a", &recorder).await.runs(1).await;

    fixture.remove();
    recorder.writes().await;
    assert!(recorder.waits(), "there is no ConfigMap");
    fixture.create();

    let forbidden = ProxyResponse::failure(403, "configmaps is forbidden", Value::Null);
    fixture
        .proxy
        .inject(RequestMatch::containing(WRITE).once(), Fault::Answer(forbidden));
    recorder.writes().await;
    assert!(recorder.waits(), "a permission is missing");

    fixture
        .proxy
        .inject(RequestMatch::containing(WRITE).once(), Fault::DropAfter);
    recorder.writes().await;
    assert!(recorder.waits(), "nobody knows whether it was written");

    recorder.writes().await;
    assert!(!recorder.waits());
    assert_eq!(fixture.numbered(), named(&[(Some(1), "web")]));
}

#[actix_rt::test]
async fn a_crash_between_disruption_and_write_loses_nothing_because_the_journal_has_it() {
    for point in [
        FailPoint::AfterReserve,
        FailPoint::AfterDisrupt,
        FailPoint::AfterResolve,
    ] {
        let fixture = HistoryFixture::with(&["web"]);
        let crashed = fixture.recorder();
        fixture.replica("a", &crashed).await.dies_at(1, point).await;
        drop(crashed);

        let recorder = fixture.recorder();
        let next = fixture.replica("b", &recorder).await;
        next.runs(2).await;
        recorder.writes().await;
        let history = fixture.stored().history;
        assert_eq!(history.gaps(&fixture.journal.journal()), [], "{point:?}");
        let first = &history.entries()[0];
        assert_eq!(
            (first.number, first.pod.name.starts_with("web")),
            (Some(1), true),
            "{point:?}"
        );
    }
}

#[actix_rt::test]
async fn a_journal_that_was_replaced_begins_a_new_numbering_and_earlier_victims_lose_their_numbers() {
    let fixture = HistoryFixture::with(&["web", "cart"]);
    let recorder = fixture.recorder();
    fixture.replica("a", &recorder).await.runs(1).await;
    recorder.writes().await;
    let before = fixture.stored().history;

    fixture.journal.remove();
    fixture.journal.put(crate::journal::fixture::empty());
    fixture.replica("b", &recorder).await.runs(2).await;
    recorder.writes().await;

    let history = fixture.stored().history;
    let numbers: Vec<_> = history.entries().iter().map(|entry| entry.number).collect();
    assert_eq!(numbers, [None, Some(1)]);
    assert_ne!(history.journal(), before.journal());
    assert!(history.numbered_since() > before.numbered_since());
}

#[actix_rt::test]
async fn a_history_that_is_full_stays_small_enough_and_drops_the_oldest() {
    let fixture = HistoryFixture::with(&["web"]);
    let recorder = fixture.recorder();
    fixture.replica("a", &recorder).await.runs(1).await;
    recorder.writes().await;

    let template = fixture.stored().history.entries()[0].clone();
    fixture.put_history(&crowded(&template, 12_000));
    fixture.replica("b", &recorder).await.runs(2).await;
    recorder.writes().await;

    let object = fixture.object();
    let packed = object["binaryData"]["history.json.gz"].as_str().unwrap();
    assert!(packed.len() * 3 / 4 <= 900_000, "{}", packed.len());
    let history = fixture.stored().history;
    assert!(!fixture.stored().is_edited);
    assert!(history.entries().len() > 1_000, "{}", history.entries().len());
    assert_eq!(history.entries().last().unwrap().number, Some(1));
    assert!(history.entries().iter().all(|entry| entry.pod.name != "old-0"));
}

/// A history with so many victims before `last`, whose names compress badly.
fn crowded(last: &HistoryEntry, count: u64) -> History {
    let entry = |n: u64| {
        let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut entry = serde_json::to_value(last).unwrap();
        entry["number"] = Value::Null;
        entry["at"] = json!(format!(
            "2026-01-{:02}T{:02}:{:02}:{:02}Z",
            1 + n / 86_400,
            n / 3600 % 24,
            n / 60 % 60,
            n % 60
        ));
        entry["slot"] = entry["at"].clone();
        entry["pod"] = json!({"namespace": "shop", "name": format!("old-{n}"), "uid": format!("{mixed:016x}{:016x}", mixed.rotate_left(17) ^ n)});
        entry
    };
    let entries: Vec<_> = (0..count).map(entry).collect();
    let history = json!({"version": 1, "entries": entries, "rounds": []});
    serde_json::from_value(history).unwrap()
}
