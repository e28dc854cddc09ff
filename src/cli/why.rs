//! `macaque why`: why a pod, or the pods of an owner, can or cannot be picked. Disrupts nothing.

mod print;
mod subject;
mod turn;

use actix::System;
use clap::Args;
use jiff::Timestamp;
use macaque_core::config::NamespaceScope;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::Pod;
use macaque_core::preview::{BudgetIndex, ExplainedGuards, PodExplanation, explain};
use macaque_core::report::SkippedNamespace;
use macaque_core::schedule::Calendar;
use serde::Serialize;

pub(super) use self::subject::{NamedOwner, WhySubject};
use self::turn::OwnerTurn;
use super::args::{GlobalArgs, OutputFormat, ScopeArgs};
use super::{exit, output, setup};
use crate::gates::Gates;
use crate::platform::Platform;
use crate::preview::{PreviewReader, PreviewedJournal};
use crate::round::RoundConfig;
use crate::settings::ValidSettings;
use crate::stop::StopSwitch;
use crate::telemetry;

/// The flags of `macaque why`.
#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// A pod, as POD, NAMESPACE/POD or pod/POD; or the pods of an owner, as KIND/NAME (with -n). Kinds are written as
    /// `plan` and kubectl print them: deploy, sts, ds, rs, rc, job, cronjob, deployment.apps, widget.example.com
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
    /// When the answer was found.
    #[serde(skip)]
    now: Timestamp,
    dry_run: bool,
    /// The pause that holds now, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    paused: Option<String>,
    /// The limit that no disruption may exceed now, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    withheld: Option<String>,
    /// The owner, if one was asked about.
    #[serde(skip)]
    owner: Option<NamedOwner>,
    pods: Vec<PodExplanation>,
    /// The next turn of the owner, if owners have turns.
    #[serde(flatten)]
    turn: Option<OwnerTurn>,
    /// Their namespace, if rounds leave it out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    skipped: Vec<SkippedNamespace>,
    problems: Vec<String>,
    /// Warnings about macaque's own keys on the namespace and the owner.
    warnings: Vec<String>,
}

/// The pods that were asked about: at least one.
struct FoundPods {
    owner: Option<NamedOwner>,
    pods: Vec<Pod>,
}

/// Explains; returns the process's exit code.
pub(super) fn run(global: &GlobalArgs, args: &WhyArgs) -> i32 {
    let settings = match setup::load(global, args.scope.flags()) {
        Ok(settings) => settings,
        Err(code) => return code,
    };
    let config = setup::round_config(&settings);
    let subject = args.subject.clone().within(&config.eligibility.target.namespaces);
    let namespace = only_namespace(&config.eligibility.target.namespaces);
    if namespace.is_none() && subject.needs_namespace() {
        telemetry::print_error(&format!(
            "{subject}: no single namespace is in scope: name one with --namespace"
        ));
        return exit::USAGE;
    }

    let answer = System::new().block_on(read(&settings, &config, &subject, namespace));
    let answer = match answer {
        Ok(answer) => answer,
        Err(code) => return code,
    };
    output::write_in(args.output, &answer, |is_wide| print::answer(&answer, is_wide));
    exit::OK
}

/// The only namespace in scope, if there is only one.
fn only_namespace(scope: &NamespaceScope) -> Option<&str> {
    match scope {
        NamespaceScope::Named(names) if names.len() == 1 => names.first().map(String::as_str),
        NamespaceScope::Named(_) | NamespaceScope::All | NamespaceScope::Selected(_) => None,
    }
}

/// Reads the pods and their budgets, asks the guards, and explains the pods.
///
/// # Errors
/// The exit code, after the problem was reported on standard error.
async fn read(
    settings: &ValidSettings,
    config: &RoundConfig,
    subject: &WhySubject,
    namespace: Option<&str>,
) -> Result<WhyAnswer, i32> {
    let platform = Platform::system();
    let cluster = setup::connect(&settings.cluster, &platform).await?;
    // Nothing asks this to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new(&platform);
    let reader = PreviewReader {
        cluster: &cluster,
        stop: &stop,
        platform: &platform,
    };
    let journal = reader.journal(&settings.config).await;
    let namespace = namespace.unwrap_or_default();
    let calendar = settings.config.calendar.as_ref();
    let answer = explain_all(reader, config, calendar, subject, namespace, &journal).await;
    let answer = answer.map_err(|why| {
        telemetry::print_error(&why);
        exit::CLUSTER
    })?;

    let now = cluster.server_time();
    Ok(WhyAnswer {
        paused: journal.pause.as_ref().map(ToString::to_string),
        withheld: journal.withheld(&settings.config.limits, now),
        ..answer
    })
}

