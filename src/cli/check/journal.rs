//! Checks the journal: whether it exists, can be read, and lets rounds run.

use jiff::{Timestamp, Unit};
use macaque_core::config::{ChaosConfig, ConfigMapRef, JournalLocation};
use macaque_core::journal::{Denial, Journal};
use macaque_core::key_warnings::KeyWarning;

use super::CheckFinding;
use crate::k8s::{ApiError, Cluster, JournalConfigMap};

/// Checks the journal of `config`; a dry run keeps none.
pub(super) async fn check(cluster: &Cluster, config: &ChaosConfig) -> Option<CheckFinding> {
    let what = "journal";
    match &config.journal {
        _ if config.dry_run => None,
        JournalLocation::Memory => Some(CheckFinding::ok(
            what,
            "kept in memory, and lost on restart; in a cluster, journal = \"auto\" keeps it in a ConfigMap",
        )),
        JournalLocation::ConfigMap(place) => Some(match cluster.journal(place).await {
            Ok(config_map) => judge(place, config_map.as_ref(), config, cluster.server_time()),
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
    config: &ChaosConfig,
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

    let stored = config_map.stored();
    let journal = match stored.read() {
        Ok(journal) => journal,
        Err(why) => {
            return CheckFinding::failed(what, why.to_string(), "nothing is disrupted until this is fixed");
        }
    };

    if let Some(pause) = config_map.pause().filter(|pause| !pause.is_over(now)) {
        let remedy = if pause.is_by_macaque() {
            "find out why these owners did not recover, then run `macaque resume`"
        } else {
            "end the pause with `macaque resume`"
        };
        return CheckFinding::warning(what, Denial::Paused(pause).to_string(), remedy);
    }
    if let Some(quarantine) = journal.quarantine(now) {
        return CheckFinding::warning(
            what,
            Denial::Quarantined(quarantine.clone()).to_string(),
            "check the journal, then run `macaque resume`",
        );
    }
    if let Some(why) = stored.distrust(&journal, 0) {
        return CheckFinding::warning(
            what,
            format!("will not be trusted: {why}"),
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
    CheckFinding::ok(what, summary(&journal, config, now))
}

fn summary(journal: &Journal, config: &ChaosConfig, now: Timestamp) -> String {
    let mut parts = vec![match journal.round() {
        Some(round) => format!("last round {}", round.slot),
        None => "no round yet".to_owned(),
    }];
    if let Some(remaining) = journal.remaining(&config.limits, now) {
        parts.push(format!("the limits leave {remaining}"));
    }

    if let Some(recovering) = recovering(journal, now) {
        parts.push(recovering);
    }
    if let Some(last) = journal.strikes().last() {
        let limit = config.recovery_policy().strikes;
        let limit = limit.map_or_else(String::new, |limit| format!(" of {limit}"));
        parts.push(format!(
            "strikes: {}{limit}, the last {last}",
            journal.strikes().len()
        ));
    }
    parts.join("; ")
}

/// The recoveries that go on, in words; `None` if there is none.
fn recovering(journal: &Journal, now: Timestamp) -> Option<String> {
    let mut open = Vec::from_iter(journal.open_recoveries(now).map(|record| &record.victim));
    open.sort_by_key(|victim| victim.accepted);
    let oldest = open.first()?;

    let owner = format!("{} in {}", oldest.owner, oldest.pod.namespace);
    let since = oldest.accepted.round(Unit::Second).unwrap_or(oldest.accepted);
    Some(match open.len() {
        1 => format!("recovering: {owner} since {since}"),
        several => format!("recovering: {several} owners, the first {owner} since {since}"),
    })
}
