//! The guard `recovered`: the owner of the last victim is whole again.

use jiff::{Timestamp, Unit};

use super::{GuardAnswer, GuardFinding, RecoveredGuard};
use crate::eligibility::Candidate;
use crate::recovery::DisruptedVictim;

/// Judges a victim by the recoveries that are `open` at `now`; `None` if the guard is off, or nothing owns the victim and
/// the guard looks at owners.
pub fn judge_recovered<'a>(
    victim: &Candidate,
    open: impl Iterator<Item = &'a DisruptedVictim>,
    guard: RecoveredGuard,
    now: Timestamp,
) -> Option<GuardFinding> {
    let concerns = |earlier: &&DisruptedVictim| {
        let same_namespace = earlier.pod.namespace == victim.pod.namespace;
        match guard {
            RecoveredGuard::Off => false,
            RecoveredGuard::Owner => same_namespace && victim.owner.as_ref() == Some(&earlier.owner),
            RecoveredGuard::Namespace => same_namespace,
            RecoveredGuard::All => true,
        }
    };
    let is_asked = match guard {
        RecoveredGuard::Off => false,
        RecoveredGuard::Owner => victim.owner.is_some(),
        RecoveredGuard::Namespace | RecoveredGuard::All => true,
    };
    if !is_asked {
        return None;
    }

    let setting = format!("guards.recovered = \"{}\"", guard.as_str());
    let (answer, seen) = match open.filter(concerns).min_by_key(|earlier| earlier.accepted) {
        None => (GuardAnswer::Go, "no victim is recovering".to_owned()),
        Some(earlier) => {
            let age = now.duration_since(earlier.accepted);
            let age = age
                .round(Unit::Second)
                .unwrap_or(age)
                .max(jiff::SignedDuration::ZERO);
            let owner = &earlier.owner;
            let seen = format!(
                "{owner} has not recovered since {} was disrupted {age:#} ago",
                earlier.pod
            );
            (GuardAnswer::HoldsBack, seen)
        }
    };
    Some(GuardFinding::new("recovered", answer, setting, seen))
}
