//! Promises about a configuration that changes while the actors run: it is in force from the next round on, whoever fails
//! meanwhile.

use std::sync::Arc;
use std::time::Duration;

use macaque::actors::clock::Trigger;
use macaque::actors::config_changes::ChangedConfig;
use macaque::failpoint::{FailAction, FailPoint};
use macaque::round::RoundConfig;
use macaque_core::outcome::Outcome;
use macaque_testkit::{FactRecorder, RecordedFact};

use crate::fail_hooks::{ThreadGate, blocking, panicking};
use crate::running_actors::RunningActors;
use crate::waiting::await_that;

fn disarm(changed: &mut ChangedConfig) {
    changed.round = Arc::new(RoundConfig {
        dry_run: true,
        ..RoundConfig::clone(&changed.round)
    });
}

/// The outcomes so far: whether each was that of a dry run.
fn dry_runs(recorder: &FactRecorder) -> Vec<bool> {
    let tried = recorder.tried().into_iter();
    tried.map(|attempt| attempt.outcome == Outcome::DryRun).collect()
}

/// How often rounds began to run by another configuration.
fn changes(recorder: &FactRecorder) -> usize {
    let changes = recorder.of(|fact| match fact {
        RecordedFact::ConfigInForce { is_dry_run, .. } => Some(*is_dry_run),
        _ => None,
    });
    changes.len()
}

#[test]
fn a_change_is_in_force_from_the_next_round_on_and_not_within_one() {
    let (recorder, facts) = FactRecorder::new();
    let gate = ThreadGate::default();
    let running = RunningActors::publishing(facts, blocking(FailPoint::BeforeReserve, 1, &gate));
    gate.await_arrival();
    running.change(disarm);
    assert_eq!(changes(&recorder), 0, "a round is running");
    gate.open();

    await_that("dry runs", || dry_runs(&recorder).len() >= 3);
    assert_eq!(running.stop(), 0);
    let dry_runs = dry_runs(&recorder);
    assert!(!dry_runs[0], "the round had begun: {dry_runs:?}");
    assert!(dry_runs[1..].iter().all(|is_dry_run| *is_dry_run), "{dry_runs:?}");
    assert_eq!(changes(&recorder), 1);
}

#[test]
fn a_killer_that_is_restarted_after_a_change_runs_by_it() {
    let (recorder, facts) = FactRecorder::new();
    let gate = ThreadGate::default();
    let block = blocking(FailPoint::BeforeReserve, 1, &gate);
    let panic = panicking(FailPoint::BeforeReserve, 1);
    let hook = move |point| match block(point) {
        FailAction::Continue => panic(point),
        action => action,
    };
    let running = RunningActors::publishing(facts, hook);
    gate.await_arrival();
    running.change(disarm);
    gate.open();

    await_that("dry runs", || dry_runs(&recorder).len() >= 2);
    assert_eq!(running.stop(), 0);
    let restarts = recorder.of(|fact| match fact {
        RecordedFact::ActorRestarted(role) => Some(*role),
        _ => None,
    });
    assert_eq!(restarts, ["Killer"]);
    assert!(dry_runs(&recorder).iter().all(|is_dry_run| *is_dry_run));
    assert_eq!(changes(&recorder), 1);
}

#[test]
fn the_clock_goes_over_to_another_schedule_at_once() {
    let (recorder, facts) = FactRecorder::new();
    let running = RunningActors::publishing(facts, |_| FailAction::Continue);
    running.await_rounds(1);
    let last_slot = || {
        let slots = recorder.of(|fact| match fact {
            RecordedFact::SlotPlanned(slot) => *slot,
            _ => None,
        });
        slots.last().copied()
    };
    let start = last_slot().unwrap();

    running.change(|changed| {
        if let Trigger::Interval { every, .. } = &mut changed.trigger {
            *every = Duration::from_secs(3600);
        }
    });
    await_that("a slot in an hour", || {
        last_slot().is_some_and(|slot| slot.duration_since(start).as_mins() >= 30)
    });
    let rounds = recorder.finished().len();
    running.change(|_| {});
    await_that("more rounds", || recorder.finished().len() > rounds + 1);
    assert_eq!(running.stop(), 0);

    let mut slots: Vec<_> = recorder.finished().iter().map(|report| report.slot).collect();
    let count = slots.len();
    slots.dedup();
    assert_eq!(slots.len(), count, "no slot is run twice");
}
