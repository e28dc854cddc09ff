//! The Watcher of one process: it follows recoveries, looks at the owner, and reports in the journal what it saw.

use jiff::Timestamp;
use macaque_core::journal::{Journal, JournalEvent, RecoveryRecord};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::recovery::{
    AcceptedBy, RecoveryBaseline, RecoveryPrecision, RecoveryReport, RecoveryTimes, RecoveryVerdict,
};

use crate::model::{LateRequest, ModelState, Mutation, PodUid};
use crate::replica::{JournalPage, read_uid, uid};

/// The Watcher of one process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct ModelWatcher {
    pub(crate) followed: Vec<FollowedRecovery>,
    /// The journal as it was read last, for the report of the first recovery that has a verdict.
    page: Option<JournalPage>,
}

/// A recovery that is followed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct FollowedRecovery {
    slot: Timestamp,
    victim: PodUid,
    until: Timestamp,
    /// Whether the owner was seen to lack a pod: by the answer to the disruption, or by a look.
    seen_broken: bool,
    verdict: Option<RecoveryVerdict>,
    /// The truth: whether the owner lacked a pod while this process watched.
    pub(crate) witnessed: bool,
}

impl ModelWatcher {
    /// Goes on with what another incarnation of its process followed.
    pub(crate) fn join(&mut self, other: Self) {
        for followed in other.followed {
            let is_same = |known: &FollowedRecovery| known.is_of(followed.slot, followed.victim);
            self.followed.retain(|known| !is_same(known));
            self.followed.push(followed);
        }
        self.page = None;
    }
}

impl FollowedRecovery {
    fn is_of(&self, slot: Timestamp, victim: PodUid) -> bool {
        self.slot == slot && self.victim == victim
    }
}

impl ModelState {
    /// The API server's answer came to replica `n`: its Watcher follows the recovery at once.
    pub(crate) fn follow_accepted(&mut self, n: usize, victim: PodUid) {
        let Some(scenario) = self.recoveries else { return };
        let followed = FollowedRecovery {
            slot: self.due(),
            victim,
            until: self.now() + scenario.timeout,
            seen_broken: true,
            verdict: None,
            witnessed: true,
        };
        self.replicas[n].watcher.followed.push(followed);
    }

    /// The Watcher of replica `n` learns of the recoveries that its process has to watch.
    pub(crate) fn adopt(&mut self, n: usize, journal: &Journal, mutation: Mutation) {
        if mutation == Mutation::NeverAdopts {
            return;
        }
        let is_broken = !self.is_whole();
        let replica = &mut self.replicas[n];
        for record in journal.recoveries_of(&replica.holder) {
            let RecoveryRecord { victim, until, .. } = record;
            let (slot, pod) = (victim.slot, read_uid(&victim.pod.uid));
            let followed = &mut replica.watcher.followed;
            if !followed.iter().any(|known| known.is_of(slot, pod)) {
                followed.push(FollowedRecovery {
                    slot,
                    victim: pod,
                    until: *until,
                    seen_broken: false,
                    verdict: None,
                    witnessed: is_broken,
                });
            }
        }
    }

    /// Whether the Watcher of replica `n` has something to look at or to report.
    pub(crate) fn can_watch(&self, n: usize, mutation: Mutation) -> bool {
        let watcher = &self.replicas[n].watcher;
        watcher.page.is_some()
            || self.reportable(n).is_some()
            || watcher
                .followed
                .iter()
                .any(|followed| self.look(followed, mutation) != *followed)
    }

    /// Whether its next step sends something that may be lost.
    pub(crate) fn watcher_sends(&self, n: usize) -> bool {
        self.replicas[n].watcher.page.is_some()
    }

    /// The Watcher of replica `n` takes its next step; whether it hears the answer.
    pub(crate) fn watch(&mut self, n: usize, mutation: Mutation, heard: bool) {
        let Some(index) = self.reportable(n) else {
            self.replicas[n].watcher.page = None;
            return self.look_at_all(n, mutation);
        };
        let Some(page) = self.replicas[n].watcher.page.take() else {
            let page = (self.journal.clone(), self.version, self.paused);
            self.replicas[n].watcher.page = Some(page);
            return;
        };

        let followed = self.replicas[n].watcher.followed[index].clone();
        let (journal, version, _) = &page;
        let Some((next, pauses)) = self.reported(n, &followed, &page) else {
            return;
        };
        let is_recorded = next != *journal;
        if is_recorded && !self.write(next, *version, pauses, mutation) {
            return;
        }
        if is_recorded && followed.verdict.is_some_and(RecoveryVerdict::is_recovered) {
            // A doubt ends as unwatched, whatever was seen.
            let is_doubtful = journal
                .recovering()
                .iter()
                .filter(|record| record.victim.origin == AcceptedBy::Doubt)
                .any(|record| record.victim.pod.uid == uid(followed.victim));
            self.reported_unwitnessed |= !followed.witnessed && !is_doubtful;
        }
        if heard {
            self.replicas[n].watcher.followed.remove(index);
        }
    }

