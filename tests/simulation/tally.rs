//! What came of many trials, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::trial::TrialOutcome;

/// What came of many trials.
#[derive(Default)]
pub(crate) struct Tally {
    all: KindTally,
    losses: u64,
    lasted: Duration,
    kinds: BTreeMap<&'static str, KindTally>,
}

/// What came of the trials in which faults of one kind happened, or of all.
#[derive(Default)]
struct KindTally {
    faults: u64,
    trials: u64,
    wrong: u64,
    /// The trials in which a loss was in no message.
    unreported: u64,
    served: u64,
}

impl Tally {
    /// Adds what came of a trial.
    pub(crate) fn add(&mut self, outcome: &TrialOutcome) {
        self.all.add(outcome);
        self.all.faults += outcome.faults.len() as u64;
        self.losses += outcome.losses as u64;
        self.lasted += outcome.lasted;

        let mut kinds = outcome.faults.clone();
        kinds.sort_unstable();
        for kind in &kinds {
            self.kinds.entry(kind).or_default().faults += 1;
        }
        kinds.dedup();
        for kind in kinds {
            self.kinds.entry(kind).or_default().add(outcome);
        }
    }

    /// Adds another tally.
    pub(crate) fn merge(&mut self, other: Self) {
        self.all.merge(&other.all);
        self.losses += other.losses;
        self.lasted += other.lasted;
        for (kind, more) in &other.kinds {
            self.kinds.entry(kind).or_default().merge(more);
        }
    }

    /// How many trials broke a promise.
    pub(crate) fn wrong(&self) -> u64 {
        self.all.wrong
    }
}

impl KindTally {
    /// Adds what came of a trial, but not its faults.
    fn add(&mut self, outcome: &TrialOutcome) {
        self.trials += 1;
        self.wrong += u64::from(outcome.first_broken().is_some());
        self.unreported += u64::from(outcome.unreported > 0);
        self.served += u64::from(outcome.is_served);
    }

    fn merge(&mut self, other: &Self) {
        self.faults += other.faults;
        self.trials += other.trials;
        self.wrong += other.wrong;
        self.unreported += other.unreported;
        self.served += other.served;
    }
}

/// A share in per cent.
fn share(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole.max(1) as f64
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| fault | faults | trials | promises broken | a report lost | served afterwards |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for (kind, tally) in &self.kinds {
            writeln!(f, "| {kind} {tally}")?;
        }
        writeln!(f, "| **all** {}\n", self.all)?;

        let Self { losses, .. } = self;
        let days = self.lasted.as_secs() / 86_400;
        write!(f, "{losses} pods were disrupted in {days} days of virtual time.")
    }
}

impl fmt::Display for KindTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            faults,
            trials,
            wrong,
            unreported,
            served,
        } = self;
        let served = share(*served, *trials);
        write!(
            f,
            "| {faults} | {trials} | {wrong} | {unreported} | {served:.2} % |"
        )
    }
}
