//! A world with a memory of its own: what macaque did to owners, when each was whole again, and what macaque wrote down.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::blame::{BlameAnswer, BlameEvidence, BlameQuestion, blame};
use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::eligibility::Candidate;
use macaque_core::history::History;
use macaque_core::journal::{
    Journal, JournalEvent, JournalTiming, LeaseHolder, RecoveryRecord, Resolution, StepContext,
};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodPlace, PodRef};
use macaque_core::recovery::{
    AcceptedBy, DisruptedVictim, RecoveryBaseline, RecoveryPrecision, RecoveryReport, RecoveryTimes,
    RecoveryVerdict,
};
use macaque_core::report::{AttemptReport, RoundReport};

/// How long an owner must have been whole for its watcher to say so.
const STEADY: SignedDuration = SignedDuration::from_secs(5);
/// How often a live process renews its leases.
const RENEWAL: SignedDuration = SignedDuration::from_secs(100);

/// Something that happens.
#[derive(Debug, Clone)]
pub(super) enum WorldEvent {
    /// A round tries one victim. Its owner is whole again so many seconds after it was disrupted.
    Disrupt {
        pod: u8,
        fate: RequestFate,
        whole_after: u32,
        watched: bool,
    },
    /// Seconds pass.
    Wait(u32),
    /// The history is written.
    Write,
    /// macaque crashes, and another process begins.
    Crash,
    /// The oldest copy of the history is put back.
    Restore,
}

/// What becomes of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RequestFate {
    Accepted,
    Refused,
    /// The request is lost, and so nobody knows the outcome.
    LostBefore,
    /// The answer is lost, and so nobody knows the outcome.
    LostAfter,
    /// The request is lost, and then somebody else takes the pod.
    TakenByOthers,
    /// macaque crashes before the request.
    CrashBefore,
    /// macaque crashes after the request was accepted.
    CrashAfter,
}

/// An owner that lacked a pod because of macaque.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnerEffect {
    slot: Timestamp,
    pod: PodRef,
    begin: Timestamp,
    whole: Timestamp,
}

/// The world.
pub(super) struct World {
    now: Timestamp,
    effects: Vec<OwnerEffect>,
    journal: Journal,
    /// The history as it is stored.
    stored: History,
    /// What the process has not written of it yet.
    unwritten: History,
    /// Every history that was ever stored.
    copies: Vec<History>,
    process: u32,
    /// The UIDs of the victims whose recoveries the process watches.
    watching: BTreeSet<String>,
    /// Whether the process runs a round.
    is_running: bool,
    rounds: u32,
    limits: DisruptionLimits,
    recovery: RecoveryPolicy,
    timing: JournalTiming,
}

impl World {
    /// How long a recovery is watched.
    pub(super) const TIMEOUT: Duration = Duration::from_secs(300);

    pub(super) fn start() -> Timestamp {
        Timestamp::from_second(1_800_000_000).unwrap()
    }

