//! An owner with three pods, one of which was disrupted: what is seen of them is written as text, and the tracker sees it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{Pod, PodOwner, PodPhase, PodProgress, PodRef, PodTrouble};
use macaque_core::recovery::{
    AcceptedBy, DesiredReplicas, DisruptedVictim, LastAsked, RecoveryBaseline, RecoveryPrecision,
    RecoveryReport, RecoveryTracker, WatchedSince,
};
use macaque_core::siblings::SiblingPods;

/// How long the recovery is watched, and how long it is expected to take.
pub(super) const TIMEOUT: Duration = Duration::from_secs(300);
pub(super) const EXPECT: Duration = Duration::from_secs(60);

/// The pods before the disruption, of which `a` is the victim.
pub(super) const BEFORE: &str = "a b c";

/// What a scene begins with.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub kind: &'static str,
    pub owner: &'static str,
    pub before: String,
    pub desired: Option<usize>,
    pub origin: AcceptedBy,
    pub since: WatchedSince,
    pub precision: RecoveryPrecision,
}

/// A recovery that is tracked.
pub(super) struct Scene {
    pub tracker: RecoveryTracker,
    pub precision: RecoveryPrecision,
    seen: SiblingPods,
    pub desired: DesiredReplicas,
    is_begun: bool,
    is_interrupted: bool,
    /// Until when all changes are known.
    known: Duration,
    /// When each pod was created, and when it became ready, in seconds since the acceptance.
    created: BTreeMap<String, i64>,
    ready: BTreeMap<String, i64>,
    kind: &'static str,
    owner: &'static str,
    /// When the first verdict was known, and the report.
    pub verdict: Option<(Duration, RecoveryReport)>,
    /// What was said of a stuck replacement.
    pub stuck: Vec<String>,
}

/// When the disruption was accepted.
pub(super) fn accepted() -> Timestamp {
    "2026-06-10T12:00:00Z".parse().unwrap()
}