async fn explain_all(
    reader: PreviewReader<'_>,
    config: &RoundConfig,
    calendar: Option<&Calendar>,
    subject: &WhySubject,
    namespace: &str,
    journal: &PreviewedJournal,
) -> Result<WhyAnswer, String> {
    let scope = reader.scope(config).await.map_err(output::failure_text)?;
    let found = find(reader, subject, namespace).await;
    let FoundPods { owner, mut pods } = found.map_err(|why| {
        let skipped = scope.skipped.iter();
        let about = skipped.filter(|skipped| subject.is_of_namespace(&skipped.namespace));
        let about: Vec<_> = about.cloned().collect();
        [vec![why], SkippedNamespace::texts(&about)].concat().join("; ")
    })?;
    // The first is explained in detail: one that stays, if there is any.
    pods.sort_by_key(|pod| !pod.is_live());

    let mut problems = Vec::new();
    let namespaces = pods.first().map(|pod| Some(pod.id.namespace.as_str()));
    let budgets = match config.eligibility.method {
        DisruptionMethod::Evict => {
            reader
                .budgets(namespaces.into_iter().collect(), &mut problems)
                .await
        }
        DisruptionMethod::Delete => Ok(BudgetIndex::default()),
    };
    let budgets = budgets.map_err(output::failure_text)?;

    let gates = Gates::new(&config.gates, reader.platform);
    let answers = reader.ask_about(&pods, config, &gates, journal).await;
    let answers = answers.map_err(output::failure_text)?;

    let turn = match pods.first() {
        Some(pod) => Box::pin(turn::find(reader, config, calendar, pod, &mut problems)).await?,
        None => None,
    };
    let is_here = |skipped: &SkippedNamespace| {
        let mut pods = pods.iter();
        pods.any(|pod| pod.id.namespace == skipped.namespace)
    };
    let skipped = scope.skipped.iter().filter(|skipped| is_here(skipped));
    let skipped = skipped.cloned().collect();
    let is_new = |warning: &String| !scope.warnings.contains(warning);
    let of_guards: Vec<_> = answers.warnings.into_iter().filter(is_new).collect();
    let now = reader.cluster.server_time();
    let explained = pods.iter().zip(&answers.of_pods).map(|(pod, findings)| {
        let guards = ExplainedGuards {
            config: &config.guards,
            of_victim: findings,
            of_round: &answers.of_round,
        };
        explain(pod, &scope.eligibility, now, &budgets, guards)
    });
    Ok(WhyAnswer {
        now,
        dry_run: config.dry_run,
        paused: None,
        withheld: None,
        owner,
        pods: explained.collect(),
        turn,
        skipped,
        problems,
        warnings: [scope.warnings, of_guards].concat(),
    })
}

/// Finds the pods of the subject; `namespace` is the only one in scope, or empty.
///
/// # Errors
/// The pods could not be read, or there is none.
async fn find(reader: PreviewReader<'_>, subject: &WhySubject, namespace: &str) -> Result<FoundPods, String> {
    match subject {
        WhySubject::Pod {
            namespace: named,
            name,
        } => find_pod(reader, named.as_deref().unwrap_or(namespace), name).await,
        WhySubject::Owner(owner) => {
            let found = find_owned(reader, owner, namespace).await?;
            found.ok_or_else(|| format!("{owner} has no pods in namespace {namespace}, or does not exist"))
        }
        WhySubject::PodOrOwner { word, name } => {
            let why = match find_pod(reader, word, name).await {
                Ok(found) => return Ok(found),
                Err(why) => why,
            };
            if namespace.is_empty() {
                return Err(format!(
                    "{why}; if {word} is the kind of an owner, name its namespace with --namespace"
                ));
            }

            let owner = NamedOwner::of_word(word, name);
            let found = find_owned(reader, &owner, namespace).await?;
            found.ok_or_else(|| format!("{why}, and no pod in namespace {namespace} is owned by {owner}"))
        }
    }
}

async fn find_pod(reader: PreviewReader<'_>, namespace: &str, name: &str) -> Result<FoundPods, String> {
    let pod = reader.pod(namespace, name).await.map_err(output::failure_text)?;
    match pod {
        Some(pod) => Ok(FoundPods {
            owner: None,
            pods: vec![pod],
        }),
        None => Err(format!("pod {namespace}/{name} does not exist")),
    }
}

/// The pods of an owner; `None` if it has none.
async fn find_owned(
    reader: PreviewReader<'_>,
    owner: &NamedOwner,
    namespace: &str,
) -> Result<Option<FoundPods>, String> {
    let pods = reader.pods_of(namespace, |pod| owner.owns(pod)).await;
    let pods = pods.map_err(output::failure_text)?;
    let owner = Some(owner.clone());
    Ok((!pods.is_empty()).then_some(FoundPods { owner, pods }))
}
