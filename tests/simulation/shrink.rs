//! Finds the fewest faults of a trial that still break the same promise.

use crate::plan::TrialPlan;
use crate::trial;

/// A trial with as few of its faults as break the promise that all of them broke.
pub(crate) struct SmallestTrial {
    pub(crate) plan: TrialPlan,
    /// The arguments that repeat it.
    pub(crate) arguments: String,
}

impl SmallestTrial {
    /// The smallest trial of a seed.
    pub(crate) fn of(seed: u64) -> Self {
        let whole = TrialPlan::of(seed);
        let broken_by = |plan: &TrialPlan| trial::run(plan, false).first_failure(plan).map(str::to_owned);
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

        let only: Vec<String> = kept.iter().map(ToString::to_string).collect();
        Self {
            plan: whole.with_only(&kept),
            arguments: format!("--seed {seed} --only {}", only.join(",")),
        }
    }

    /// What happens in it.
    pub(crate) fn story(&self) -> String {
        let outcome = trial::run(&self.plan, true);
        format!(
            "{}\n\n{}\n\nBROKEN: {}\njust simulate {}",
            self.plan,
            outcome.story.join("\n"),
            outcome.wrong.join("\n        "),
            self.arguments
        )
    }
}
