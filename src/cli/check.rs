//! `macaque check`: checks the configuration, the connection, the permissions, missing and excess ones, and the gates, and
//! names a remedy for each. Disrupts nothing.

mod gates;
mod grants;
mod history;
mod journal;
mod min_ready;
mod namespaces;
mod rota;
mod table;

use actix::System;
use clap::Args;
use macaque_core::config::{ChaosConfig, NamespaceScope};
use macaque_core::guard::MinReady;
use macaque_core::permissions;
use serde::Serialize;

use super::args::{GlobalArgs, OutputFormat, ScopeArgs, format_without_wide};
use super::{exit, output, progress, setup};
use crate::k8s::{AccessFault, ApiError, Cluster};
use crate::platform::Platform;
use crate::settings::ValidSettings;

/// What an API server calls a user without credentials that it knows.
const ANONYMOUS: &str = "system:anonymous";

/// The flags of `macaque check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Output format
    #[arg(short, long, value_parser = format_without_wide(), default_value = "table")]
    output: OutputFormat,
}

/// One thing that was checked.
#[derive(Debug, Serialize)]
struct CheckFinding {
    what: String,
    result: CheckResult,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// What was checked in which namespace: for people, equal findings in several namespaces are one.
    #[serde(skip)]
    in_namespace: Option<NamespaceFinding>,
}

/// A finding in one namespace, in words that fit every namespace.
#[derive(Debug)]
struct NamespaceFinding {
    namespace: String,
    what: String,
    remedy: Option<String>,
}

/// The result of one check, from the best to the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
enum CheckResult {
    Ok,
    /// Worth knowing; macaque works all the same.
    Note,
    /// macaque works all the same, but it should be fixed.
    Warning,
    Failed,
}

impl CheckFinding {
    fn ok(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            result: CheckResult::Ok,
            detail: detail.into(),
            remedy: None,
            in_namespace: None,
        }
    }

    /// The finding about `what` in `namespace`; `what` is empty for the namespace itself.
    fn in_namespace(mut self, namespace: &str, what: &str) -> Self {
        self.in_namespace = Some(NamespaceFinding {
            namespace: namespace.to_owned(),
            what: what.to_owned(),
            remedy: self.remedy.clone(),
        });
        self
    }

    fn note(what: impl Into<String>, detail: impl Into<String>, remedy: &str) -> Self {
        Self {
            result: CheckResult::Note,
            remedy: Some(remedy.to_owned()),
            ..Self::ok(what, detail)
        }
    }

    fn warning(what: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            result: CheckResult::Warning,
            remedy: Some(remedy.into()),
            ..Self::ok(what, detail)
        }
    }

    fn failed(what: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            result: CheckResult::Failed,
            remedy: Some(remedy.into()),
            ..Self::ok(what, detail)
        }
    }
}

/// Checks everything; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &CheckArgs) -> i32 {
    let settings = match setup::load(global, args.scope.flags()) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let platform = Platform::system();
    let mut findings = vec![
        CheckFinding::ok("configuration", mode(&settings.config)),
        schedule(&settings.config, &platform),
    ];
    findings.extend(impossible_min_ready(&settings.config));

    let connected = System::new().block_on(async {
        let connected = match Cluster::connect(&setup::access(&settings.cluster), &platform).await {
            Ok(cluster) => {
                let checked = check_cluster(&cluster, &settings, &platform, &mut findings);
                progress::shown(cluster.progress(), &platform, checked).await;
                true
            }
            Err(error) => {
                findings.push(unreachable(&error, None));
                false
            }
        };
        findings.extend(gates::check(&settings.gates, &settings.config, &platform).await);
        connected
    });

    output::write_in(args.output, &findings, |_| table::of(&findings));
    let is_failure = |finding: &CheckFinding| finding.result == CheckResult::Failed;
    if !connected {
        exit::USAGE
    } else if findings.iter().any(is_failure) {
        exit::CLUSTER
    } else {
        exit::OK
    }
}

fn mode(config: &ChaosConfig) -> String {
    let mode = if config.dry_run { "dry run" } else { "armed" };
    format!(
        "{mode}, {} {} per round",
        config.disrupt.method, config.disrupt.count
    )
}

fn schedule(config: &ChaosConfig, platform: &Platform) -> CheckFinding {
    match &config.calendar {
        Some(calendar) => match calendar.never_due(platform.now()) {
            Some((why, remedy)) => CheckFinding::failed("schedule", format!("{calendar}: {why}"), remedy),
            None => match calendar.cron().uneven_step() {
                Some(uneven) => CheckFinding::note("schedule", calendar.to_string(), &uneven),
                None => CheckFinding::ok("schedule", calendar.to_string()),
            },
        },
        None => CheckFinding::note(
            "schedule",
            "not set: only `macaque once` runs rounds",
            "set schedule.cron",
        ),
    }
}

/// The warning that every pod of an owner must stay ready, so that none may be disrupted.
fn impossible_min_ready(config: &ChaosConfig) -> Option<CheckFinding> {
    if config.guards.min_ready != MinReady::Percent(100) {
        return None;
    }
    Some(CheckFinding::warning(
        "guards.min_ready",
        "100%: no pod may be lost, so the guard holds back unless an owner has more ready pods than it wants",
        "use a lower percentage, or a number",
    ))
}

