//! `macaque check`: the configuration, the connection and the permissions, those that are missing and those that are
//! too many, each with a remedy. Disrupts nothing.

mod grants;
mod journal;

use actix::System;
use jiff::Timestamp;
use serde::Serialize;

use crate::k8s::{ApiError, Cluster};
use crate::settings::{ScheduleNeed, ValidSettings};
use macaque_core::config::ChaosConfig;
use macaque_core::permissions;

use super::args::{CheckArgs, GlobalArgs, OutputFormat};
use super::{exit, output, schedule, setup};

/// One thing examined.
#[derive(Debug, Serialize)]
struct CheckFinding {
    what: String,
    result: CheckResult,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// How it stands with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum CheckResult {
    Ok,
    /// Worth knowing; macaque works all the same.
    Note,
    /// macaque works all the same, and somebody should mend it.
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
        }
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

/// Examines everything; returns the process's exit code.
pub(super) fn run(common: &GlobalArgs, check: &CheckArgs) -> i32 {
    let setup = match setup::prepare(common, check.scope.flags(), ScheduleNeed::Optional) {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let mut findings = vec![
        CheckFinding::ok("configuration", mode(&setup.plan)),
        schedule(&setup.plan),
    ];
    let connected = System::new().block_on(async {
        match Cluster::connect(&setup::access(&setup)).await {
            Ok(cluster) => {
                examine(&cluster, &setup, &mut findings).await;
                true
            }
            Err(error) => {
                findings.push(unreachable(&error));
                false
            }
        }
    });
    match check.output {
        OutputFormat::Json => output::json(&findings),
        OutputFormat::Yaml => output::yaml(&findings),
        OutputFormat::Table => print(&findings),
    }
    if !connected {
        exit::USAGE
    } else if findings
        .iter()
        .any(|finding| finding.result == CheckResult::Failed)
    {
        exit::CLUSTER
    } else {
        exit::OK
    }
}

fn mode(plan: &ChaosConfig) -> String {
    let dry = if plan.dry_run { "dry run" } else { "armed" };
    format!("{dry}, {} {} a round", plan.disrupt.method, plan.disrupt.count)
}

fn schedule(plan: &ChaosConfig) -> CheckFinding {
    match &plan.calendar {
        Some(calendar) => match schedule::silence(calendar, Timestamp::now()) {
            Some((why, remedy)) => CheckFinding::failed("schedule", format!("{calendar}: {why}"), remedy),
            None => CheckFinding::ok("schedule", calendar.to_string()),
        },
        None => CheckFinding::note(
            "schedule",
            "not set: only `macaque once` can be used",
            "set schedule.cron",
        ),
    }
}

/// Asks the API server; the first question that gets no answer ends the examination.
async fn examine(cluster: &Cluster, setup: &ValidSettings, findings: &mut Vec<CheckFinding>) {
    match cluster.version().await {
        Ok(version) => findings.push(CheckFinding::ok("API server", version)),
        Err(error) => return findings.push(unreachable(&error)),
    }
    for namespace in permissions::scopes(&setup.plan.target.namespaces) {
        if let Some(name) = namespace {
            findings.push(existence(name, cluster.has_namespace(name).await));
        }
        grants::needed(cluster, &setup.plan, namespace, findings).await;
    }
    grants::journal(cluster, &setup.plan, findings).await;
    findings.extend(journal::examine(cluster, &setup.plan).await);
    grants::excessive(cluster, &setup.plan, findings).await;
}

fn existence(name: &str, answer: Result<Option<bool>, ApiError>) -> CheckFinding {
    let what = format!("namespace {name}");
    match answer {
        Ok(Some(true)) => CheckFinding::ok(what, "exists"),
        Ok(Some(false)) => CheckFinding::failed(
            what,
            "does not exist",
            "create it, or mend target.namespaces (--namespace)",
        ),
        Ok(None) => CheckFinding::ok(what, "macaque may not ask whether it exists, and need not"),
        Err(error) => CheckFinding::failed(what, error.to_string(), "see the API server's words"),
    }
}

fn unreachable(error: &ApiError) -> CheckFinding {
    let remedy = match error {
        ApiError::Access(_) => "mend cluster.kubeconfig or cluster.context",
        ApiError::Unauthorized { .. } => "renew the credentials",
        _ => "see that the API server runs and can be reached from here",
    };
    CheckFinding::failed("API server", error.to_string(), remedy)
}

fn print(findings: &[CheckFinding]) {
    let rows = findings.iter().map(|finding| {
        let result = match finding.result {
            CheckResult::Ok => "ok",
            CheckResult::Note => "note",
            CheckResult::Warning => "warning",
            CheckResult::Failed => "FAILED",
        };
        let remedy = finding
            .remedy
            .as_ref()
            .map(|remedy| format!("; {remedy}"))
            .unwrap_or_default();
        [
            result.to_owned(),
            finding.what.clone(),
            format!("{}{remedy}", finding.detail),
        ]
    });
    output::tell(&output::table(["RESULT", "WHAT", "DETAIL"], rows));
}
