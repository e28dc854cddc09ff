//! The verdict about a trial, from what happened in the world and from the messages that came.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque::notify::{OutgoingMessage, RoundMessage};
use macaque_core::outcome::Outcome;
use macaque_core::recovery::{RecoveryReport, RecoveryVerdict};
use macaque_core::report::{RoundEnd, RoundReport};

use crate::claims::judge_claims;
use crate::fault::FAULTY;
use crate::plan::TrialPlan;
use crate::wholeness::WholenessHistory;
use crate::world::{Loss, SLOT, START, World};

/// How far the clock of a replica may be ahead of the API server's for a claim, and a second of its `Date`.
const SKEW: SignedDuration = SignedDuration::from_secs(31);
/// How long an owner must have been whole between two victims, or to have recovered: a little less than macaque waits.
const WHOLE: SignedDuration = SignedDuration::from_millis(4_500);
/// How long it must have been whole if its recovery ended otherwise: for the moment of a look.
const SEEN_WHOLE: SignedDuration = SignedDuration::from_millis(1);
/// How much earlier than the pod's end macaque may think that its recovery began: the server's time is known to a second.
const EARLY_START: SignedDuration = SignedDuration::from_secs(1);
/// How far from the truth the time may be at which an owner is said to have been whole again.
const SEEN_LATE: SignedDuration = SignedDuration::from_secs(4);
/// How long nobody can overlook that an owner is whole.
const LONG_WHOLE: SignedDuration = SignedDuration::from_secs(60);
/// How long a recovery holds an owner back at most.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(300);

/// A message, and when it came.
pub(crate) struct HeardMessage {
    pub(crate) at: Timestamp,
    pub(crate) message: OutgoingMessage,
}

/// The messages about rounds, and when they came.
fn rounds(heard: &[HeardMessage]) -> impl Iterator<Item = (Timestamp, &RoundMessage)> {
    heard.iter().filter_map(|heard| match &heard.message {
        OutgoingMessage::Round(round) => Some((heard.at, round)),
        _ => None,
    })
}

/// What messages said of recoveries, and when they came.
fn recoveries(heard: &[HeardMessage]) -> impl Iterator<Item = (Timestamp, &RecoveryReport)> {
    heard.iter().filter_map(|heard| match &heard.message {
        OutgoingMessage::Recovery(recovery) => Some((heard.at, &*recovery.report)),
        _ => None,
    })
}

/// Whether a slot after the faults was served.
pub(crate) fn is_served(plan: &TrialPlan, losses: &[Loss], heard: &[HeardMessage]) -> bool {
    let end = START + Duration::from_millis(FAULTY);
    // What may have been disrupted uses up the limit too.
    let is_limited = |report: &RoundReport| match &report.end {
        RoundEnd::Withheld { why } => why.contains("limits.per_hour"),
        _ => false,
    };
    let has_served = |report: &RoundReport| {
        let mut attempts = report.attempts.iter();
        report.slot > end
            && report.end == RoundEnd::Complete
            && attempts.any(|attempt| attempt.outcome.counts_as_disruption())
    };
    // A journal that is not trusted disrupts nothing for as long as the limit counts: an hour, which no trial lasts.
    let has_reached_limit = plan
        .per_hour
        .is_some_and(|limit| losses.len() >= limit || plan.has_distrust());
    let mut rounds = rounds(heard);
    has_reached_limit || rounds.any(|(_, round)| has_served(&round.report) || is_limited(&round.report))
}

/// How many losses no message names.
pub(crate) fn unreported(losses: &[Loss], heard: &[HeardMessage]) -> usize {
    let named: BTreeSet<_> = rounds(heard)
        .flat_map(|(_, round)| &round.report.attempts)
        .map(|attempt| &attempt.pod.uid)
        .collect();
    losses.iter().filter(|loss| !named.contains(&loss.uid)).count()
}

/// Judges the disruptions and the messages; returns what was wrong.
pub(crate) fn judge(plan: &TrialPlan, world: &World, heard: &[HeardMessage]) -> Vec<String> {
    let losses = world.losses();
    let history = WholenessHistory::of(&world.changes());
    let mut wrong = Vec::new();
    judge_counts(plan, &losses, &mut wrong);
    judge_records(&losses, &mut wrong);
    judge_claims(plan, &world.journals(), &mut wrong);
    if !plan.has_tampering() {
        judge_owners(&losses, &history, heard, &mut wrong);
    }
    judge_outcomes(&losses, &history, heard, &mut wrong);
    judge_recoveries(plan, &history, heard, &mut wrong);
    judge_failures(&history, heard, &mut wrong);
    wrong
}

/// Never more than was ordered: in a slot, by now, and in an hour.
fn judge_counts(plan: &TrialPlan, losses: &[Loss], wrong: &mut Vec<String>) {
    let mut by_slot = BTreeMap::<&str, usize>::new();
    for (index, loss) in losses.iter().enumerate() {
        let Loss { name, at, slot, .. } = loss;
        let count = by_slot.entry(slot).or_default();
        *count += 1;
        if *count > plan.count {
            wrong.push(format!("doubled: {name} is victim {count} of slot {slot}"));
        }

        let passed = (*at + SKEW).duration_since(START).as_secs();
        let due = usize::try_from(passed).unwrap_or_default() / SLOT.as_secs() as usize;
        if index + 1 > due * plan.count {
            wrong.push(format!(
                "doubled: {name} is victim {} when {due} slots were due",
                index + 1
            ));
        }

        if let Some(limit) = plan.per_hour
            && index + 1 > limit
        {
            wrong.push(format!(
                "over the limit: {name} is victim {} of an hour that may have {limit}",
                index + 1
            ));
        }
    }
}