/// Runs the checks that need the API server; stops if its version cannot be read.
async fn check_cluster(
    cluster: &Cluster,
    settings: &ValidSettings,
    platform: &Platform,
    findings: &mut Vec<CheckFinding>,
) {
    let config = &settings.config;
    match cluster.version().await {
        Ok(version) => findings.push(CheckFinding::ok("API server", version)),
        Err(error) => return findings.push(unreachable(&error, Some(cluster))),
    }
    findings.extend(user(cluster).await);

    grants::scope(cluster, config, findings).await;
    let scope = namespaces::scope(cluster, config, platform, findings).await;
    for namespace in permissions::scopes(&scope) {
        if let Some(name) = namespace.filter(|_| config.target.namespaces.selector().is_none()) {
            findings.push(existence(name, cluster.has_namespace(name).await));
        }
        grants::required(cluster, config, namespace, findings).await;
        grants::optional(cluster, config, namespace, findings).await;
        grants::owner_freeze(cluster, config, namespace, findings).await;
        grants::deployment_events(cluster, config, namespace, findings).await;
    }
    grants::guards(cluster, config, findings).await;
    grants::journal(cluster, config, findings).await;
    findings.extend(journal::check(cluster, config).await);
    grants::history(cluster, config, findings).await;
    findings.extend(history::check(cluster, config).await);
    grants::excessive(cluster, &resolved(config, scope), findings).await;
    findings.extend(min_ready::check(cluster, settings, platform).await);
    findings.extend(rota::check(cluster, settings, platform).await);
}

/// The configuration with the namespaces in scope by name.
fn resolved(config: &ChaosConfig, namespaces: NamespaceScope) -> ChaosConfig {
    let mut config = config.clone();
    config.target.namespaces = namespaces;
    config
}

fn existence(name: &str, answer: Result<Option<bool>, ApiError>) -> CheckFinding {
    let what = format!("namespace {name}");
    let finding = match answer {
        Ok(Some(true)) => CheckFinding::ok(what, "found"),
        Ok(Some(false)) => CheckFinding::failed(
            what,
            "not found",
            "create what is missing, or fix target.namespaces (--namespace)",
        ),
        Ok(None) => CheckFinding::ok(
            what,
            "not checked: macaque has no permission to read namespaces, and needs none",
        ),
        Err(error) => CheckFinding::failed(what, error.to_string(), "see the API server's message"),
    };
    finding.in_namespace(name, "")
}

/// As whom macaque is connected, if the API server says so, and what a person should know of the credentials.
async fn user(cluster: &Cluster) -> Option<CheckFinding> {
    let name = cluster.user_name().await.ok().flatten();
    if let Some(AccessFault { wrong, remedy }) = cluster.credentials_warning() {
        let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
        return Some(CheckFinding::warning("user", format!("{name}{wrong}"), remedy));
    }

    let name = name?;
    let Some(credentials) = cluster.credentials_name() else {
        return Some(CheckFinding::ok("user", name));
    };
    Some(if name == ANONYMOUS {
        let detail = format!("{name}: the API server does not know {credentials}");
        CheckFinding::warning("user", detail, "renew the credentials, or choose another context")
    } else {
        CheckFinding::ok("user", format!("{name}, by {credentials}"))
    })
}

/// The finding that the API server gives no usable answer; `cluster` is the connection, if there is one.
fn unreachable(error: &ApiError, cluster: Option<&Cluster>) -> CheckFinding {
    let (detail, remedy) = match error {
        ApiError::Access(fault) => (fault.wrong.clone(), fault.remedy.clone()),
        ApiError::Unreachable { server, why, .. } => {
            (format!("no answer from {server}: {why}"), why.remedy().to_owned())
        }
        ApiError::Unauthorized { .. } => unauthorized(cluster),
        ApiError::Throttled { .. } => (error.to_string(), "try again later".to_owned()),
        ApiError::Forbidden { .. } => {
            let remedy = "let every user read /version (the ClusterRole system:public-info-viewer)";
            (error.to_string(), remedy.to_owned())
        }
        _ => {
            let words = match error {
                ApiError::NotKubernetes { what, why } => format!("{what}: unexpected answer: {why}"),
                error => error.to_string(),
            };
            let server = cluster.map_or_else(String::new, |cluster| format!("{}: ", cluster.server()));
            (server + &words, ApiError::CHECK_ADDRESS.to_owned())
        }
    };
    CheckFinding::failed("API server", detail, remedy)
}

/// What is wrong with the credentials that the API server rejected or missed, and what to do.
fn unauthorized(cluster: Option<&Cluster>) -> (String, String) {
    if let Some(AccessFault { wrong, remedy }) = cluster.and_then(Cluster::credentials_warning) {
        let detail = format!("it demands credentials (401), and macaque {wrong}");
        return (detail, remedy.clone());
    }

    let (detail, remedy) = match cluster.and_then(Cluster::credentials_name) {
        Some(credentials) => (
            format!("it does not accept {credentials} (401)"),
            "renew the credentials, or choose another context",
        ),
        None => (
            "it demands credentials (401), and none were sent".to_owned(),
            "give the kubeconfig's user credentials, or choose another context",
        ),
    };
    (detail, remedy.to_owned())
}
