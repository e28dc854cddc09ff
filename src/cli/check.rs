//! `macaque check`: the configuration, the connection and the permissions, each with a remedy. Disrupts nothing.

use actix::System;
use serde::Serialize;

use crate::chaos::outcome::Method;
use crate::chaos::plan::{Namespaces, Plan};
use crate::cluster::{Cluster, ClusterError, Grant};
use crate::settings::{Need, Setup};

use super::args::{Check, Common, Output};
use super::{deed, exit, format};

/// One thing examined.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    result: Judgement,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
}

/// How it stands with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Judgement {
    Ok,
    /// Worth knowing; macaque works all the same.
    Note,
    Failed,
}

impl Finding {
    fn ok(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            result: Judgement::Ok,
            detail: detail.into(),
            remedy: None,
        }
    }

    fn note(what: impl Into<String>, detail: impl Into<String>, remedy: &str) -> Self {
        Self {
            result: Judgement::Note,
            remedy: Some(remedy.to_owned()),
            ..Self::ok(what, detail)
        }
    }

    fn failed(what: impl Into<String>, detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            result: Judgement::Failed,
            remedy: Some(remedy.into()),
            ..Self::ok(what, detail)
        }
    }
}

/// Examines everything; returns the process's exit code.
pub(super) fn run(common: &Common, check: &Check) -> i32 {
    let setup = match deed::prepare(common, check.scope.flags(), Need::NoSchedule) {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let mut findings = vec![
        Finding::ok("configuration", mode(&setup.plan)),
        schedule(&setup.plan),
    ];
    let connected = System::new().block_on(async {
        match Cluster::connect(&deed::access(&setup)).await {
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
        Output::Json => format::json(&findings),
        Output::Yaml => format::yaml(&findings),
        Output::Table => print(&findings),
    }
    if !connected {
        exit::USAGE
    } else if findings.iter().any(|finding| finding.result == Judgement::Failed) {
        exit::CLUSTER
    } else {
        exit::OK
    }
}

fn mode(plan: &Plan) -> String {
    let dry = if plan.dry_run { "dry run" } else { "armed" };
    format!("{dry}, {} {} a round", plan.disrupt.method, plan.disrupt.count)
}

fn schedule(plan: &Plan) -> Finding {
    match &plan.calendar {
        Some(calendar) => Finding::ok("schedule", calendar.to_string()),
        None => Finding::note(
            "schedule",
            "not set: only `macaque once` can be used",
            "set schedule.cron",
        ),
    }
}

/// Asks the API server; the first question that gets no answer ends the examination.
async fn examine(cluster: &Cluster, setup: &Setup, findings: &mut Vec<Finding>) {
    match cluster.version().await {
        Ok(version) => findings.push(Finding::ok("API server", version)),
        Err(error) => return findings.push(unreachable(&error)),
    }
    let namespaces: Vec<Option<String>> = match &setup.plan.target.namespaces {
        Namespaces::All => vec![None],
        Namespaces::Named(names) => names.iter().cloned().map(Some).collect(),
    };
    for namespace in namespaces {
        if let Some(name) = &namespace {
            findings.push(existence(name, cluster.has_namespace(name).await));
        }
        for grant in grants(&setup.plan, &namespace) {
            let held = cluster.holds(&grant).await;
            findings.push(permission(&grant, held, &setup.plan));
        }
    }
}

/// The verbs that the configuration needs.
fn grants(plan: &Plan, namespace: &Option<String>) -> [Grant; 3] {
    let (verb, resource) = disruption(plan.disrupt.method);
    [("list", "pods"), ("get", "pods"), (verb, resource)].map(|(verb, resource)| Grant {
        verb,
        resource,
        namespace: namespace.clone(),
    })
}

fn disruption(method: Method) -> (&'static str, &'static str) {
    match method {
        Method::Evict => ("create", "pods/eviction"),
        Method::Delete => ("delete", "pods"),
    }
}

fn existence(name: &str, answer: Result<Option<bool>, ClusterError>) -> Finding {
    let what = format!("namespace {name}");
    match answer {
        Ok(Some(true)) => Finding::ok(what, "exists"),
        Ok(Some(false)) => Finding::failed(what, "does not exist", "create it, or mend target.namespaces"),
        Ok(None) => Finding::ok(what, "macaque may not ask whether it exists, and need not"),
        Err(error) => Finding::failed(what, error.to_string(), "see the API server's words"),
    }
}

fn permission(grant: &Grant, held: Result<bool, ClusterError>, plan: &Plan) -> Finding {
    let what = format!("may {grant}");
    let disrupts = (grant.verb, grant.resource) == disruption(plan.disrupt.method);
    match held {
        Ok(true) => Finding::ok(what, "granted"),
        Ok(false) if disrupts && plan.dry_run => Finding::note(
            what,
            "not granted, and a dry run does not need it",
            "grant it before arming",
        ),
        Ok(false) => Finding::failed(what, "not granted", remedy(grant)),
        Err(error) => Finding::failed(what, error.to_string(), "see the API server's words"),
    }
}

/// The rule to add, as it stands in a Role. Evictions are of the core group, whatever discovery says.
fn remedy(grant: &Grant) -> String {
    let kind = if grant.namespace.is_some() {
        "Role"
    } else {
        "ClusterRole"
    };
    format!(
        "add to macaque's {kind}: {{apiGroups: [\"\"], resources: [\"{}\"], verbs: [\"{}\"]}}",
        grant.resource, grant.verb
    )
}

fn unreachable(error: &ClusterError) -> Finding {
    let remedy = match error {
        ClusterError::Access(_) => "mend cluster.kubeconfig or cluster.context",
        ClusterError::Unauthorized { .. } => "renew the credentials",
        _ => "see that the API server runs and can be reached from here",
    };
    Finding::failed("API server", error.to_string(), remedy)
}

fn print(findings: &[Finding]) {
    let rows = findings.iter().map(|finding| {
        let result = match finding.result {
            Judgement::Ok => "ok",
            Judgement::Note => "note",
            Judgement::Failed => "FAILED",
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
    format::say(&format::table(["RESULT", "WHAT", "DETAIL"], rows));
}