pub(super) fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// What is seen, and when.
pub(super) type Steps<'a> = &'a [(f64, &'a str)];

/// Plays the steps, and lets time pass to the end.
pub(super) fn played(opening: &Opening, steps: Steps<'_>) -> Scene {
    let mut scene = opening.begin();
    for (at, pods) in steps {
        scene.change(seconds(*at), pods);
    }
    scene.pass(seconds(1000.0));
    scene
}

/// A recovery that takes 4.5 s.
pub(super) const RECOVERING: [(f64, &str); 4] = [
    (0.0, "a:leaving b c"),
    (0.1, "a:leaving b c d:pending"),
    (0.2, "a:leaving b c d:running"),
    (4.5, "a:leaving b c d"),
];

impl Opening {
    pub(super) fn of(kind: &'static str) -> Self {
        Self {
            kind,
            owner: "web",
            before: BEFORE.to_owned(),
            desired: None,
            origin: AcceptedBy::Answer,
            since: WatchedSince::Acceptance,
            precision: RecoveryPrecision::Watch,
        }
    }

    pub(super) fn begin(&self) -> Scene {
        let mut pods = SiblingPods::wanting(self.desired);
        let mut created = BTreeMap::new();
        let mut ready = BTreeMap::new();
        for word in self.before.split(' ') {
            let uid = word.split([':', '/', '@']).next().unwrap();
            created.insert(uid.to_owned(), -1000);
            ready.insert(uid.to_owned(), -900);
            pods.add(&pod(word, self.kind, self.owner, -1000, Some(-900)));
        }

        let first = self.before.split(' ').next().unwrap();
        let victim = pod(first, self.kind, self.owner, -1000, Some(-900));
        let victim = DisruptedVictim {
            slot: accepted(),
            owner: victim.owner.clone().unwrap(),
            team: None,
            method: DisruptionMethod::Evict,
            accepted: accepted(),
            origin: self.origin,
            baseline: RecoveryBaseline::of(&victim, &pods, "apps/v1", EXPECT),
            pod: victim.id,
        };
        Scene {
            tracker: RecoveryTracker::new(victim, TIMEOUT, self.since),
            precision: self.precision,
            seen: pods,
            desired: self
                .desired
                .map_or(DesiredReplicas::Unknown, DesiredReplicas::Known),
            is_begun: false,
            is_interrupted: false,
            known: Duration::ZERO,
            created,
            ready,
            kind: self.kind,
            owner: self.owner,
            verdict: None,
            stuck: Vec::new(),
        }
    }
}

impl Scene {
    /// Lets time pass until `at`, while the pods stay as they are: the tracker sees them whenever it asks for that.
    pub(super) fn pass(&mut self, at: Duration) {
        while self.is_begun
            && !self.is_interrupted
            && self.verdict.is_none()
            && self.tracker.next_change() < at
        {
            self.look(self.tracker.next_change());
        }
        self.note(at);
    }

    /// The pods are these at `at`, separated by blanks: `NAME#GENERATION:STATE/REVISION@NODE`, of which the name suffices.
    pub(super) fn change(&mut self, at: Duration, pods: &str) {
        self.pass(at);
        self.set_pods(at, pods);
        if !self.is_interrupted {
            self.look(at);
        }
    }

    fn set_pods(&mut self, at: Duration, pods: &str) {
        let second = i64::try_from(at.as_secs()).unwrap();
        let mut seen = SiblingPods::default();
        for word in pods.split_whitespace() {
            let uid = word.split([':', '/', '@']).next().unwrap().to_owned();
            let created = *self.created.entry(uid.clone()).or_insert(second);
            let ready = is_ready(word).then(|| *self.ready.entry(uid.clone()).or_insert(second));
            if ready.is_none() {
                self.ready.remove(&uid);
            }
            seen.add(&pod(word, self.kind, self.owner, created, ready));
        }
        self.seen = seen;
    }

    /// A change is read at `at` that came before, after which the pods were these. Nobody has looked meanwhile.
    pub(super) fn change_read_late(&mut self, at: Duration, pods: &str) {
        self.set_pods(at, pods);
        self.read_answer(self.known, at);
    }

    /// The owner wants this many at `at`.
    pub(super) fn scale(&mut self, at: Duration, desired: DesiredReplicas) {
        self.pass(at);
        self.desired = desired;
        if self.is_begun && !self.is_interrupted {
            self.look(at);
        }
    }

    /// The pods cannot be read from `at` on.
    pub(super) fn interrupt(&mut self, at: Duration) {
        self.pass(at);
        self.is_interrupted = true;
        self.known = at;
        self.tracker.interrupt(at);
    }

    /// The pods are seen at `at`, as they are.
    pub(super) fn look(&mut self, at: Duration) {
        self.read_answer(at, at);
    }

    /// An answer is read at `at` that was asked for at `asked`, and shows the pods as they are known.
    pub(super) fn read_answer(&mut self, asked: Duration, at: Duration) {
        self.is_begun = true;
        self.is_interrupted = false;
        self.known = asked;
        let asked = LastAsked {
            pods: asked,
            desired: asked,
        };
        self.tracker
            .observe(&self.seen, self.desired, asked, at, self.precision);
        self.note(at);
    }

    /// This pod was not ready for a moment, and is again since `at`, which nobody has seen.
    pub(super) fn ready_again(&mut self, pod: &str, at: Duration) {
        self.ready
            .insert(pod.to_owned(), i64::try_from(at.as_secs()).unwrap());
    }

    /// The pods are these at `at`, as a list shows them after a time in which changes may have been missed.
    pub(super) fn list(&mut self, at: Duration, pods: &str) {
        self.tracker.note_gap(self.known);
        // Nobody has looked meanwhile.
        self.is_begun = false;
        self.change(at, pods);
    }

    /// The pods are these at `at`, as the answer to a list shows them that was asked for at `asked`.
    pub(super) fn list_answered_late(&mut self, asked: Duration, at: Duration, pods: &str) {
        self.tracker.note_gap(self.known);
        self.set_pods(at, pods);
        self.read_answer(asked, at);
    }

    /// The verdict in short: `recovered 4.5 watch`.
    pub(super) fn ending(&self) -> String {
        let Some((at, report)) = &self.verdict else {
            return "none".to_owned();
        };
        let verdict = report.verdict.unwrap().as_str();
        let whole = report.times.whole_ms;
        let whole = whole.map_or_else(String::new, |ms| format!(" whole at {}", ms as f64 / 1000.0));
        format!("{verdict} at {}{whole}", at.as_secs_f64())
    }

    fn note(&mut self, at: Duration) {
        let stuck = self.tracker.take_stuck(at);
        self.stuck.extend(stuck.map(|report| report.to_string()));
        let report = self.tracker.report(at);
        if report.verdict.is_some() && self.verdict.is_none() {
            self.verdict = Some((at, report));
        }
    }
}

fn state_of(word: &str) -> &str {
    let state = word.split(':').nth(1).unwrap_or("ready");
    state.split(['/', '@']).next().unwrap()
}

fn is_ready(word: &str) -> bool {
    matches!(state_of(word), "ready" | "leaving")
}

/// The pod that a word describes, created and ready since so many seconds after the acceptance.
fn pod(word: &str, kind: &str, owner: &str, created: i64, ready: Option<i64>) -> Pod {
    let uid = word.split([':', '/', '@']).next().unwrap();
    let state = state_of(word);
    let at = |second: i64| accepted() + SignedDuration::from_secs(second);
    let part = |mark: char| {
        word.split(mark)
            .nth(1)
            .and_then(|rest| rest.split([':', '/', '@']).next())
    };
    let is_scheduled = !matches!(state, "pending" | "unschedulable");
    let trouble = |reason: &str, message: &str| PodTrouble {
        reason: reason.to_owned(),
        message: message.to_owned(),
    };

    Pod {
        id: PodRef {
            namespace: "shop".to_owned(),
            name: uid.split('#').next().unwrap().to_owned(),
            uid: uid.to_owned(),
        },
        labels: [(
            "pod-template-hash".to_owned(),
            part('/').unwrap_or("r1").to_owned(),
        )]
        .into(),
        owner: Some(PodOwner {
            kind: kind.to_owned(),
            name: owner.to_owned(),
        }),
        phase: match state {
            "pending" | "unschedulable" | "scheduled" => PodPhase::Pending,
            "succeeded" => PodPhase::Succeeded,
            "failed" => PodPhase::Failed,
            _ => PodPhase::Running,
        },
        ready: is_ready(word),
        ready_changed: ready.map(at),
        node: is_scheduled.then(|| part('@').unwrap_or("n1").to_owned()),
        created: Some(at(created)),
        terminating: matches!(state, "leaving" | "stopping"),
        progress: PodProgress {
            scheduled: is_scheduled.then(|| at(created)),
            containers_ready: ready.map(at),
            trouble: match state {
                "unschedulable" => Some(trouble("Unschedulable", "0/3 nodes are available")),
                "crashing" => Some(trouble("CrashLoopBackOff", "container app, 3 restarts")),
                _ => None,
            },
        },
        ..Pod::sample()
    }
}
