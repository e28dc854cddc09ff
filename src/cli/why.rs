//! `macaque why`: why a pod, or the pods of an owner, can or cannot be picked. Disrupts nothing.

mod print;
mod subject;

use actix::System;
use clap::Args;
use macaque_core::config::NamespaceScope;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::Pod;
use macaque_core::preview::{BudgetIndex, PodExplanation, explain};
use serde::Serialize;

use self::subject::WhySubject;
use super::args::{GlobalArgs, OutputFormat, ScopeArgs};
use super::{exit, output, plan, setup};
use crate::platform::Platform;
use crate::preview::PreviewReader;
use crate::round::{RoundConfig, StopSwitch};
use crate::settings::{ClusterSettings, ScheduleNeed};
use crate::telemetry;

/// The flags of `macaque why`.
#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// A pod, as NAMESPACE/POD; or an owner, as deploy/NAME, sts/NAME, ds/NAME, job/NAME or rs/NAME (with -n)
    #[arg(value_name = "NAMESPACE/POD | KIND/NAME")]
    subject: WhySubject,
    #[command(flatten)]
    scope: ScopeArgs,
    /// Output format
    #[arg(short, long, value_enum, default_value_t)]
    output: OutputFormat,
}

/// The explanation of every pod that was asked about.
#[derive(Serialize)]
struct WhyAnswer {
    dry_run: bool,
    pods: Vec<PodExplanation>,
    problems: Vec<String>,
}

/// Explains; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &WhyArgs) -> i32 {
    let settings = match setup::load(global, args.scope.flags(), ScheduleNeed::Optional) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let config = setup::round_config(&settings);
    let subject = &args.subject;
    let Some(namespace) = namespace_of(subject, &config.eligibility.target.namespaces) else {
        telemetry::print_error(&format!(
            "{subject}: no single namespace is in scope: name one with --namespace"
        ));
        return exit::USAGE;
    };

    let answer = System::new().block_on(read(&settings.cluster, &config, subject, &namespace));
    let answer = match answer {
        Ok(answer) => answer,
        Err(code) => return code,
    };
    match args.output {
        OutputFormat::Table => output::write_plain(&print::answer(subject, &answer)),
        OutputFormat::Json => output::json(&answer),
        OutputFormat::Yaml => output::yaml(&answer),
    }
    exit::OK
}

/// The namespace that was named, else the only one in scope.
fn namespace_of(subject: &WhySubject, scope: &NamespaceScope) -> Option<String> {
    if let WhySubject::Pod {
        namespace: Some(name),
        ..
    } = subject
    {
        return Some(name.clone());
    }
    match scope {
        NamespaceScope::Named(names) if names.len() == 1 => names.first().cloned(),
        NamespaceScope::Named(_) | NamespaceScope::All => None,
    }
}

/// Reads the pods and their budgets, and explains them.
///
/// # Errors
/// The exit code, after the problem was reported on standard error.
async fn read(
    cluster: &ClusterSettings,
    config: &RoundConfig,
    subject: &WhySubject,
    namespace: &str,
) -> Result<WhyAnswer, i32> {
    let platform = Platform::system();
    let cluster = setup::connect(cluster, &platform).await?;
    // Nothing asks this to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new(&platform);
    let reader = PreviewReader {
        cluster: &cluster,
        stop: &stop,
        platform: &platform,
    };
    let answer = explain_all(reader, config, subject, namespace).await;

    answer.map_err(|why| {
        telemetry::print_error(&why);
        exit::CLUSTER
    })
}

async fn explain_all(
    reader: PreviewReader<'_>,
    config: &RoundConfig,
    subject: &WhySubject,
    namespace: &str,
) -> Result<WhyAnswer, String> {
    let pods = find(reader, subject, namespace).await?;
    let mut problems = Vec::new();
    let budgets = match config.eligibility.method {
        DisruptionMethod::Evict => reader.budgets(vec![Some(namespace)], &mut problems).await,
        DisruptionMethod::Delete => Ok(BudgetIndex::default()),
    };
    let budgets = budgets.map_err(plan::failure_text)?;

    let now = reader.platform.now();
    let explained = pods
        .iter()
        .map(|pod| explain(pod, &config.eligibility, now, &budgets));
    Ok(WhyAnswer {
        dry_run: config.dry_run,
        pods: explained.collect(),
        problems,
    })
}

async fn find(reader: PreviewReader<'_>, subject: &WhySubject, namespace: &str) -> Result<Vec<Pod>, String> {
    match subject {
        WhySubject::Pod { name, .. } => {
            let pod = reader.pod(namespace, name).await.map_err(plan::failure_text)?;
            match pod {
                Some(pod) => Ok(vec![pod]),
                None => Err(format!("pod {namespace}/{name} does not exist")),
            }
        }
        WhySubject::Owner(owner) => {
            let pods = reader
                .pods_of(namespace, owner)
                .await
                .map_err(plan::failure_text)?;
            if pods.is_empty() {
                return Err(format!(
                    "{owner} has no pods in namespace {namespace}, or does not exist"
                ));
            }
            Ok(pods)
        }
    }
}