    /// The Watcher of replica `n` gives up waiting while its report is in flight.
    pub(crate) fn watch_late(&mut self, n: usize) -> Option<()> {
        let index = self.reportable(n)?;
        let page = self.replicas[n].watcher.page.take()?;
        let followed = &self.replicas[n].watcher.followed[index];
        let (journal, pauses) = self.reported(n, followed, &page)?;
        self.in_flight.push(LateRequest::Write {
            journal: Box::new(journal),
            version: page.1,
            pauses,
        });
        Some(())
    }

    /// The first recovery with a verdict, unless the outcome of its victim is still to be recorded.
    fn reportable(&self, n: usize) -> Option<usize> {
        let pending = self.journal.round().and_then(|round| round.pending_reservation());
        let pending = pending.map(|reservation| read_uid(&reservation.pod.uid));
        let followed = self.replicas[n].watcher.followed.iter();
        let mut followed = followed.enumerate();
        let found =
            followed.find(|(_, followed)| followed.verdict.is_some() && Some(followed.victim) != pending);
        found.map(|(index, _)| index)
    }

    /// The journal after the report, and whether macaque is to be paused with it.
    fn reported(&self, n: usize, followed: &FollowedRecovery, page: &JournalPage) -> Option<(Journal, bool)> {
        let (journal, _, paused) = page;
        let settings = self.settings(Mutation::None);
        let context = self.context(&self.replicas[n].holder, *paused, &settings);
        let event = JournalEvent::ReportRecovery(Box::new(report(followed)));
        let next = journal.step(&event, &context).ok()?;
        let pauses = next.pause_to_write(journal, context.pause.as_ref()).is_some();
        Some((next, pauses))
    }

    fn look_at_all(&mut self, n: usize, mutation: Mutation) {
        let followed = self.replicas[n].watcher.followed.iter();
        let looked = followed.map(|followed| self.look(followed, mutation)).collect();
        self.replicas[n].watcher.followed = looked;
    }

    /// What a look at the owner makes of a recovery.
    fn look(&self, followed: &FollowedRecovery, mutation: Mutation) -> FollowedRecovery {
        let mut looked = followed.clone();
        if looked.verdict.is_some() {
            return looked;
        }

        let saw_it_happen = looked.seen_broken || mutation == Mutation::RecoversAtFirstLook;
        let is_over = self.now() >= looked.until;
        looked.verdict = if !self.is_whole() {
            is_over.then_some(RecoveryVerdict::Unrecovered)
        } else if saw_it_happen && !is_over {
            Some(RecoveryVerdict::Recovered)
        } else {
            Some(RecoveryVerdict::Unwatched)
        };
        looked.seen_broken |= !self.is_whole();
        looked
    }
}

/// The owner of both pods.
pub(crate) fn owner() -> PodOwner {
    PodOwner {
        kind: "Deployment".to_owned(),
        name: "web".to_owned(),
    }
}

/// Two pods, both of them ready.
pub(crate) fn baseline() -> RecoveryBaseline {
    RecoveryBaseline {
        api_version: "apps/v1".to_owned(),
        ready: 2,
        victim_ready: true,
        expect_ms: 60_000,
        ..RecoveryBaseline::default()
    }
}

fn report(followed: &FollowedRecovery) -> RecoveryReport {
    RecoveryReport {
        slot: followed.slot,
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: followed.victim.name.to_string(),
            uid: uid(followed.victim),
        },
        owner: owner(),
        team: None,
        method: DisruptionMethod::Evict,
        inferred: false,
        verdict: followed.verdict,
        times: RecoveryTimes::default(),
        precision: RecoveryPrecision::Watch,
        ready: 2,
        target: 2,
        expect_ms: 60_000,
        replacement: None,
        trouble: None,
        why: None,
        usual: None,
        paused: None,
    }
}
