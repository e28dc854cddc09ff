//! Finds the namespaces that are in scope by their labels, and says which of them rounds leave out.

use macaque_core::config::{ChaosConfig, NamespaceScope};
use macaque_core::permissions::LIST_NAMESPACES;
use macaque_core::report::SkippedNamespace;

use super::CheckFinding;
use crate::cli::output;
use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::round::scope::ScopeReader;
use crate::stop::StopSwitch;

/// The namespaces in scope, by name; those without a Role are noted, and are no failure.
pub(super) async fn scope(
    cluster: &Cluster,
    config: &ChaosConfig,
    platform: &Platform,
    findings: &mut Vec<CheckFinding>,
) -> NamespaceScope {
    let target = &config.target;
    let Some(selector) = target.namespaces.selector() else {
        return target.namespaces.clone();
    };
    // The finding about this permission says it already.
    if let Ok(false) = cluster.holds(&LIST_NAMESPACES.within(None)).await {
        return NamespaceScope::Named(Vec::new());
    }

    let (_switch, stop) = StopSwitch::new(platform);
    let reader = ScopeReader {
        cluster,
        stop: &stop,
        platform,
        dry_run: config.dry_run,
        method: config.disrupt.method,
    };
    let what = format!("namespaces with {selector}");
    let selected = match reader.selected_namespaces(target).await {
        Ok(selected) => selected.unwrap_or_default(),
        Err(end) => {
            let why = output::failure_text(end);
            findings.push(CheckFinding::failed(what, why, "see the API server's message"));
            return NamespaceScope::Named(Vec::new());
        }
    };

    let scope = selected.scope();
    findings.push(if let Some(warning) = selected.warning {
        CheckFinding::warning(
            what,
            warning,
            "label a namespace, or fix target.namespace_selector",
        )
    } else {
        let names = scope.names();
        let found = names.len() + selected.skipped.len();
        CheckFinding::ok(
            what,
            format!("{} of {found} in scope: {}", names.len(), listed(names)),
        )
    });
    findings.extend(selected.skipped.into_iter().map(skipped));
    scope
}

fn skipped(namespace: SkippedNamespace) -> CheckFinding {
    let SkippedNamespace { namespace, why } = namespace;
    let finding = CheckFinding::note(
        format!("namespace {namespace}"),
        format!("skipped: {why}"),
        "`macaque rbac --namespaces-from labels` prints a Role for each namespace with these labels",
    );
    finding.in_namespace(&namespace, "")
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
