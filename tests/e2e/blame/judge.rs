//! The judge: what a watch of the API server's own says of each minute, and what nobody could know.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::script::{ScriptedHour, WEB};
use super::steps::{HourStep, StepKind};
use crate::recovery::pod_observer::PodEvent;
use crate::test_namespace::uid;
use crate::workload::is_ready;

/// How far the arrival of an event at the watch, and at macaque's, may be apart.
const JITTER: SignedDuration = SignedDuration::from_millis(400);

/// One span of time.
type Span = (Timestamp, Timestamp);

/// An owner that lacked a pod, and whose step it was.
struct Absence {
    step: HourStep,
    gone: Timestamp,
    whole: Timestamp,
}

/// How surely something applies.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Applies {
    No,
    Perhaps,
    Surely,
}

/// What is right.
pub(super) struct Judge {
    absences: Vec<Absence>,
    steps: Vec<HourStep>,
    slack: SignedDuration,
    timeout: SignedDuration,
}

impl Judge {
    /// The judge of what the watch saw.
    pub(super) fn new(hour: &ScriptedHour, events: &[PodEvent]) -> Self {
        let steps = hour.steps().to_vec();
        let absences = absences(hour, events, &steps);
        for step in &steps {
            let seen = absences
                .iter()
                .filter(|absence| absence.step.from == step.from)
                .count();
            assert_eq!(
                seen > 0,
                step.kind != StepKind::LostRequests,
                "{step:?}: {seen} pods"
            );
        }
        Self {
            absences,
            steps,
            slack: hour.slack(),
            timeout: hour.timeout(),
        }
    }

    /// The verdicts that are right for a span.
    pub(super) fn allowed(&self, from: Timestamp, to: Timestamp) -> BTreeSet<&'static str> {
        let asked = (from, to);
        let rules = [
            ("yes", self.yes(asked)),
            ("cannot-tell", self.cannot_tell(asked)),
            ("maybe", self.maybe(asked)),
        ];
        let mut allowed = BTreeSet::new();
        for (verdict, applies) in rules {
            if applies > Applies::No {
                allowed.insert(verdict);
            }
            if applies == Applies::Surely {
                return allowed;
            }
        }
        allowed.insert("no");
        allowed
    }

    /// An owner was not whole because of a pod that macaque took, and knows that it took.
    fn yes(&self, asked: Span) -> Applies {
        let known = self
            .absences
            .iter()
            .filter(|absence| absence.step.kind.is_answered());
        let of = |absence: &Absence| {
            let sure_until = match absence.step.kind {
                // Who is cut off sees the acceptance only.
                StepKind::RoundThenOutage => absence.gone,
                _ => absence.whole - JITTER,
            };
            let is_sure = if sure_until > absence.gone + JITTER {
                meets(asked, (absence.gone + JITTER, sure_until))
            } else {
                asked.0 <= absence.gone - JITTER && asked.1 >= absence.gone + JITTER
            };
            applies(
                is_sure,
                meets(asked, widened((absence.gone, absence.whole), JITTER)),
            )
        };
        known.map(of).max().unwrap_or(Applies::No)
    }

    /// Nobody could know.
    fn cannot_tell(&self, asked: Span) -> Applies {
        let unknown = self.steps.iter().filter(|step| step.kind.is_unknown());
        let unknown = unknown.map(|step| {
            // The request was sent at some time in the step, and its effect may last until its timeout.
            let sure = (step.to, step.from + self.timeout);
            let next = self.steps.iter().find(|next| next.from > step.from);
            let resolved = next.map_or(step.to, |next| next.to);
            let end = (step.to + self.timeout).max(resolved);
            let possible = widened((step.from, end), self.slack + JITTER);
            applies(sure.0 <= sure.1 && meets(asked, sure), meets(asked, possible))
        });
        unknown
            .chain([self.gap(asked), self.begin(asked)])
            .max()
            .unwrap_or(Applies::No)
    }

    /// A disruption is not in the history: it was between the one before and the one after it.
    fn gap(&self, asked: Span) -> Applies {
        let Some(lost) = self
            .steps
            .iter()
            .position(|step| step.kind == StepKind::ForgottenRound)
        else {
            return Applies::No;
        };
        let numbered = |step: &&HourStep| step.kind.is_of_macaque() || step.kind.is_unknown();
        let before = self.steps[..lost].iter().rfind(numbered).unwrap();
        let after = self.steps[lost + 1..].iter().find(numbered).unwrap();
        let needed = (asked.0 - self.slack - self.timeout, asked.1 + self.slack);
        applies(
            meets(needed, (before.to, after.from)),
            meets(needed, widened((before.from, after.to), JITTER)),
        )
    }

    /// The history had not begun: it does with the first round.
    fn begin(&self, asked: Span) -> Applies {
        let first = &self.steps[0];
        let needed = asked.0 - self.slack - self.timeout;
        applies(needed < first.from, needed <= first.to)
    }

    /// A pod that macaque took, or may have taken, is the cause perhaps.
    fn maybe(&self, asked: Span) -> Applies {
        let taken = self
            .absences
            .iter()
            .filter(|absence| absence.step.kind.is_of_macaque());
        let of = |absence: &Absence| {
            let after = (absence.whole + JITTER, absence.whole + self.slack - JITTER);
            let is_sure = absence.step.kind == StepKind::Round && after.0 <= after.1 && meets(asked, after);
            let end = match absence.step.kind {
                StepKind::Round => absence.whole,
                _ => absence.whole.max(absence.step.to + self.timeout),
            };
            let possible = widened((absence.step.from, end), self.slack + JITTER);
            applies(is_sure, meets(asked, possible))
        };
        taken.map(of).max().unwrap_or(Applies::No)
    }
}