    /// The world after this happened.
    pub(super) fn after(happenings: &[WorldEvent]) -> Self {
        let mut world = Self {
            now: Self::start(),
            effects: Vec::new(),
            journal: Journal::new("journal"),
            stored: History::new(),
            unwritten: History::new(),
            copies: vec![History::new()],
            process: 1,
            watching: BTreeSet::new(),
            is_running: false,
            rounds: 0,
            limits: DisruptionLimits::default(),
            recovery: RecoveryPolicy {
                timeout: Self::TIMEOUT,
                ..RecoveryPolicy::off()
            },
            timing: JournalTiming::default(),
        };
        for happening in happenings {
            world.happen(happening);
        }
        world
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Since when disruptions are numbered.
    pub(super) fn begin(&self) -> Timestamp {
        self.journal.numbered_since().unwrap_or(self.now)
    }

    /// The answer by what is stored.
    pub(super) fn blame(&self, question: &BlameQuestion) -> BlameAnswer {
        let evidence = BlameEvidence {
            journal: Ok(&self.journal),
            history: Ok(&self.stored),
            timeout: Self::TIMEOUT,
            now: self.now,
        };
        blame(question, evidence)
    }

    /// An owner that lacked a pod within the span, because of macaque. What nobody saw the end of counts for as long as
    /// it would have been watched.
    pub(super) fn effect_within(&self, question: &BlameQuestion) -> Option<&OwnerEffect> {
        let is_within = |effect: &&OwnerEffect| {
            let entry = self.stored.entry(effect.slot, &effect.pod.uid);
            let verdict = entry.and_then(|entry| entry.recovery.as_ref()?.verdict);
            let is_seen = verdict == Some(RecoveryVerdict::Unrecovered);
            let watched_until = effect.begin + SignedDuration::try_from(Self::TIMEOUT).unwrap();
            let end = if is_seen {
                effect.whole
            } else {
                effect.whole.min(watched_until)
            };
            is_asked(question, effect) && effect.begin <= question.to && end >= question.from
        };
        self.effects.iter().find(is_within)
    }

    /// Whether an owner lacked a pod within the span, because of macaque, or had not been seen whole again.
    pub(super) fn justifies_yes(&self, question: &BlameQuestion) -> bool {
        let is_open = |effect: &OwnerEffect| {
            let mut records = self.journal.recovering().iter();
            records.any(|record| record.victim.pod == effect.pod)
        };
        self.effects.iter().any(|effect| {
            let end = if is_open(effect) { self.now } else { effect.whole };
            is_asked(question, effect) && effect.begin <= question.to && end >= question.from
        })
    }

    /// The history is written.
    pub(super) fn write(&mut self) {
        self.stored.merge(&self.unwritten.take_unwritten());
        self.copies.push(self.stored.clone());
    }

    fn happen(&mut self, happening: &WorldEvent) {
        match *happening {
            WorldEvent::Disrupt {
                pod,
                fate,
                whole_after,
                watched,
            } => self.run_round(pod, fate, whole_after, watched),
            WorldEvent::Wait(seconds) => self.pass(i64::from(seconds)),
            WorldEvent::Write => self.write(),
            WorldEvent::Crash => self.crash(),
            WorldEvent::Restore => self.stored = self.copies[0].clone(),
        }
    }

    fn run_round(&mut self, pod: u8, fate: RequestFate, whole_after: u32, watched: bool) {
        // No two rounds are closer together.
        self.pass(31);
        let slot = self.now;
        let claim = JournalEvent::Claim {
            slot,
            seed: 1,
            since: Timestamp::MIN,
        };
        if !self.commit(&claim) {
            return;
        }
        self.rounds += 1;
        self.is_running = true;
        self.run_claimed_round(slot, pod, fate, whole_after, watched);
        self.is_running = false;
    }

    fn run_claimed_round(
        &mut self,
        slot: Timestamp,
        pod: u8,
        fate: RequestFate,
        whole_after: u32,
        watched: bool,
    ) {
        let victim = candidate(pod, self.rounds);
        let reserve = JournalEvent::Reserve {
            victim: victim.clone(),
            place: PodPlace {
                node: None,
                zone: None,
            },
            method: DisruptionMethod::Evict,
            baseline: watched.then(|| Box::new(baseline())),
        };
        if !self.commit(&reserve) {
            return;
        }

        self.pass(1);
        if matches!(
            fate,
            RequestFate::Accepted | RequestFate::LostAfter | RequestFate::CrashAfter
        ) {
            self.effects.push(OwnerEffect {
                slot,
                pod: victim.pod.clone(),
                begin: self.now,
                whole: self.now + SignedDuration::from_secs(i64::from(whole_after)),
            });
        }
        self.pass(1);
        let (resolution, outcome) = match fate {
            RequestFate::TakenByOthers => (Resolution::Disrupted, Outcome::Evicted),
            RequestFate::Accepted => (Resolution::Disrupted, Outcome::Evicted),
            RequestFate::Refused => (Resolution::Released, Outcome::Gone),
            RequestFate::LostBefore | RequestFate::LostAfter => (
                Resolution::Unknown,
                Outcome::Unknown {
                    why: "lost".to_owned(),
                },
            ),
            RequestFate::CrashBefore | RequestFate::CrashAfter => {
                self.crash();
                return;
            }
        };
        self.resolve(
            &victim.pod,
            resolution,
            (fate == RequestFate::Accepted).then_some(self.now),
        );
        let attempt = AttemptReport {
            pod: victim.pod,
            owner: victim.owner,
            team: None,
            outcome,
            warnings: Vec::new(),
        };
        let method = DisruptionMethod::Evict;
        self.unwritten.note_attempt(slot, method, self.now, &attempt);
        self.commit(&JournalEvent::Close(Box::new(report(slot, self.now))));
    }

    /// Lets time pass, in which the process renews its leases, takes over what is free, and watches.
    fn pass(&mut self, seconds: i64) {
        let until = self.now + SignedDuration::from_secs(seconds);
        while self.now < until {
            let due = self
                .watched()
                .map(|(_, due)| due)
                .filter(|due| *due > self.now)
                .min();
            let next = self.now + RENEWAL;
            self.now = next.min(until).min(due.unwrap_or(until));

            self.commit(&JournalEvent::TakeOver);
            self.finish_round();
            self.adopt();
            let over: Vec<_> = self.watched().filter(|(_, due)| *due <= self.now).collect();
            for (victim, _) in over {
                let whole = self.whole_of(&victim.pod);
                let is_late = whole.is_none_or(|whole| whole + STEADY > self.now);
                let verdict = if is_late {
                    RecoveryVerdict::Unrecovered
                } else {
                    RecoveryVerdict::Recovered
                };
                self.end(&victim, verdict, whole);
            }
        }
    }

    /// The recoveries that the process watches, and when each is over.
    fn watched(&self) -> impl Iterator<Item = (DisruptedVictim, Timestamp)> {
        let records = self.journal.recovering().iter();
        let mine = records.filter(|record| self.watching.contains(&record.victim.pod.uid));
        mine.map(|record| {
            let whole = self.whole_of(&record.victim.pod).map(|whole| whole + STEADY);
            (
                record.victim.clone(),
                whole.map_or(record.until, |whole| whole.min(record.until)),
            )
        })
    }

    /// Closes a round that was taken over, after a look at its victim.
    fn finish_round(&mut self) {
        let holder = self.holder();
        let open = self.journal.open_round_of(&holder).filter(|_| !self.is_running);
        let Some(round) = open else { return };
        let slot = round.slot;
        if let Some(pending) = round.pending_reservation() {
            let pod = pending.pod.clone();
            let resolution = if self.whole_of(&pod).is_some() {
                Resolution::Disrupted
            } else {
                Resolution::Released
            };
            self.resolve(&pod, resolution, None);
        }
        self.commit(&JournalEvent::Close(Box::new(report(slot, self.now))));
    }

    /// Begins to watch recoveries that were taken over, unless it is too late to see them.
    fn adopt(&mut self) {
        let holder = self.holder();
        let is_new = |record: &&RecoveryRecord| {
            record.holder == holder && !self.watching.contains(&record.victim.pod.uid)
        };
        let adopted: Vec<_> = self.journal.recovering().iter().filter(is_new).cloned().collect();
        for record in adopted {
            let whole = self.whole_of(&record.victim.pod);
            if whole.is_some_and(|whole| whole <= self.now) {
                self.end(&record.victim, RecoveryVerdict::Unwatched, None);
            } else {
                self.watching.insert(record.victim.pod.uid);
            }
        }
    }

    fn end(&mut self, victim: &DisruptedVictim, verdict: RecoveryVerdict, whole: Option<Timestamp>) {
        // Who watches what perhaps never happened cannot say how it ended.
        let verdict = match victim.origin {
            AcceptedBy::Doubt => RecoveryVerdict::Unwatched,
            _ => verdict,
        };
        let whole_ms = whole.map(|whole| whole.duration_since(victim.accepted).as_millis());
        let is_whole = verdict == RecoveryVerdict::Recovered;
        let report = RecoveryReport {
            verdict: Some(verdict),
            times: RecoveryTimes {
                whole_ms: whole_ms
                    .filter(|_| is_whole)
                    .and_then(|ms| u64::try_from(ms).ok()),
                ..RecoveryTimes::default()
            },
            ..RecoveryReport::unseen(victim, RecoveryPrecision::Watch)
        };
        self.watching.remove(&victim.pod.uid);
        self.commit(&JournalEvent::ReportRecovery(Box::new(report.clone())));
        self.unwritten.note_recovery(&report, self.now);
    }

    fn resolve(&mut self, pod: &PodRef, resolution: Resolution, accepted: Option<Timestamp>) {
        self.commit(&JournalEvent::Resolve {
            uid: pod.uid.clone(),
            resolution,
            accepted,
        });
        self.watching.insert(pod.uid.clone());
    }

    fn crash(&mut self) {
        self.process += 1;
        self.unwritten = History::new();
        self.watching.clear();
    }

    fn commit(&mut self, event: &JournalEvent) -> bool {
        let holder = self.holder();
        let context = StepContext {
            now: self.now,
            skew: None,
            holder: &holder,
            keeps_recoveries: true,
            pause: None,
            count: 1,
            limits: &self.limits,
            recovery: &self.recovery,
            timing: &self.timing,
        };
        let Ok(next) = self.journal.step(event, &context) else {
            return false;
        };
        self.journal = next;
        self.unwritten.note_journal(&self.journal, self.now);
        true
    }

    fn holder(&self) -> LeaseHolder {
        LeaseHolder {
            process: format!("macaque-{}", self.process),
            incarnation: 1,
        }
    }

    /// When the owner of a victim was whole again; `None` if it never lacked it.
    fn whole_of(&self, pod: &PodRef) -> Option<Timestamp> {
        let effect = self.effects.iter().find(|effect| effect.pod == *pod);
        effect.map(|effect| effect.whole)
    }
}

fn is_asked(question: &BlameQuestion, effect: &OwnerEffect) -> bool {
    let namespace = question.namespace.as_ref();
    namespace.is_none_or(|namespace| *namespace == effect.pod.namespace)
}

fn candidate(pod: u8, round: u32) -> Candidate {
    Candidate {
        pod: PodRef {
            namespace: if pod < 3 { "shop" } else { "pay" }.to_owned(),
            name: format!("web-{pod}"),
            uid: format!("uid-{round}"),
        },
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: format!("web-{pod}"),
        }),
        team: None,
        period_end: None,
    }
}

fn baseline() -> RecoveryBaseline {
    RecoveryBaseline {
        api_version: "apps/v1".to_owned(),
        ready: 3,
        victim_ready: true,
        expect_ms: 60_000,
        ..RecoveryBaseline::default()
    }
}

fn report(slot: Timestamp, finished: Timestamp) -> RoundReport {
    RoundReport {
        finished,
        listed: 1,
        candidates: 1,
        ..RoundReport::blank(slot, 1, DisruptionMethod::Evict)
    }
}
