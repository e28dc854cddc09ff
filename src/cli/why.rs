//! `macaque why`: what macaque makes of one pod, or of the pods of one owner. Disrupts nothing.

mod print;
mod subject;

use actix::System;
use clap::Args as Flags;
use jiff::Timestamp;
use serde::Serialize;

use crate::k8s::Cluster;
use crate::preview::budgets;
use crate::preview::lookup;
use crate::round::{RoundConfig, StopSwitch, StopToken};
use crate::settings::ScheduleNeed;
use crate::telemetry;
use macaque_core::config::NamespaceScope;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::Pod;
use macaque_core::preview::BudgetIndex;
use macaque_core::preview::{PodExplanation, explain};
use macaque_core::report::RoundEnd;

use self::subject::WhySubject;
use super::args::{GlobalArgs, OutputFormat, ScopeArgs};
use super::{exit, output, plan, setup};

/// `macaque why`.
#[derive(Debug, Flags)]
pub(super) struct WhyArgs {
    #[command(flatten)]
    pub(super) common: GlobalArgs,
    /// The pod, as NAMESPACE/POD; or the owner, as deploy/NAME, sts/NAME, ds/NAME, job/NAME or rs/NAME (with -n)
    #[arg(value_name = "NAMESPACE/POD | KIND/NAME")]
    pub(super) whom: WhySubject,
    #[command(flatten)]
    pub(super) scope: ScopeArgs,
    /// How to print the explanation
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: OutputFormat,
}

/// What is told.
#[derive(Serialize)]
struct WhyAnswer {
    dry_run: bool,
    pods: Vec<PodExplanation>,
    problems: Vec<String>,
}

/// Explains; returns the process's exit code.
pub(super) fn run(common: &GlobalArgs, flags: &WhyArgs) -> i32 {
    let setup = match setup::prepare(common, flags.scope.flags(), ScheduleNeed::Optional) {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let (access, orders) = (setup::access(&setup), setup::orders(&setup));
    let Some(namespace) = namespace(&flags.whom, &orders.rules.target.namespaces) else {
        let whom = &flags.whom;
        telemetry::complain(&format!("{whom}: in which namespace? name one with --namespace"));
        return exit::USAGE;
    };
    let answer = System::new().block_on(async {
        let cluster = match Cluster::connect(&access).await {
            Ok(cluster) => cluster,
            Err(error) => return Err((exit::USAGE, error.to_string())),
        };
        let answer = ask(&cluster, &orders, &flags.whom, &namespace).await;
        answer.map_err(|why| (exit::CLUSTER, why))
    });
    match (answer, flags.output) {
        (Err((code, why)), _) => {
            telemetry::complain(&why);
            return code;
        }
        (Ok(answer), OutputFormat::Table) => output::tell(&print::answer(&flags.whom, &answer)),
        (Ok(answer), OutputFormat::Json) => output::json(&answer),
        (Ok(answer), OutputFormat::Yaml) => output::yaml(&answer),
    }
    exit::OK
}

/// The namespace that was named, else the only one in scope.
fn namespace(whom: &WhySubject, scope: &NamespaceScope) -> Option<String> {
    if let WhySubject::Pod {
        namespace: Some(name),
        ..
    } = whom
    {
        return Some(name.clone());
    }
    match scope {
        NamespaceScope::Named(names) => match &names[..] {
            [only] => Some(only.clone()),
            _ => None,
        },
        NamespaceScope::All => None,
    }
}

/// Reads what there is to read, and explains it; an error is its words.
async fn ask(
    cluster: &Cluster,
    orders: &RoundConfig,
    whom: &WhySubject,
    namespace: &str,
) -> Result<WhyAnswer, String> {
    // Nobody asks this to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new();
    let pods = find(cluster, whom, namespace, &stop).await?;
    let mut problems = Vec::new();
    let budgets = match orders.rules.method {
        DisruptionMethod::Evict => budgets(cluster, vec![Some(namespace)], &stop, &mut problems).await,
        DisruptionMethod::Delete => Ok(BudgetIndex::default()),
    };
    let budgets = budgets.map_err(plan::words)?;
    let now = Timestamp::now();
    let explained = pods.iter().map(|pod| explain(pod, &orders.rules, now, &budgets));
    Ok(WhyAnswer {
        dry_run: orders.dry_run,
        pods: explained.collect(),
        problems,
    })
}

async fn find(
    cluster: &Cluster,
    whom: &WhySubject,
    namespace: &str,
    stop: &StopToken,
) -> Result<Vec<Pod>, String> {
    let absent = |end: RoundEnd| plan::words(end);
    match whom {
        WhySubject::Pod { name, .. } => {
            let pod = lookup::pod(cluster, namespace, name, stop)
                .await
                .map_err(absent)?;
            match pod {
                Some(pod) => Ok(vec![pod]),
                None => Err(format!("there is no pod {namespace}/{name}")),
            }
        }
        WhySubject::Owner(owner) => {
            let pods = lookup::pods_of(cluster, namespace, owner, stop)
                .await
                .map_err(absent)?;
            if pods.is_empty() {
                return Err(format!(
                    "{owner} has no pods in namespace {namespace}, or does not exist"
                ));
            }
            Ok(pods)
        }
    }
}