/// Each pod that left, with the step in which it did, and when its owner was whole again.
fn absences(hour: &ScriptedHour, events: &[PodEvent], steps: &[HourStep]) -> Vec<Absence> {
    let mut pods: BTreeMap<String, (String, bool)> = BTreeMap::new();
    let mut left = BTreeSet::new();
    let mut open: Vec<(String, HourStep, Timestamp)> = Vec::new();
    let mut absences = Vec::new();

    for PodEvent { at, kind, pod } in events {
        let at = hour.instant(*at);
        let app = pod["metadata"]["labels"]["app"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let is_leaving = kind == "DELETED" || !pod["metadata"]["deletionTimestamp"].is_null();
        if is_leaving && left.insert(uid(pod)) {
            let step = steps.iter().rfind(|step| step.from <= at).unwrap();
            assert!(
                at <= step.to + JITTER,
                "{} left between two steps, after {step:?}",
                uid(pod)
            );
            open.push((app.clone(), step.clone(), at));
        }

        note(&mut pods, pod, &app, is_leaving);
        let ready = pods
            .values()
            .filter(|(other, is_ready)| *other == app && *is_ready)
            .count();
        if ready >= hour.replicas(&app) {
            let (closed, rest) = open.into_iter().partition(|(other, ..)| *other == app);
            open = rest;
            let closed: Vec<_> = closed;
            absences.extend(closed.into_iter().map(|(_, step, gone)| Absence {
                step,
                gone,
                whole: at,
            }));
        }
    }
    assert!(open.is_empty(), "an owner is not whole at the end");
    assert!(
        absences.iter().any(|absence| absence.step.kind.is_of_macaque()),
        "{WEB} was never disrupted"
    );
    absences
}

fn note(pods: &mut BTreeMap<String, (String, bool)>, pod: &Value, app: &str, is_leaving: bool) {
    if is_leaving {
        pods.remove(&uid(pod));
    } else {
        pods.insert(uid(pod), (app.to_owned(), is_ready(pod)));
    }
}

fn applies(is_sure: bool, is_possible: bool) -> Applies {
    match (is_sure, is_possible) {
        (true, _) => Applies::Surely,
        (false, true) => Applies::Perhaps,
        (false, false) => Applies::No,
    }
}

fn meets(one: Span, other: Span) -> bool {
    one.0 <= other.1 && one.1 >= other.0
}

fn widened((from, to): Span, by: SignedDuration) -> Span {
    (from - by, to + by)
}
