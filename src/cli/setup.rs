//! What every command does first: settings proved or every mistake told, the log set up, the orders drawn up.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use crate::journal::Books;
use crate::k8s::Access;
use crate::round::Orders;
use crate::settings::{self, ClusterSettings, Flag, Mistakes, Need, Setup, Sources, View};
use crate::telemetry;
use macaque_core::config::{JournalPlace, Plan};
use macaque_core::eligibility::Rules;
use macaque_core::journal::Timing;
use macaque_core::schedule::Calendar;

use super::args::Common;
use super::exit;

/// Where Kubernetes puts the namespace of a pod's service account.
const SERVICE_ACCOUNT_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Loads and proves the settings, and sets up the log by them.
///
/// # Errors
/// The exit code, after every mistake was told on standard error.
pub(super) fn prepare(common: &Common, more: Vec<Flag>, need: Need) -> Result<Setup, i32> {
    let setup = settings::load(&sources(common, more), need).map_err(|mistakes| refuse(&mistakes))?;
    telemetry::start(&setup.log);
    Ok(setup)
}

/// Loads and proves the schedule alone: a cluster's file can be read far from its secrets.
///
/// # Errors
/// The exit code, after every mistake was told on standard error.
pub(super) fn prepare_calendar(config: Option<PathBuf>) -> Result<Calendar, i32> {
    let common = Common::of_file(config);
    settings::load_calendar(&sources(&common, Vec::new())).map_err(|mistakes| refuse(&mistakes))
}

/// Loads and proves what a command that only looks goes by, and sets up the log.
///
/// # Errors
/// The exit code, after every mistake was told on standard error.
pub(super) fn prepare_view(common: &Common, more: Vec<Flag>) -> Result<View, i32> {
    let view = settings::load_view(&sources(common, more)).map_err(|mistakes| refuse(&mistakes))?;
    telemetry::start(&view.log);
    Ok(view)
}

/// The same, for a macaque that lives in the namespace `home`.
///
/// # Errors
/// The exit code, after every mistake was told on standard error.
pub(super) fn prepare_view_at(common: &Common, more: Vec<Flag>, home: Option<&str>) -> Result<View, i32> {
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

fn refuse(mistakes: &Mistakes) -> i32 {
    telemetry::complain_of_all(&mistakes.to_string());
    exit::USAGE
}

fn sources(common: &Common, more: Vec<Flag>) -> Sources {
    Sources {
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
pub(super) fn orders(setup: &Setup) -> Arc<Orders> {
    let Setup { plan, identity, .. } = setup;
    let rules = Rules {
        target: plan.target.clone(),
        method: plan.disrupt.method,
        identity: identity.clone(),
    };
    Arc::new(Orders {
        dry_run: plan.dry_run,
        rules,
        disrupt: plan.disrupt.clone(),
    })
}

/// The journal's place, and what it goes by.
pub(super) fn books(setup: &Setup) -> Books {
    let Setup { plan, identity, .. } = setup;
    let host = || std::env::var("HOSTNAME").unwrap_or_else(|_| "macaque".to_owned());
    let name = identity
        .as_ref()
        .map_or_else(host, |identity| identity.pod.clone());
    let place = match plan.dry_run {
        // A dry run only reads.
        true => JournalPlace::Memory,
        false => plan.journal.clone(),
    };
    Books::new(
        place,
        &name,
        plan.limits.clone(),
        plan.disrupt.count,
        timing(plan),
    )
}

/// How long things take in the journal of `plan`.
pub(super) fn timing(plan: &Plan) -> Timing {
    Timing {
        deadline: plan.starting_deadline,
        ..Timing::default()
    }
}

/// Where the cluster is.
pub(super) fn access(setup: &Setup) -> Access {
    access_to(&setup.cluster)
}

/// The same, by the settings alone.
pub(super) fn access_to(cluster: &ClusterSettings) -> Access {
    Access {
        kubeconfig: cluster.kubeconfig.clone(),
        context: cluster.context.clone(),
        ..Access::default()
    }
}
