//! `macaque budgets`: an report of the PodDisruptionBudgets in scope. It reads, and asks for no eviction.

use std::collections::HashSet;

use actix::System;
use macaque_core::budget::audit::{BudgetAudit, BudgetFinding, BudgetSummary, FindingSeverity};
use macaque_core::permissions;
use macaque_core::selector::Selector;
use serde::Serialize;

use super::args::{BudgetsArgs, GlobalArgs, OutputFormat};
use super::{exit, output, setup};
use crate::k8s::{ApiError, Cluster};
use crate::platform::Platform;
use crate::settings::ViewSettings;

/// What was examined, and what was found.
#[derive(Default, Serialize)]
struct AuditReport {
    /// The arithmetic of each budget.
    budgets: Vec<BudgetSummary>,
    /// What was found, the gravest first.
    findings: Vec<BudgetFinding>,
    /// What could not be examined, and why.
    problems: Vec<String>,
}

/// Examines the budgets; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &BudgetsArgs) -> i32 {
    let view = match setup::load_view(global, args.scope.flags()) {
        Ok(view) => view,
        Err(code) => return code,
    };
    let report = System::new().block_on(async {
        let cluster = setup::connect(&view.cluster, &Platform::system()).await?;
        Ok(audit(&cluster, &view).await)
    });
    let report = match report {
        Ok(report) => report,
        Err(code) => return code,
    };
    match args.output {
        OutputFormat::Table => print(&report),
        OutputFormat::Json => output::json(&report),
        OutputFormat::Yaml => output::yaml(&report),
    }
    exit_code(&report)
}

/// An error found wins; a namespace that was not examined is not said to be well.
fn exit_code(report: &AuditReport) -> i32 {
    let is_error = |finding: &BudgetFinding| finding.severity == FindingSeverity::Error;
    if report.findings.iter().any(is_error) {
        exit::FOUND
    } else if report.problems.is_empty() {
        exit::OK
    } else {
        exit::CLUSTER
    }
}

/// Examines one namespace after the other. One that may not be read ends nothing for the others; an API server
/// that does not answer, or not as expected, ends it all.
async fn audit(cluster: &Cluster, view: &ViewSettings) -> AuditReport {
    let mut report = AuditReport::default();
    for namespace in permissions::scopes(&view.config.target.namespaces) {
        let exam = match survey(cluster, namespace, &view.config.target.selector).await {
            Ok(exam) => exam,
            Err((error, remedy)) => {
                report.problems.push(format!("{error}{remedy}"));
                match error {
                    ApiError::Forbidden { .. } => continue,
                    _ => break,
                }
            }
        };
        if exam.is_empty() {
            report.problems.extend(doubt(cluster, namespace).await);
        }
        report.budgets.extend(exam.summaries());
        report.findings.extend(exam.findings());
    }
    // Stable: within a severity the namespaces stay in their order.
    report.findings.sort_by_key(|finding| finding.severity);
    report
}

/// Reads the budgets of a namespace, or of all, and counts its pods page by page. A listing that expired between two
/// pages may tell a pod twice.
async fn survey(
    cluster: &Cluster,
    namespace: Option<&str>,
    selector: &Selector,
) -> Result<BudgetAudit, (ApiError, String)> {
    let budgets = cluster.budgets(namespace).await;
    let budgets = budgets.map_err(|error| explained(error, permissions::LIST_BUDGETS, namespace))?;
    let new = || BudgetAudit::new(budgets.clone(), selector.clone());
    let (mut exam, mut seen, mut after) = (new(), HashSet::new(), None);
    loop {
        let page = cluster
            .pods(namespace, &Selector::default(), after.as_deref())
            .await;
        let page = page.map_err(|error| explained(error, permissions::LIST_PODS, namespace))?;
        if page.restarted {
            (exam, seen) = (new(), HashSet::new());
        }
        for pod in &page.pods {
            if seen.insert(pod.id.uid.clone()) {
                exam.count(pod);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(exam);
        }
    }
}

/// A missing grant, with the rule that gives it.
fn explained(error: ApiError, right: permissions::Permission, namespace: Option<&str>) -> (ApiError, String) {
    let remedy = match error {
        ApiError::Forbidden { .. } => format!("; {}", right.within(namespace).remedy()),
        _ => String::new(),
    };
    (error, remedy)
}

/// The API server lists an absent namespace as an empty one; where macaque may ask, it says which.
async fn doubt(cluster: &Cluster, namespace: Option<&str>) -> Option<String> {
    let name = namespace?;
    let exists = cluster.has_namespace(name).await.ok()??;
    (!exists).then(|| format!("namespace {name} does not exist"))
}

fn print(report: &AuditReport) {
    let AuditReport {
        budgets,
        findings,
        problems,
    } = report;
    let mut parts = Vec::new();
    if !budgets.is_empty() {
        let header = [
            "NAMESPACE",
            "BUDGET",
            "COVERS",
            "NEEDS",
            "HEALTHY",
            "ALLOWS",
            "FINDING",
        ];
        parts.push(output::table(header, budgets.iter().map(row)));
    } else if problems.is_empty() {
        parts.push("no budgets".to_owned());
    }
    for BudgetFinding {
        severity,
        object,
        says,
        remedy,
        ..
    } in findings
    {
        let what = output::line(&format!("{severity}: {object}: {says}"));
        parts.push(format!(
            "{what}\n  {}",
            output::line(&format!("remedy: {remedy}"))
        ));
    }
    parts.extend(
        problems
            .iter()
            .map(|problem| output::line(&format!("problem: {problem}"))),
    );
    output::write_plain(&parts.join("\n\n"));
}

fn row(sum: &BudgetSummary) -> [String; 7] {
    let covers = sum
        .covers
        .iter()
        .map(|(workload, pods)| format!("{workload} ({pods})"));
    let findings = sum.findings.iter().map(ToString::to_string);
    let limit = match (&sum.max_unavailable, &sum.min_available) {
        (Some(max), _) => format!(" (maxUnavailable: {max})"),
        (None, Some(min)) => format!(" (minAvailable: {min})"),
        (None, None) => String::new(),
    };
    [
        sum.namespace.clone(),
        sum.name.clone(),
        listed(covers.collect()),
        format!("{} of {}{limit}", sum.needs, sum.expected),
        sum.healthy.to_string(),
        sum.allows.to_string(),
        listed(findings.collect()),
    ]
}

fn listed(words: Vec<String>) -> String {
    match words.is_empty() {
        true => "-".to_owned(),
        false => words.join(", "),
    }
}
