//! What every command does first: settings proved or every mistake told, the log set up, the orders drawn up.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::journal::JournalStore;
use crate::k8s::ClusterAccess;
use crate::round::RoundConfig;
use crate::settings::{
    self, ClusterSettings, FlagSetting, ScheduleNeed, SettingMistakes, SettingsSources, ValidSettings,
    ViewSettings,
};
use crate::telemetry;
use macaque_core::config::{ChaosConfig, JournalLocation};
use macaque_core::eligibility::EligibilityRules;
use macaque_core::journal::JournalTiming;
use macaque_core::schedule::Calendar;

use super::args::GlobalArgs;
use super::exit;

/// Where Kubernetes puts the namespace of a pod's service account.
const SERVICE_ACCOUNT_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Loads and proves the settings, and sets up the log by them.
///
/// # Errors
/// The exit code, after every mistake was told on standard error.
pub(super) fn prepare(
    common: &GlobalArgs,
    more: Vec<FlagSetting>,
    need: ScheduleNeed,
) -> Result<ValidSettings, i32> {
    let setup = settings::load(&sources(common, more), need).map_err(|mistakes| refuse(&mistakes))?;
    telemetry::start(&setup.log);
    Ok(setup)
}

/// Loads and proves the schedule alone: a cluster's file can be read far from its secrets.
///
/// # Errors
/// The exit code, after every mistake was told on standard error.
pub(super) fn prepare_calendar(config: Option<PathBuf>) -> Result<Calendar, i32> {
    let common = GlobalArgs::of_file(config);
    settings::load_calendar(&sources(&common, Vec::new())).map_err(|mistakes| refuse(&mistakes))
}

/// Loads and proves what a command that only looks goes by, and sets up the log.
///
/// # Errors
/// The exit code, after every mistake was told on standard error.
pub(super) fn prepare_view(common: &GlobalArgs, more: Vec<FlagSetting>) -> Result<ViewSettings, i32> {
    let view = settings::load_view(&sources(common, more)).map_err(|mistakes| refuse(&mistakes))?;
    telemetry::start(&view.log);
    Ok(view)
}

/// The same, for a macaque that lives in the namespace `home`.
///
/// # Errors
/// The exit code, after every mistake was told on standard error.
pub(super) fn prepare_view_at(
    common: &GlobalArgs,
    more: Vec<FlagSetting>,
    home: Option<&str>,
) -> Result<ViewSettings, i32> {
    let mut sources = sources(common, more);
    if let Some(namespace) = home {
        let variable = settings::POD_NAMESPACE.to_owned();
        sources.env.retain(|(name, _)| *name != variable);
        sources.env.push((variable, namespace.to_owned()));
        sources.service_account_namespace = Some(namespace.to_owned());
    }
    let view = settings::load_view(&sources).map_err(|mistakes| refuse(&mistakes))?;
    telemetry::start(&view.log);
    Ok(view)
}

fn refuse(mistakes: &SettingMistakes) -> i32 {
    telemetry::complain_of_all(&mistakes.to_string());
    exit::USAGE
}

fn sources(common: &GlobalArgs, more: Vec<FlagSetting>) -> SettingsSources {
    SettingsSources {
        file: common.config.clone(),
        env: settings::environment(),
        flags: [common.flags(), more].concat(),
        service_account_namespace: service_account_namespace(),
        host_name: std::env::var("HOSTNAME").ok(),
    }
}

fn service_account_namespace() -> Option<String> {
    let text = fs::read_to_string(SERVICE_ACCOUNT_NAMESPACE).ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

/// What a round goes by.
pub(super) fn orders(setup: &ValidSettings) -> Arc<RoundConfig> {
    let ValidSettings { plan, identity, .. } = setup;
    let rules = EligibilityRules {
        target: plan.target.clone(),
        method: plan.disrupt.method,
        identity: identity.clone(),
    };
    Arc::new(RoundConfig {
        dry_run: plan.dry_run,
        rules,
        disrupt: plan.disrupt.clone(),
    })
}

/// The journal's place, and what it goes by.
pub(super) fn books(setup: &ValidSettings) -> JournalStore {
    let ValidSettings { plan, identity, .. } = setup;
    let host = || std::env::var("HOSTNAME").unwrap_or_else(|_| "macaque".to_owned());
    let name = identity
        .as_ref()
        .map_or_else(host, |identity| identity.pod.clone());
    let place = match plan.dry_run {
        // A dry run only reads.
        true => JournalLocation::Memory,
        false => plan.journal.clone(),
    };
    JournalStore::new(
        place,
        &name,
        plan.limits.clone(),
        plan.disrupt.count,
        timing(plan),
    )
}

/// How long things take in the journal of `plan`.
pub(super) fn timing(plan: &ChaosConfig) -> JournalTiming {
    JournalTiming {
        deadline: plan.starting_deadline,
        ..JournalTiming::default()
    }
}

/// Where the cluster is.
pub(super) fn access(setup: &ValidSettings) -> ClusterAccess {
    access_to(&setup.cluster)
}

/// The same, by the settings alone.
pub(super) fn access_to(cluster: &ClusterSettings) -> ClusterAccess {
    ClusterAccess {
        kubeconfig: cluster.kubeconfig.clone(),
        context: cluster.context.clone(),
        ..ClusterAccess::default()
    }
}
