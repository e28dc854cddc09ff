//! `macaque budgets`: an audit of the PodDisruptionBudgets in scope. It only reads, and requests no eviction.

use std::collections::HashSet;

use actix::System;
use clap::Args;
use macaque_core::budget::audit::{BudgetAudit, BudgetFinding, BudgetSummary, FindingSeverity};
use macaque_core::config::{NamespaceScope, TargetConfig};
use macaque_core::permissions;
use macaque_core::report::{RoundEnd, SkippedNamespace};
use macaque_core::selector::Selector;
use serde::Serialize;

use super::args::{GlobalArgs, OutputFormat, ScopeArgs};
use super::output::TableColumns;
use super::{exit, output, progress, setup};
use crate::k8s::{ApiError, Cluster};
use crate::platform::Platform;
use crate::round::scope::ScopeReader;
use crate::settings::CommandSettings;
use crate::stop::StopSwitch;

/// The flags of `macaque budgets`.
#[derive(Debug, Args)]
pub(super) struct BudgetsArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// What was checked, and what was found.
#[derive(Default, Serialize)]
struct AuditReport {
    /// The arithmetic of each budget.
    budgets: Vec<BudgetSummary>,
    /// What was found, the most severe first.
    findings: Vec<BudgetFinding>,
    /// The namespaces that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<SkippedNamespace>,
    /// What could not be checked, and why.
    problems: Vec<String>,
}

/// Checks the budgets; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &BudgetsArgs) -> i32 {
    let view = match setup::load_settings(global, args.scope.flags()) {
        Ok(view) => view,
        Err(code) => return code,
    };
    let report = System::new().block_on(async {
        let platform = Platform::system();
        let cluster = setup::connect(&view.cluster, &platform).await?;
        Ok(progress::shown(cluster.progress(), &platform, audit(&cluster, &view)).await)
    });
    let report = match report {
        Ok(report) => report,
        Err(code) => return code,
    };

    output::write_in(args.output, &report, |is_wide| page(&report, is_wide));

    exit_code(&report)
}

/// The exit code: that of an error that was found, else of a namespace that could not be checked.
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

/// Checks one namespace after the other. After one that may not be read the others are still checked; an API server that
/// does not answer, or not as expected, ends the audit.
async fn audit(cluster: &Cluster, view: &CommandSettings) -> AuditReport {
    let mut report = AuditReport::default();
    let scope = match scope(cluster, view, &mut report).await {
        Ok(scope) => scope,
        Err(end) => {
            report.problems.push(output::failure_text(end));
            return report;
        }
    };

    let target = &view.config.target;
    let is_in_scope =
        |namespace: &Option<&str>| namespace.is_none_or(|name| !target.excludes_namespace(name));
    for namespace in permissions::scopes(&scope).into_iter().filter(is_in_scope) {
        let audit = match audit_namespace(cluster, namespace, target).await {
            Ok(audit) => audit,
            Err((error, remedy)) => {
                report.problems.push(format!("{error}{remedy}"));
                match error {
                    ApiError::Forbidden { .. } => continue,
                    _ => break,
                }
            }
        };
        if audit.is_empty() {
            report
                .problems
                .extend(missing_namespace(cluster, namespace).await);
        }
        report.budgets.extend(audit.summaries());
        report.findings.extend(audit.findings());
    }

    // Stable: within a severity the namespaces stay in their order.
    report.findings.sort_by_key(|finding| finding.severity);
    report
}

/// The namespaces to check; those that are left out, and that none was found, are noted.
///
/// # Errors
/// The namespaces could not be found.
async fn scope(
    cluster: &Cluster,
    view: &CommandSettings,
    report: &mut AuditReport,
) -> Result<NamespaceScope, RoundEnd> {
    let platform = Platform::system();
    // Nothing asks this to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new(&platform);
    let reader = ScopeReader {
        cluster,
        stop: &stop,
        platform: &platform,
        dry_run: true,
        method: view.config.disrupt.method,
    };
    let target = &view.config.target;
    let Some(selected) = reader.selected_namespaces(target).await? else {
        return Ok(target.namespaces.clone());
    };

    let scope = selected.scope();
    report.skipped = selected.skipped;
    report.problems.extend(selected.warning);
    Ok(scope)
}

