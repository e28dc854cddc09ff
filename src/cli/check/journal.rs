//! Examines the journal: whether it is there, can be read, and lets rounds be played.

use jiff::Timestamp;

use crate::k8s::{ApiError, Cluster, JournalConfigMap};
use macaque_core::config::{ChaosConfig, ConfigMapRef, DisruptionLimits, JournalLocation};
use macaque_core::journal::{Denial, Journal, PauseRequest};

use super::CheckFinding;

/// Examines the journal of `plan`; a dry run keeps none.
pub(super) async fn examine(cluster: &Cluster, plan: &ChaosConfig) -> Option<CheckFinding> {
    let what = "journal";
    match &plan.journal {
        _ if plan.dry_run => None,
        JournalLocation::Memory => Some(CheckFinding::ok(
            what,
            "kept in memory here: a restart forgets it; with journal = \"auto\" it is a ConfigMap in a cluster",
        )),
        JournalLocation::ConfigMap(place) => Some(match cluster.journal(place).await {
            Ok(page) => judge(place, page.as_ref(), &plan.limits, Timestamp::now()),
            Err(error @ ApiError::Forbidden { .. }) => {
                CheckFinding::failed(what, error.to_string(), "see the permissions above")
            }
            Err(error) => CheckFinding::failed(what, error.to_string(), "see the API server's words"),
        }),
    }
}

fn judge(
    place: &ConfigMapRef,
    page: Option<&JournalConfigMap>,
    limits: &DisruptionLimits,
    now: Timestamp,
) -> CheckFinding {
    let what = place.to_string();
    let Some(page) = page else {
        let ConfigMapRef { namespace, name } = place;
        return CheckFinding::failed(
            what,
            "does not exist, and nothing is disrupted without it",
            format!("create it: kubectl -n {namespace} create configmap {name}"),
        );
    };
    let journal = match page.sheet().read() {
        Ok(journal) => journal,
        Err(why) => {
            return CheckFinding::failed(what, why.to_string(), "nothing is disrupted until it is mended");
        }
    };
    let pause = page.paused().and_then(PauseRequest::from_annotation);
    let pause = pause.filter(|pause| !matches!(pause, PauseRequest::Until(until) if *until <= now));
    if let Some(pause) = pause {
        return CheckFinding::warning(
            what,
            Denial::Paused(pause).to_string(),
            "lift it with `macaque resume`",
        );
    }
    match journal.hold(now) {
        Some(hold) => CheckFinding::warning(
            what,
            Denial::Quarantined(hold.clone()).to_string(),
            "see what became of the journal, then `macaque resume`",
        ),
        None => CheckFinding::ok(what, told(&journal, limits, now)),
    }
}

fn told(journal: &Journal, limits: &DisruptionLimits, now: Timestamp) -> String {
    let last = match journal.round() {
        Some(round) => format!("last round {}", round.slot),
        None => "no round yet".to_owned(),
    };
    match journal.room(limits, now) {
        Some(room) => format!("{last}; the limits leave {room}"),
        None => last,
    }
}
