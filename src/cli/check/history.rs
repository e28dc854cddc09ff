//! Checks the history: whether its ConfigMap exists and can be read. Rounds need none, so nothing here is a failure.

use macaque_core::config::{ChaosConfig, ConfigMapRef};

use super::CheckFinding;
use crate::history::{self, HistoryError, StoredHistory};
use crate::k8s::{ApiError, Cluster};
use crate::text;

/// Checks the history of `config`; a dry run writes none.
pub(super) async fn check(cluster: &Cluster, config: &ChaosConfig) -> Option<CheckFinding> {
    let place = config.history.as_ref().filter(|_| !config.dry_run)?;
    let what = place.to_string();
    Some(match history::read(cluster, place).await {
        Ok(Some(stored)) => judge(what, &stored),
        Ok(None) => missing(what, place),
        Err(HistoryError::Unusable { why, .. }) => CheckFinding::warning(what, why.to_string(), why.remedy()),
        Err(HistoryError::Api(error @ ApiError::Forbidden { .. })) => {
            CheckFinding::note(what, error.to_string(), "see the permissions above")
        }
        Err(HistoryError::Api(error)) => {
            CheckFinding::warning(what, error.to_string(), "see the API server's message")
        }
    })
}

fn missing(what: String, place: &ConfigMapRef) -> CheckFinding {
    let ConfigMapRef { namespace, name } = place;
    CheckFinding::warning(
        what,
        "does not exist, and no history is written without it, which the commands history, report and blame read",
        format!("create it: kubectl -n {namespace} create configmap {name}"),
    )
}

fn judge(what: String, stored: &StoredHistory) -> CheckFinding {
    let StoredHistory { history, is_edited } = stored;
    if *is_edited {
        return CheckFinding::warning(
            what,
            "edited by something other than macaque: what happened before is not known to be complete",
            "leave it to macaque, which takes over what it can read when it next writes",
        );
    }

    let victims = text::count(history.entries().len(), "victim");
    let rounds = text::count(history.rounds().len(), "round");
    match history.rounds().first() {
        Some(first) => CheckFinding::ok(what, format!("{victims} of {rounds} since {}", first.slot)),
        None => CheckFinding::ok(what, "no round yet"),
    }
}
