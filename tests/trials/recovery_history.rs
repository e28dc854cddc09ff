//! What a trial of recoveries saw of the cluster: when owners were whole, and what the journal held.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use kube_sandbox::Sandbox;
use serde_json::Value;

/// The workloads, each a StatefulSet, whose pods have names that last.
pub(crate) const WORKLOADS: [&str; 3] = ["one", "two", "three"];
/// The pods of each.
pub(crate) const REPLICAS: usize = 3;

/// How long an owner must have been whole.
const SPAN: SignedDuration = SignedDuration::from_secs(5);
/// How far what a trial sees may be from what a replica sees, at either end of the span.
const MARGIN: SignedDuration = SignedDuration::from_millis(300);
/// How far a time may be off that a replica did not see itself, and says so: the conditions of pods have whole seconds.
const MARGIN_OF_TIMESTAMPS: SignedDuration = SignedDuration::from_millis(1300);

/// What was seen so far.
#[derive(Debug, Default)]
pub(crate) struct RecoveryHistory {
    /// By workload, the spans in which it was whole, or was not, at every look.
    spans: BTreeMap<&'static str, Vec<SeenSpan>>,
    /// By UID of the victim: its name, and when its disruption was accepted as the journal has it.
    pub(crate) victims: BTreeMap<String, (String, Timestamp)>,
    /// The UIDs of the victims whose recoveries the journal has now.
    pub(crate) open: BTreeSet<String>,
    /// By UID of the victim, the ends that the journal had.
    ends: BTreeMap<String, BTreeSet<RecoveryEnd>>,
}

/// A span in which every look at a workload showed the same. A look takes a moment.
#[derive(Debug)]
struct SeenSpan {
    is_whole: bool,
    /// When the first look was over.
    first: Timestamp,
    /// When the last one began.
    last: Timestamp,
}

/// The end of a recovery.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct RecoveryEnd {
    verdict: String,
    whole_ms: Option<u64>,
    /// Whether the replica saw when the owner was whole, and need not trust timestamps.
    is_seen: bool,
    owner: String,
}

impl RecoveryHistory {
    /// Looks at the cluster.
    pub(crate) fn look(&mut self, sandbox: &Sandbox) {
        for workload in WORKLOADS {
            let begun = Timestamp::now();
            let is_whole = ready_pods(sandbox, workload) >= REPLICAS;
            let spans = self.spans.entry(workload).or_default();
            match spans.last_mut().filter(|span| span.is_whole == is_whole) {
                Some(span) => span.last = begun,
                None => spans.push(SeenSpan {
                    is_whole,
                    first: Timestamp::now(),
                    last: begun,
                }),
            }
        }

        let journal = sandbox.object("ConfigMap", "chaos", "macaque-journal");
        let journal = journal.and_then(|object| {
            let text = object["data"]["journal.json"].as_str()?;
            serde_json::from_str::<Value>(text).ok()
        });
        if let Some(journal) = journal {
            self.read(&journal);
        }
    }

    fn read(&mut self, journal: &Value) {
        self.open.clear();
        for record in journal["recovering"].as_array().into_iter().flatten() {
            let victim = &record["victim"];
            let uid = text(&victim["pod"]["uid"]);
            let accepted = text(&victim["accepted"]).parse().unwrap();
            self.open.insert(uid.clone());
            self.victims.insert(uid, (text(&victim["pod"]["name"]), accepted));
        }

        for entry in journal["outbox"].as_array().into_iter().flatten() {
            let report = &entry["recovery"];
            if let Some(verdict) = report["verdict"].as_str() {
                let end = RecoveryEnd {
                    verdict: verdict.to_owned(),
                    whole_ms: report["times"]["whole_ms"].as_u64(),
                    is_seen: report["precision"] == "watch",
                    owner: text(&report["owner"]["name"]),
                };
                self.ends
                    .entry(text(&report["pod"]["uid"]))
                    .or_default()
                    .insert(end);
            }
        }
    }

    /// The workload that is whole again after it was not, if there is one.
    pub(crate) fn whole_again(&self) -> Option<&'static str> {
        let again = self
            .spans
            .iter()
            .find(|(_, spans)| spans.len() >= 3 && spans.last().is_some_and(|span| span.is_whole));
        again.map(|(workload, _)| *workload)
    }

    /// How many ends said that nobody had watched.
    pub(crate) fn unwatched(&self) -> usize {
        let ends = self.ends.values().flatten();
        ends.filter(|end| end.verdict == "unwatched").count()
    }

    /// What is wrong, in words: victims with more than one end, and owners that were said to have recovered and were not
    /// whole for as long as that takes.
    pub(crate) fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for (uid, ends) in &self.ends {
            let name = self.victims.get(uid).map_or(uid, |(name, _)| name);
            if ends.len() > 1 {
                wrong.push(format!("the recovery of {name} has more than one end: {ends:?}"));
            }
            for end in ends {
                if matches!(end.verdict.as_str(), "recovered" | "slow") && !self.was_whole(uid, end) {
                    wrong.push(format!(
                        "{name} recovered, as it is said, and was not whole: {end:?}"
                    ));
                }
            }
        }
        wrong
    }

    fn was_whole(&self, uid: &str, end: &RecoveryEnd) -> bool {
        let (Some((_, accepted)), Some(whole_ms)) = (self.victims.get(uid), end.whole_ms) else {
            return false;
        };
        let whole = *accepted + Duration::from_millis(whole_ms);
        let margin = if end.is_seen { MARGIN } else { MARGIN_OF_TIMESTAMPS };
        let (from, to) = (whole + margin, whole + SPAN - MARGIN);

        // What the trial was too busy to look at in time says nothing.
        let spans = self.spans.iter().find(|(workload, _)| **workload == end.owner);
        let mut spans = spans.into_iter().flat_map(|(_, spans)| spans);
        !spans.any(|span| !span.is_whole && span.last > from && span.first < to)
    }
}

fn ready_pods(sandbox: &Sandbox, workload: &str) -> usize {
    let pods = (0..REPLICAS).filter_map(|n| sandbox.object("Pod", "shop", &format!("{workload}-{n}")));
    pods.filter(is_ready).count()
}

fn is_ready(pod: &Value) -> bool {
    let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    pod["metadata"]["deletionTimestamp"].is_null()
        && conditions.any(|condition| condition["type"] == "Ready" && condition["status"] == "True")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
