//! What a trial consists of: its seed, its replicas, what macaque is told to do, and the faults.

use std::fmt;

use macaque_core::outcome::DisruptionMethod;
use rand::rngs::ChaCha12Rng;
use rand::{RngExt as _, SeedableRng as _};

use crate::fault::{Fault, ReplicaFault, WorldFault};

/// The most faults of a trial.
const MOST_FAULTS: usize = 6;
/// The longest that a new pod takes to become ready, in milliseconds.
const SLOWEST: u64 = 75_000;

/// What a trial consists of: the same plan is the same trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrialPlan {
    /// The seed of the trial's chance, and of the plan itself.
    pub(crate) seed: u64,
    /// How many replicas of macaque there are.
    pub(crate) replicas: usize,
    pub(crate) method: DisruptionMethod,
    /// How many victims a round may have.
    pub(crate) count: usize,
    /// How many disruptions an hour may have, if there is a limit.
    pub(crate) per_hour: Option<usize>,
    /// How long a new pod takes to become ready, in milliseconds.
    pub(crate) ready_after: u64,
    /// Whether macaque may watch pods; else it polls them.
    pub(crate) watches: bool,
    pub(crate) faults: Vec<Fault>,
}

impl TrialPlan {
    /// The plan of this seed.
    pub(crate) fn of(seed: u64) -> Self {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let replicas = *[1, 1, 2, 2, 3].get(rng.random_range(0..5_usize)).unwrap_or(&1);
        let method = DisruptionMethod::ALL[usize::from(rng.random_range(0..4) == 0)];
        let count = 1 + usize::from(rng.random_range(0..5) == 0);
        let per_hour = (rng.random_range(0..4) == 0).then(|| rng.random_range(1..=2));
        // Some are not ready long before the next slot.
        let slowest = if rng.random_range(0..4) == 0 {
            SLOWEST
        } else {
            9_000
        };
        let ready_after = rng.random_range(200..slowest);
        let watches = rng.random_range(0..8) > 0;

        let faults = rng.random_range(1..=MOST_FAULTS);
        let mut faults: Vec<_> = (0..faults).map(|_| Fault::draw(&mut rng, replicas)).collect();
        if let [first, second, ..] = &mut faults[..]
            && rng.random_range(0..6) == 0
        {
            [*first, *second] = Fault::draw_at_disruption(&mut rng, replicas);
        }
        let mut has_hand = false;
        faults.retain(|fault| !fault.is_by_hand() || !std::mem::replace(&mut has_hand, true));
        let plan = Self {
            seed,
            replicas,
            method,
            count,
            per_hour,
            ready_after,
            watches,
            faults,
        };
        let per_hour = per_hour.filter(|_| !plan.may_forget_limit());
        Self { per_hour, ..plan }
    }

    /// The same plan with only those of its faults that have these numbers.
    pub(crate) fn with_only(&self, numbers: &[usize]) -> Self {
        let faults = self.faults.iter().enumerate();
        let kept = faults.filter(|(number, _)| numbers.contains(number));
        Self {
            faults: kept.map(|(_, fault)| *fault).collect(),
            ..self.clone()
        }
    }

    /// Whether nothing may know any more how much of the limit is used up: the journal is deleted, and the processes that
    /// have read it may be gone.
    fn may_forget_limit(&self) -> bool {
        let is_deletion = |fault: &Fault| matches!(fault, Fault::World(_, WorldFault::JournalDeleted(_)));
        let is_failure = |fault: &Fault| match fault {
            Fault::Replica(_, _, fault) => !matches!(fault, ReplicaFault::ActorFails(..)),
            _ => false,
        };
        self.faults.iter().any(is_deletion) && self.faults.iter().any(is_failure)
    }

    /// Whether people do something to the journal after which macaque does not trust it.
    pub(crate) fn has_distrust(&self) -> bool {
        self.faults.iter().any(|fault| fault.is_distrusted())
    }

    /// Whether a wall clock is set, or drifts.
    pub(crate) fn has_wrong_clock(&self) -> bool {
        let is_of_clock = |fault: &Fault| matches!(fault, Fault::Jump(..) | Fault::Drift(..));
        self.faults.iter().any(is_of_clock)
    }

    /// Whether a sleep of a machine may go unnoticed: its wall clock may be set back by as long.
    pub(crate) fn may_hide_sleep(&self) -> bool {
        let is_sleep = |fault: &Fault| matches!(fault, Fault::Replica(_, _, ReplicaFault::Sleep(_)));
        self.has_wrong_clock() && self.faults.iter().any(is_sleep)
    }

    /// Whether people delete the journal or put an old one back.
    pub(crate) fn has_tampering(&self) -> bool {
        self.faults.iter().any(|fault| fault.is_tampering())
    }
}

impl fmt::Display for TrialPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            replicas,
            method,
            count,
            per_hour,
            ready_after,
            watches,
            faults,
        } = self;
        write!(f, "seed {seed}: {replicas} replicas {method} {count} a round")?;
        if let Some(limit) = per_hour {
            write!(f, ", at most {limit} an hour")?;
        }
        write!(f, "; pods are ready after {ready_after} ms")?;
        if !watches {
            f.write_str(", and are not watched")?;
        }
        for fault in faults {
            write!(f, "\n  {fault}")?;
        }
        Ok(())
    }
}
