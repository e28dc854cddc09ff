//! A history, and the journal that numbers it, as a macaque would have left them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::Method;
use jiff::{SignedDuration, Timestamp};
use macaque::history::pack;
use macaque_core::history::History;
use macaque_core::journal::Journal;
use serde_json::{Value, json};

use crate::test_namespace::TestNamespace;

/// A disruption that is in the past.
pub(super) struct PastDisruption {
    /// How long ago its round was, in minutes.
    pub(super) minutes_ago: i64,
    /// The name of the Deployment.
    pub(super) owner: String,
    /// How the recovery ended, in one word.
    pub(super) verdict: &'static str,
    /// How long it took until the owner was whole again, in milliseconds.
    pub(super) whole_ms: u64,
}

/// A victim that was not disrupted.
pub(super) struct PastRefusal {
    /// How long ago its round was, in minutes.
    pub(super) minutes_ago: i64,
    /// The name of the Deployment.
    pub(super) owner: String,
    /// The outcome as the history has it.
    pub(super) outcome: Value,
    /// The result of the round in one word.
    pub(super) status: &'static str,
}

impl TestNamespace {
    /// The journal and the history after these disruptions, the oldest first, and these refusals.
    pub(super) async fn create_past(&mut self, disruptions: &[PastDisruption], refusals: &[PastRefusal]) {
        self.create_journal().await;
        let path = |name: &str| format!("{}/{name}", self.path("ConfigMap"));
        let journal = self.read(&path("macaque-journal")).await;
        let uid = journal["metadata"]["uid"].as_str().unwrap();
        let now = Timestamp::now();
        let begun = now - SignedDuration::from_hours(24 * 30);

        let (text, seal) = journal_of(uid, disruptions.len(), begun).write();
        let data = json!({"data": {"journal.json": text, "seal": seal}});
        self.send(
            Method::PATCH,
            &path("macaque-journal?fieldManager=macaque"),
            &data,
        )
        .await
        .accepted();

        let packed = pack(&mut self.history_of(uid, begun, disruptions, refusals));
        let data = json!({
            "binaryData": {"history.json.gz": BASE64_STANDARD.encode(packed.bytes)},
            "data": {"seal": packed.seal},
        });
        self.send(Method::PATCH, &path("macaque-history"), &data)
            .await
            .accepted();
    }

    fn history_of(
        &self,
        journal: &str,
        begun: Timestamp,
        disruptions: &[PastDisruption],
        refusals: &[PastRefusal],
    ) -> History {
        let now = Timestamp::now();
        let disrupted = disruptions.iter().zip(1..);
        let disrupted = disrupted.map(|(past, number)| self.disrupted(past, number, now));
        let refused = refusals.iter().map(|past| self.refused(past, now));
        let rounds = disruptions
            .iter()
            .map(|past| round(past.minutes_ago, "disrupted", now));
        let held = refusals
            .iter()
            .map(|past| round(past.minutes_ago, past.status, now));

        let history = json!({
            "version": 1,
            "numbering": {
                "journal": journal, "begun": begun, "since": begun, "first": 1,
                "count": disruptions.len(), "counted": now,
            },
            "entries": disrupted.chain(refused).collect::<Vec<_>>(),
            "rounds": rounds.chain(held).collect::<Vec<_>>(),
        });
        History::read(history.to_string().as_bytes()).unwrap()
    }

    fn disrupted(&self, past: &PastDisruption, number: u64, now: Timestamp) -> Value {
        let slot = slot(past.minutes_ago, now);
        let part = |percent: u64| past.whole_ms * percent / 100;
        let is_whole = past.verdict != "unrecovered";
        let mut times = json!({
            "gone_ms": part(20), "created_ms": part(1) + 20, "scheduled_ms": part(2) + 40,
            "containers_ready_ms": part(85),
        });
        if is_whole {
            times["ready_ms"] = json!(part(90));
            times["whole_ms"] = json!(past.whole_ms);
        }
        let mut entry = self.entry(&past.owner, slot);
        entry["number"] = json!(number);
        entry["outcome"] = json!({"result": "evicted"});
        entry["recovery"] = json!({
            "accepted": slot + SignedDuration::from_secs(2), "verdict": past.verdict,
            "ended": slot + SignedDuration::from_millis(past.whole_ms as i64 + 7_000), "times": times,
            "expect_ms": 60_000,
        });
        if !is_whole {
            entry["recovery"]["trouble"] = json!("ImagePullBackOff");
        }
        entry
    }

    fn refused(&self, past: &PastRefusal, now: Timestamp) -> Value {
        let mut entry = self.entry(&past.owner, slot(past.minutes_ago, now));
        entry["outcome"] = past.outcome.clone();
        entry
    }

    fn entry(&self, owner: &str, slot: Timestamp) -> Value {
        let second = slot.as_second();
        json!({
            "slot": slot, "at": slot + SignedDuration::from_secs(1), "method": "evict",
            "pod": {
                "namespace": self.name, "name": format!("{owner}-7d9f8c6b5-{:05x}", second % 0xf_ffff),
                "uid": format!("{owner}-{second}"),
            },
            "owner": {"kind": "Deployment", "name": owner},
        })
    }
}

/// The slot, which is a whole minute, of a round so many minutes ago.
fn slot(minutes_ago: i64, now: Timestamp) -> Timestamp {
    Timestamp::from_second((now.as_second() / 60 - minutes_ago) * 60).unwrap()
}

fn round(minutes_ago: i64, status: &str, now: Timestamp) -> Value {
    let slot = slot(minutes_ago, now);
    json!({
        "slot": slot, "finished": slot + SignedDuration::from_secs(4), "status": status, "candidates": 14,
    })
}

/// A journal that has numbered so many disruptions.
fn journal_of(uid: &str, disruptions: usize, begun: Timestamp) -> Journal {
    let mut journal = serde_json::to_value(Journal::new(uid)).unwrap();
    journal["sequence"] = json!(disruptions * 4);
    journal["disruptions"] = json!(disruptions);
    journal["numbered_since"] = json!(begun);
    serde_json::from_value(journal).unwrap()
}
