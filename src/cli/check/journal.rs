//! Checks the journal: whether it exists, can be read, and lets rounds run.

use jiff::Timestamp;
use macaque_core::config::{ChaosConfig, ConfigMapRef, DisruptionLimits, JournalLocation};
use macaque_core::journal::{Denial, Journal};
use macaque_core::key_warnings::KeyWarning;

use super::CheckFinding;
use crate::k8s::{ApiError, Cluster, JournalConfigMap};
use crate::platform::Platform;

/// Checks the journal of `config`; a dry run keeps none.
pub(super) async fn check(
    cluster: &Cluster,
    config: &ChaosConfig,
    platform: &Platform,
) -> Option<CheckFinding> {
    let what = "journal";
    match &config.journal {
        _ if config.dry_run => None,
        JournalLocation::Memory => Some(CheckFinding::ok(
            what,
            "kept in memory, and lost on restart; in a cluster, journal = \"auto\" keeps it in a ConfigMap",
        )),
        JournalLocation::ConfigMap(place) => Some(match cluster.journal(place).await {
            Ok(config_map) => judge(place, config_map.as_ref(), &config.limits, platform.now()),
            Err(error @ ApiError::Forbidden { .. }) => {
                CheckFinding::failed(what, error.to_string(), "see the permissions above")
            }
            Err(error) => CheckFinding::failed(what, error.to_string(), "see the API server's message"),
        }),
    }
}

fn judge(
    place: &ConfigMapRef,
    config_map: Option<&JournalConfigMap>,
    limits: &DisruptionLimits,
    now: Timestamp,
) -> CheckFinding {
    let what = place.to_string();
    let Some(config_map) = config_map else {
        let ConfigMapRef { namespace, name } = place;
        return CheckFinding::failed(
            what,
            "does not exist, and nothing is disrupted without it",
            format!("create it: kubectl -n {namespace} create configmap {name}"),
        );
    };

    let journal = match config_map.stored().read() {
        Ok(journal) => journal,
        Err(why) => {
            return CheckFinding::failed(what, why.to_string(), "nothing is disrupted until this is fixed");
        }
    };

    if let Some(pause) = config_map.pause().filter(|pause| !pause.is_over(now)) {
        return CheckFinding::warning(
            what,
            Denial::Paused(pause).to_string(),
            "end the pause with `macaque resume`",
        );
    }
    if let Some(quarantine) = journal.quarantine(now) {
        return CheckFinding::warning(
            what,
            Denial::Quarantined(quarantine.clone()).to_string(),
            "check the journal, then run `macaque resume`",
        );
    }
    // Who writes such a key by hand wants to pause, and has not.
    if let Some(KeyWarning { key, problem }) = config_map.key_warnings().first() {
        return CheckFinding::warning(
            what,
            format!("annotation {key}: {problem}"),
            "fix or remove the annotation",
        );
    }
    CheckFinding::ok(what, summary(&journal, limits, now))
}

fn summary(journal: &Journal, limits: &DisruptionLimits, now: Timestamp) -> String {
    let last = match journal.round() {
        Some(round) => format!("last round {}", round.slot),
        None => "no round yet".to_owned(),
    };
    match journal.remaining(limits, now) {
        Some(remaining) => format!("{last}; the limits leave {remaining}"),
        None => last,
    }
}
