//! The words of the labels: how rounds, outcomes, refusals and exemptions are called in metrics.

use macaque_core::eligibility::{COOLDOWN, NO_TURN, TURN_TAKEN, rules};
use macaque_core::journal::VictimCap;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::refusal::Refusal;
use macaque_core::report::{RoundEnd, RoundReport, RoundStatus};

/// The word for a dry run that would have disrupted.
const SPARED: &str = "spared";
/// The word for a round that the journal did not allow.
const WITHHELD: &str = "withheld";
/// The word for a refusal by RBAC.
pub(super) const RBAC: &str = "rbac";

/// Every verdict of a round.
pub(super) const ROUND_VERDICTS: [&str; 8] = [
    "disrupted",
    SPARED,
    "refused",
    "held",
    "unanswered",
    "idle",
    "failed",
    WITHHELD,
];
/// Everybody who may refuse a disruption.
pub(super) const REFUSED_BY: [&str; 5] = ["budget", "webhook", "policy", RBAC, "other"];

/// The verdict of a round: its status, but `spared` for a dry run, and `withheld` for one that tried no victim because
/// the journal did not allow it.
pub(super) fn round_verdict(report: &RoundReport) -> &'static str {
    match report.status() {
        RoundStatus::DryRun => SPARED,
        RoundStatus::Refused if is_withheld(report) => WITHHELD,
        status => status.as_str(),
    }
}

fn is_withheld(report: &RoundReport) -> bool {
    report.attempts.is_empty() && matches!(report.end, RoundEnd::Withheld { .. })
}

/// The outcome for a victim.
pub(super) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::DryRun => SPARED,
        other => other.word(),
    }
}

/// The outcomes that victims may have.
pub(super) fn expected_outcomes(armed: bool, method: DisruptionMethod) -> Vec<&'static str> {
    if !armed {
        return vec![SPARED, "held", "gone"];
    }
    let done = match method {
        DisruptionMethod::Evict => "evicted",
        DisruptionMethod::Delete => "deleted",
    };
    vec![done, "refused", "held", "gone", "unknown"]
}

/// Who refused a disruption.
pub(super) fn refused_by(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Budget { .. } | Refusal::SeveralBudgets => "budget",
        Refusal::Webhook { .. } | Refusal::WebhookFailed { .. } => "webhook",
        Refusal::Policy { .. } => "policy",
        Refusal::NamespaceTerminating
        | Refusal::AcceptedButAlive
        | Refusal::InvalidPod { .. }
        | Refusal::NotNow { .. }
        | Refusal::Throttled { .. } => "other",
    }
}

/// The reasons for which pods are exempt: by rule, or because the journal says so.
pub(super) fn exemption_reasons() -> impl Iterator<Item = &'static str> {
    let rules = rules().iter().map(|rule| rule.name);
    let caps = VictimCap::ALL.into_iter().map(VictimCap::name);
    rules.chain([COOLDOWN, NO_TURN, TURN_TAKEN]).chain(caps)
}
