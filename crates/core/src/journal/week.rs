//! What is counted for the digest of a week: what happened, how long recoveries took, and which owners had a turn.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::indented_bytes;
use crate::notice::{
    Activity, Digest, NoTurn, OwnerResult, OwnerWithoutTurn, OwnersWithoutTurn, ScopeOwners, refuser,
    short_name,
};
use crate::outcome::Outcome;
use crate::pod::PodOwner;
use crate::recovery::{RecoveryReport, RecoveryVerdict};
use crate::report::RoundReport;

/// How many recoveries are kept for the median: the last ones.
const MAX_TIMES: usize = 100;
/// How many bytes the record may take: with names of the usual length, four hundred owners fit.
const MOST_BYTES: usize = 40_000;
/// How many owners without a turn are named for each reason.
const MAX_NAMED: usize = 12;
/// How many bytes a digest may take in the outbox, which drops what is too long.
const MOST_DIGEST_BYTES: usize = 18_000;
/// How many problems a digest names.
const MAX_PROBLEMS: usize = 3;

/// What has happened since the last digest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WeekRecord {
    /// When the week began.
    pub(super) since: Timestamp,
    /// What happened.
    activity: Activity,
    /// How long the last recoveries took, in milliseconds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    times: Vec<u64>,
    /// What became of the owners that were tried: by `NAMESPACE/OWNER`, as text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    owners: BTreeMap<String, OwnerResult>,
    /// How many owners that had a turn were forgotten, because there were too many.
    #[serde(default, skip_serializing_if = "is_zero")]
    forgotten: usize,
}

impl WeekRecord {
    /// A week that begins.
    pub(super) fn since(since: Timestamp) -> Self {
        Self {
            since,
            ..Self::default()
        }
    }

    /// Counts a round that was withheld.
    pub(super) fn note_withheld(&mut self) {
        self.activity.note_withheld();
    }

    /// Counts a round that ran.
    pub(super) fn note_round(&mut self, report: &RoundReport) {
        self.activity.note_round(report);

        for attempt in &report.attempts {
            let namespace = &attempt.pod.namespace;
            let Some(owner) = &attempt.owner else { continue };
            let turn = match &attempt.outcome {
                Outcome::Refused(refusal) => OwnerResult::Refused(short_name(&refuser(refusal, namespace))),
                Outcome::Held(hold) => OwnerResult::Held(short_name(&hold.guard)),
                Outcome::Gone => continue,
                Outcome::Evicted | Outcome::Deleted | Outcome::DryRun | Outcome::Unknown { .. } => {
                    OwnerResult::Had
                }
            };
            let known = self.owners.entry(key(namespace, owner));
            known.or_insert_with(|| turn.clone()).note(turn);
        }
        self.bound();
    }

    /// Counts a recovery that ended.
    pub(super) fn note_recovery(&mut self, report: &RecoveryReport, verdict: RecoveryVerdict) {
        self.activity.note_recovery(verdict);

        if let Some(whole_ms) = report.times.whole_ms.filter(|_| verdict.is_recovered()) {
            self.times.push(whole_ms);
            if self.times.len() > MAX_TIMES {
                self.times.remove(0);
            }
        }
    }

    /// The digest of the week, with the owners in `scope` that had no turn.
    pub(super) fn digest(&self, scope: &ScopeOwners) -> Digest {
        let mut problems = scope.problems.clone();
        problems.truncate(MAX_PROBLEMS);
        bounded(Digest {
            since: self.since,
            activity: self.activity.clone(),
            median_ms: self.median(),
            owners: scope.iter().count(),
            without_turn: self.without_turn(scope),
            unjudged: scope.unjudged(),
            forgotten: self.forgotten,
            problems: problems.iter().map(|problem| short_name(problem)).collect(),
        })
    }

    fn median(&self) -> Option<u64> {
        let mut times = self.times.clone();
        times.sort_unstable();
        let (low, high) = (times.len().checked_sub(1)? / 2, times.len() / 2);
        Some(times[low].midpoint(times[high]))
    }

    /// The owners in `scope` that had no turn, by the reason, with as many names as fit.
    fn without_turn(&self, scope: &ScopeOwners) -> Vec<OwnersWithoutTurn> {
        let mut by_reason: BTreeMap<NoTurn, OwnersWithoutTurn> = BTreeMap::new();
        for (namespace, owner, rule) in scope.iter() {
            let known = self.owners.get(&key(namespace, owner));
            let Some((reason, by)) = OwnerResult::without_turn(known, rule) else {
                continue;
            };

            let group = by_reason.entry(reason).or_insert(OwnersWithoutTurn {
                reason,
                count: 0,
                owners: Vec::new(),
            });
            group.count += 1;
            if group.owners.len() < MAX_NAMED {
                group.owners.push(OwnerWithoutTurn {
                    namespace: namespace.to_owned(),
                    owner: owner.to_string(),
                    by,
                });
            }
        }
        by_reason.into_values().collect()
    }

    /// Forgets owners if there are too many: first those that had no turn, which are then named without the reason.
    fn bound(&mut self) {
        while indented_bytes(self) > MOST_BYTES && !self.owners.is_empty() {
            let mut owners = self.owners.iter();
            let spare = owners.find(|(_, turn)| **turn != OwnerResult::Had);
            let spare = spare.or_else(|| self.owners.iter().next());
            let Some(forgotten) = spare.map(|(owner, _)| owner.clone()) else {
                return;
            };
            if self.owners.remove(&forgotten) == Some(OwnerResult::Had) {
                self.forgotten += 1;
            }
        }
    }
}

/// The digest, with fewer owners of each reason by name if it is too long.
fn bounded(mut digest: Digest) -> Digest {
    while indented_bytes(&digest) > MOST_DIGEST_BYTES {
        let named = digest.without_turn.iter_mut().map(|group| &mut group.owners);
        let Some(longest) = named
            .filter(|owners| !owners.is_empty())
            .max_by_key(|owners| owners.len())
        else {
            break;
        };
        longest.pop();
    }
    digest
}

/// The name of an owner in the record.
fn key(namespace: &str, owner: &PodOwner) -> String {
    format!("{namespace}/{owner}")
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}
