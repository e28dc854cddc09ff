//! Finds the fewest faults of a trial that still break the same promise.

use crate::plan::TrialPlan;
use crate::trial;

/// The trial of a seed with as few faults as break the promise that all of them broke, with its story.
pub(crate) fn smallest(seed: u64) -> String {
    let whole = TrialPlan::of(seed);
    let broken_by = |plan: &TrialPlan| trial::run(plan, false).first_broken().map(str::to_owned);
    let promise = broken_by(&whole);
    let mut kept: Vec<usize> = (0..whole.faults.len()).collect();

    let mut index = 0;
    while index < kept.len() {
        let mut fewer = kept.clone();
        fewer.remove(index);
        if broken_by(&whole.with_only(&fewer)) == promise {
            kept = fewer;
        } else {
            index += 1;
        }
    }

    let plan = whole.with_only(&kept);
    let outcome = trial::run(&plan, true);
    let only: Vec<String> = kept.iter().map(ToString::to_string).collect();
    format!(
        "{plan}\n\n{}\n\nBROKEN: {}\njust simulate --seed {seed} --only {}",
        outcome.story.join("\n"),
        outcome.wrong.join("\n        "),
        only.join(",")
    )
}
