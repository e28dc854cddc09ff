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
use crate::round::{Orders, Stop, StopSwitch};
use crate::settings::Need;
use crate::telemetry;
use macaque_core::config::Namespaces;
use macaque_core::outcome::Method;
use macaque_core::pod::Pod;
use macaque_core::preview::Budgets;
use macaque_core::preview::{Explanation, explain};
use macaque_core::report::End;

use self::subject::Whom;
use super::args::{Common, Output, Scope};
use super::{exit, output, plan, setup};

/// `macaque why`.
#[derive(Debug, Flags)]
pub(super) struct Why {
    #[command(flatten)]
    pub(super) common: Common,
    /// The pod, as NAMESPACE/POD; or the owner, as deploy/NAME, sts/NAME, ds/NAME, job/NAME or rs/NAME (with -n)
    #[arg(value_name = "NAMESPACE/POD | KIND/NAME")]
    pub(super) whom: Whom,
    #[command(flatten)]
    pub(super) scope: Scope,
    /// How to print the explanation
    #[arg(short, long, value_enum, default_value_t)]
    pub(super) output: Output,
}

/// What is told.
#[derive(Serialize)]
struct Answer {
    dry_run: bool,
    pods: Vec<Explanation>,
    problems: Vec<String>,
}

/// Explains; returns the process's exit code.
pub(super) fn run(common: &Common, flags: &Why) -> i32 {
    let setup = match setup::prepare(common, flags.scope.flags(), Need::NoSchedule) {
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
        (Ok(answer), Output::Table) => output::tell(&print::answer(&flags.whom, &answer)),
        (Ok(answer), Output::Json) => output::json(&answer),
        (Ok(answer), Output::Yaml) => output::yaml(&answer),
    }
    exit::OK
}

/// The namespace that was named, else the only one in scope.
fn namespace(whom: &Whom, scope: &Namespaces) -> Option<String> {
    if let Whom::Pod {
        namespace: Some(name),
        ..
    } = whom
    {
        return Some(name.clone());
    }
    match scope {
        Namespaces::Named(names) => match &names[..] {
            [only] => Some(only.clone()),
            _ => None,
        },
        Namespaces::All => None,
    }
}

/// Reads what there is to read, and explains it; an error is its words.
async fn ask(cluster: &Cluster, orders: &Orders, whom: &Whom, namespace: &str) -> Result<Answer, String> {
    // Nobody asks this to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new();
    let pods = find(cluster, whom, namespace, &stop).await?;
    let mut problems = Vec::new();
    let budgets = match orders.rules.method {
        Method::Evict => budgets(cluster, vec![Some(namespace)], &stop, &mut problems).await,
        Method::Delete => Ok(Budgets::default()),
    };
    let budgets = budgets.map_err(plan::words)?;
    let now = Timestamp::now();
    let explained = pods.iter().map(|pod| explain(pod, &orders.rules, now, &budgets));
    Ok(Answer {
        dry_run: orders.dry_run,
        pods: explained.collect(),
        problems,
    })
}

async fn find(cluster: &Cluster, whom: &Whom, namespace: &str, stop: &Stop) -> Result<Vec<Pod>, String> {
    let absent = |end: End| plan::words(end);
    match whom {
        Whom::Pod { name, .. } => {
            let pod = lookup::pod(cluster, namespace, name, stop)
                .await
                .map_err(absent)?;
            match pod {
                Some(pod) => Ok(vec![pod]),
                None => Err(format!("there is no pod {namespace}/{name}")),
            }
        }
        Whom::Owner(owner) => {
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
