//! What every command does first: settings proved or every mistake told, the log set up, the orders drawn up.

use std::fs;
use std::sync::Arc;

use crate::chaos::eligibility::{Identity, Rules};
use crate::cluster::Access;
use crate::round::Orders;
use crate::settings::{self, Flag, Need, Setup, Sources};
use crate::telemetry;

use super::args::Common;
use super::exit;

/// Where Kubernetes puts the namespace of a pod's service account.
const SERVICE_ACCOUNT_NAMESPACE: &str = "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

/// Loads and proves the settings, and sets up the log by them.
///
/// # Errors
/// The exit code, after every mistake was told on standard error.
pub(super) fn prepare(common: &Common, more: Vec<Flag>, need: Need) -> Result<Setup, i32> {
    let mut flags = common.flags();
    flags.extend(more);
    let sources = Sources {
        file: common.config.clone(),
        env: settings::environment(),
        flags,
        service_account_namespace: service_account_namespace(),
    };
    match settings::load(&sources, need) {
        Ok(setup) => {
            telemetry::start(&setup.log);
            Ok(setup)
        }
        Err(mistakes) => {
            telemetry::complain(&mistakes.to_string());
            Err(exit::USAGE)
        }
    }
}

fn service_account_namespace() -> Option<String> {
    let text = fs::read_to_string(SERVICE_ACCOUNT_NAMESPACE).ok()?;
    Some(text.trim().to_owned()).filter(|name| !name.is_empty())
}

/// What a round goes by.
pub(super) fn orders(setup: &Setup) -> Arc<Orders> {
    let settings::Setup { plan, identity, .. } = setup;
    let own_namespace = identity.namespace.clone().or_else(service_account_namespace);
    let identity = identity.pod.clone().zip(own_namespace);
    Arc::new(Orders {
        dry_run: plan.dry_run,
        rules: Rules {
            target: plan.target.clone(),
            method: plan.disrupt.method,
            identity: identity.map(|(pod, namespace)| Identity { namespace, pod }),
        },
        disrupt: plan.disrupt.clone(),
    })
}

/// Where the cluster is.
pub(super) fn access(setup: &Setup) -> Access {
    Access {
        kubeconfig: setup.cluster.kubeconfig.clone(),
        context: setup.cluster.context.clone(),
    }
}