/// Reads the budgets of a namespace, or of all that are not excluded, and counts its pods page by page. A listing that expired
/// between two pages may contain a pod twice.
async fn audit_namespace(
    cluster: &Cluster,
    namespace: Option<&str>,
    target: &TargetConfig,
) -> Result<BudgetAudit, (ApiError, String)> {
    let budgets = cluster.budgets(namespace).await;
    let mut budgets = budgets.map_err(|error| explained(error, permissions::LIST_BUDGETS, namespace))?;
    budgets.retain(|budget| !target.excludes_namespace(&budget.namespace));
    let new = || BudgetAudit::new(budgets.clone(), target.selector.clone());
    let mut audit = new();
    let mut seen = HashSet::new();
    let mut after = None;

    loop {
        let page = cluster
            .pods(namespace, &Selector::default(), after.as_deref())
            .await;
        let page = page.map_err(|error| explained(error, permissions::LIST_PODS, namespace))?;
        if page.restarted {
            audit = new();
            seen.clear();
        }
        for pod in &page.pods {
            if !target.excludes_namespace(&pod.id.namespace) && seen.insert(pod.id.uid.clone()) {
                audit.count(pod);
            }
        }
        after = page.next;
        if after.is_none() {
            return Ok(audit);
        }
    }
}

/// The error, and for a missing permission the rule that grants it.
fn explained(error: ApiError, right: permissions::Permission, namespace: Option<&str>) -> (ApiError, String) {
    let remedy = match error {
        ApiError::Forbidden { .. } => format!("; {}", right.within(namespace).remedy()),
        _ => String::new(),
    };
    (error, remedy)
}

/// Reports a namespace that does not exist, if macaque may read namespaces: the API server lists it as an empty one.
async fn missing_namespace(cluster: &Cluster, namespace: Option<&str>) -> Option<String> {
    let name = namespace?;
    let exists = cluster.has_namespace(name).await.ok()??;
    (!exists).then(|| format!("namespace {name} does not exist"))
}

fn page(report: &AuditReport, is_wide: bool) -> String {
    let AuditReport {
        budgets,
        findings,
        skipped,
        problems,
    } = report;
    let mut parts = Vec::new();

    if !budgets.is_empty() {
        parts.push(table(budgets, is_wide));
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
        SkippedNamespace::texts(skipped)
            .iter()
            .map(|text| output::line(text)),
    );
    parts.extend(
        problems
            .iter()
            .map(|problem| output::line(&format!("problem: {problem}"))),
    );

    parts.join("\n\n")
}

fn table(budgets: &[BudgetSummary], is_wide: bool) -> String {
    TableColumns::new(is_wide)
        .column("NAMESPACE", |budget: &BudgetSummary| budget.namespace.clone())
        .column("BUDGET", |budget| budget.name.clone())
        .column("COVERS", |budget| {
            let covers = budget.covers.iter();
            listed(covers.map(|(workload, pods)| format!("{workload} ({pods})")))
        })
        .column("NEEDS", |budget| {
            format!("{} of {}{}", budget.needs, budget.expected, limit(budget))
        })
        .column("HEALTHY", |budget| budget.healthy.to_string())
        .column("ALLOWS", |budget| budget.allows.to_string())
        .wide("UNHEALTHY PODS", |budget| budget.unhealthy_pods.clone())
        .wide(
            "STATUS",
            |budget| if budget.is_current { "current" } else { "outdated" },
        )
        .result("FINDING", |budget| {
            listed(budget.findings.iter().map(ToString::to_string))
        })
        .table(budgets)
}

/// What the budget's spec says, as it is written.
fn limit(budget: &BudgetSummary) -> String {
    match (&budget.max_unavailable, &budget.min_available) {
        (Some(max), _) => format!(" (maxUnavailable: {max})"),
        (None, Some(min)) => format!(" (minAvailable: {min})"),
        (None, None) => String::new(),
    }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    let words: Vec<_> = words.collect();
    if words.is_empty() {
        "-".to_owned()
    } else {
        words.join(", ")
    }
}