/// Each was recorded before, and before a pause.
fn judge_records(losses: &[Loss], wrong: &mut Vec<String>) {
    for Loss {
        name,
        recorded,
        paused_since,
        ..
    } in losses
    {
        match (recorded, paused_since) {
            (None, _) => wrong.push(format!("unrecorded: {name} was disrupted without a record")),
            (Some(recorded), Some(paused)) if recorded > paused => {
                wrong.push(format!(
                    "paused: {name} was recorded at {recorded}, after the pause of {paused}"
                ));
            }
            _ => {}
        }
    }
}

/// No second pod of an owner that has not been whole since the first.
fn judge_owners(
    losses: &[Loss],
    history: &WholenessHistory,
    heard: &[HeardMessage],
    wrong: &mut Vec<String>,
) {
    // After a rollout for example, the owner is looked at just before the disruption, and it is enough that it is whole
    // then.
    let ended_otherwise = |loss: &Loss| {
        recoveries(heard).any(|(_, report)| {
            report.pod.uid == loss.uid && report.verdict.is_some_and(|verdict| !is_recovered(verdict))
        })
    };
    let mut last = BTreeMap::<&str, &Loss>::new();
    for loss in losses {
        if let Some(before) = last.insert(&loss.owner, loss) {
            let lasted = loss.at.duration_since(before.at);
            let needed = if ended_otherwise(before) {
                SEEN_WHOLE
            } else {
                WHOLE
            };
            if lasted < TIMEOUT && history.longest(&loss.owner, before.at, loss.at) < needed {
                wrong.push(format!(
                    "not whole: {} of {} was disrupted {lasted:#} after {}",
                    loss.name, loss.owner, before.name
                ));
            }
        }
    }
}

/// What a message says of a victim is true.
fn judge_outcomes(
    losses: &[Loss],
    history: &WholenessHistory,
    heard: &[HeardMessage],
    wrong: &mut Vec<String>,
) {
    for (at, round) in rounds(heard) {
        for attempt in &round.report.attempts {
            let pod = &attempt.pod;
            let slot = round.slot.to_string();
            let lost = losses.iter().any(|loss| loss.uid == pod.uid && loss.slot == slot);
            let is_true = match attempt.outcome {
                Outcome::Evicted | Outcome::Deleted => history.ended(&pod.uid).is_some_and(|end| end <= at),
                Outcome::Refused(_) | Outcome::Held(_) | Outcome::DryRun => !lost,
                Outcome::Gone | Outcome::Unknown { .. } => true,
            };
            if !is_true {
                wrong.push(format!("untrue: {} is said to be {}", pod.name, attempt.outcome));
            }
        }
    }
}

/// An owner that is said to have recovered was whole for long enough.
fn judge_recoveries(
    plan: &TrialPlan,
    history: &WholenessHistory,
    heard: &[HeardMessage],
    wrong: &mut Vec<String>,
) {
    for (at, report) in recoveries(heard) {
        if !report.verdict.is_some_and(is_recovered) {
            continue;
        }

        // Others may have deleted the pod an instant before macaque did: its end counts, whoever began it.
        let is_true = history.ended(&report.pod.uid).is_some_and(|ended| {
            let owner = &report.owner.name;
            let is_whole_then = report.times.whole_ms.is_none_or(|whole| {
                let whole = ended + Duration::from_millis(whole);
                // Without an answer the time counts from the first request, and is said to be approximate.
                let earliest = if report.inferred {
                    ended
                } else {
                    whole.max(ended + SEEN_LATE) - SEEN_LATE
                };
                history.longest(owner, earliest, whole + SEEN_LATE + WHOLE) >= WHOLE
            });
            (is_whole_then || plan.may_hide_sleep()) && history.longest(owner, ended, at) >= WHOLE
        });
        if !is_true {
            wrong.push(format!(
                "false recovery: {} of {}",
                report.pod.name, report.owner.name
            ));
        }
    }
}

/// An owner that is said not to have recovered was given its whole timeout, and was not whole in it for long.
fn judge_failures(history: &WholenessHistory, heard: &[HeardMessage], wrong: &mut Vec<String>) {
    for (at, report) in recoveries(heard) {
        if report.verdict != Some(RecoveryVerdict::Unrecovered) {
            continue;
        }

        let is_true = history.ended(&report.pod.uid).is_some_and(|ended| {
            let longest = history.longest(&report.owner.name, ended, ended + TIMEOUT);
            at.duration_since(ended) >= TIMEOUT - EARLY_START && longest < LONG_WHOLE
        });
        if !is_true {
            wrong.push(format!(
                "false failure: {} of {} is said not to have recovered",
                report.pod.name, report.owner.name
            ));
        }
    }
}

fn is_recovered(verdict: RecoveryVerdict) -> bool {
    matches!(verdict, RecoveryVerdict::Recovered | RecoveryVerdict::Slow)
}
