//! A stored history that cannot be used, or was edited: what is kept of it, and what is not overwritten.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use super::fixture::HistoryFixture;

fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

#[actix_rt::test]
async fn a_newer_history_is_never_overwritten() {
    let fixture = HistoryFixture::with(&["web"]);
    fixture.put(&gzip("{\"version\": 2, \"more\": []}"), "");
    let before = fixture.object();
    let recorder = fixture.recorder();
    fixture.replica("a", &recorder).await.runs(1).await;
    recorder.writes().await;

    assert_eq!(fixture.object(), before);
    assert!(recorder.waits());
    assert!(recorder.published().is_empty());
}

#[actix_rt::test]
async fn a_corrupt_history_is_begun_anew_with_what_is_known() {
    let fixture = HistoryFixture::with(&["web"]);
    let recorder = fixture.recorder();
    let replica = fixture.replica("a", &recorder).await;
    replica.runs(1).await;
    fixture.put(b"no gzip", "0123456789abcdef");
    recorder.writes().await;

    assert!(!fixture.stored().is_edited);
    assert_eq!(fixture.numbered(), [(Some(1), "web".to_owned())]);
    assert!(!recorder.waits());
}

#[actix_rt::test]
async fn a_copy_with_the_history_among_its_texts_is_read_and_next_written_where_it_belongs() {
    let fixture = HistoryFixture::with(&["web", "cart"]);
    let recorder = fixture.recorder();
    fixture.replica("a", &recorder).await.runs(1).await;
    recorder.writes().await;
    fixture.move_to_texts();

    let next = fixture.recorder();
    fixture.replica("b", &next).await.runs(2).await;
    next.writes().await;
    assert!(!next.waits());
    let owners: Vec<_> = fixture.numbered().into_iter().map(|(_, owner)| owner).collect();
    assert_eq!(owners.len(), 2, "{owners:?}");
    assert_eq!(fixture.object()["data"]["history.json.gz"], json!(null));
}

#[actix_rt::test]
async fn a_history_that_was_edited_is_kept_and_its_numbers_are_not_believed() {
    let fixture = HistoryFixture::with(&["web", "cart"]);
    let recorder = fixture.recorder();
    fixture.replica("a", &recorder).await.runs(1).await;
    recorder.writes().await;

    let mut edited = serde_json::to_value(fixture.stored().history).unwrap();
    edited["entries"][0]["team"] = json!("somebody");
    fixture.put(&gzip(&edited.to_string()), "0123456789abcdef");
    assert!(fixture.stored().is_edited);
    // Another process, which knows nothing of the first round.
    let next = fixture.recorder();
    fixture.replica("b", &next).await.runs(2).await;
    next.writes().await;

    let stored = fixture.stored();
    assert!(!stored.is_edited, "it was taken over");
    let entries = stored.history.entries();
    assert_eq!(entries[0].team.as_deref(), Some("somebody"));
    let numbers: Vec<_> = entries.iter().map(|entry| entry.number).collect();
    // The second was disrupted before anybody saw the edit.
    assert_eq!(numbers, [None, None]);
    assert!(stored.history.numbered_since().unwrap() > entries[0].at);
}
