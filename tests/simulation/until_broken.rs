//! Runs trials up to the first that breaks a promise, and says in one line which it is: whether a promise that is broken on
//! purpose is found.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::on_every_core;
use crate::plan::TrialPlan;
use crate::shrink::SmallestTrial;
use crate::trial;

/// Runs trials of the seeds from `first` on, on every core, until one breaks a promise; returns the exit code.
pub(crate) fn run(first: u64, trials: u64) -> i32 {
    let next = AtomicU64::new(0);
    let broken = AtomicU64::new(u64::MAX);
    on_every_core(|| {
        loop {
            // Those before a broken one are all run to their end.
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= trials || number > broken.load(Ordering::Relaxed) {
                break;
            }
            let plan = TrialPlan::of(first.wrapping_add(number));
            if trial::run(&plan, false).first_failure(&plan).is_some() {
                broken.fetch_min(number, Ordering::Relaxed);
            }
        }
    });

    let number = broken.into_inner();
    if number == u64::MAX {
        println!("nothing broken in {trials} trials of the seeds from {first} on");
        return 0;
    }
    println!("{}", describe(first.wrapping_add(number), number + 1));
    1
}

/// What is broken in the trial of a seed, which is the so manieth, and by which faults.
fn describe(seed: u64, number: u64) -> String {
    let smallest = SmallestTrial::of(seed);
    let outcome = trial::run(&smallest.plan, false);
    let promise = outcome.first_failure(&smallest.plan).unwrap_or_default();
    let mut faults: Vec<_> = smallest.plan.faults.iter().map(|fault| fault.kind()).collect();
    faults.dedup();
    let faults = if faults.is_empty() {
        "none".to_owned()
    } else {
        faults.join(", ")
    };
    let arguments = smallest.arguments;
    format!("broken after {number} trials: {promise}; by these faults: {faults}; {arguments}")
}
