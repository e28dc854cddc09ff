//! What came of many trials, as a table.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::trial::TrialOutcome;

/// What came of many trials.
#[derive(Default)]
pub(crate) struct Tally {
    trials: u64,
    wrong: u64,
    served: u64,
    /// The trials in which a loss was in no message.
    unreported: u64,
    /// The trials in which a slot was run again after an old copy of the journal was put back.
    repeated: u64,
    faults: u64,
    losses: u64,
    lasted: Duration,
    kinds: BTreeMap<&'static str, KindTally>,
}

/// What came of the trials in which faults of one kind happened.
#[derive(Default)]
struct KindTally {
    faults: u64,
    trials: u64,
    wrong: u64,
    unreported: u64,
    served: u64,
}

impl Tally {
    /// Adds what came of a trial.
    pub(crate) fn add(&mut self, outcome: &TrialOutcome) {
        let wrong = u64::from(outcome.first_broken().is_some());
        let served = u64::from(outcome.is_served);
        let unreported = u64::from(outcome.unreported > 0);
        self.trials += 1;
        self.wrong += wrong;
        self.served += served;
        self.unreported += unreported;
        self.repeated += u64::from(outcome.is_repeated());
        self.faults += outcome.faults.len() as u64;
        self.losses += outcome.losses as u64;
        self.lasted += outcome.lasted;

        let mut kinds = outcome.faults.clone();
        kinds.sort_unstable();
        for kind in &kinds {
            self.kinds.entry(kind).or_default().faults += 1;
        }
        kinds.dedup();
        for kind in kinds {
            let tally = self.kinds.entry(kind).or_default();
            tally.trials += 1;
            tally.wrong += wrong;
            tally.unreported += unreported;
            tally.served += served;
        }
    }

    /// Adds another tally.
    pub(crate) fn merge(&mut self, other: Self) {
        self.trials += other.trials;
        self.wrong += other.wrong;
        self.served += other.served;
        self.unreported += other.unreported;
        self.repeated += other.repeated;
        self.faults += other.faults;
        self.losses += other.losses;
        self.lasted += other.lasted;
        for (kind, more) in other.kinds {
            let tally = self.kinds.entry(kind).or_default();
            tally.faults += more.faults;
            tally.trials += more.trials;
            tally.wrong += more.wrong;
            tally.unreported += more.unreported;
            tally.served += more.served;
        }
    }

    /// How many trials broke a promise.
    pub(crate) fn wrong(&self) -> u64 {
        self.wrong
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
        let all = KindTally {
            faults: self.faults,
            trials: self.trials,
            wrong: self.wrong,
            unreported: self.unreported,
            served: self.served,
        };
        writeln!(f, "| **all** {all}\n")?;

        let Self { losses, repeated, .. } = self;
        let days = self.lasted.as_secs() / 86_400;
        writeln!(f, "{losses} pods were disrupted in {days} days of virtual time.")?;
        write!(
            f,
            "In {repeated} trials a slot was run again by an old copy of the journal, of which nobody could know."
        )
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
