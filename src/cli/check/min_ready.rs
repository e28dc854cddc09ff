//! Checks whether owners in scope have too few replicas for `guards.min_ready` ever to pass.

use macaque_core::guard::{MinReady, unreachable_min_ready};

use super::CheckFinding;
use crate::cli::setup;
use crate::guards::siblings::{OwnedPods, SiblingReader};
use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::preview::PreviewReader;
use crate::settings::ValidSettings;
use crate::stop::StopSwitch;

/// The maximum number of owners whose wanted number is read: each is a request.
const MOST_READ: usize = 50;

const WHAT: &str = "guards.min_ready";

/// Checks the owners of the candidates; `None` if the guard can pass for all, is off, or the pods cannot be listed, which
/// the check of the permissions says.
pub(super) async fn check(
    cluster: &Cluster,
    settings: &ValidSettings,
    platform: &Platform,
) -> Option<CheckFinding> {
    let min_ready = settings.config.guards.min_ready;
    // Of a share of all pods another check speaks.
    if min_ready.is_off() || min_ready == MinReady::Percent(100) {
        return None;
    }
    let config = setup::round_config(settings);

    // Nothing asks a check to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new(platform);
    let preview = PreviewReader {
        cluster,
        stop: &stop,
        platform,
    };
    let siblings = SiblingReader {
        cluster,
        stop: &stop,
        platform,
    };
    let snapshot = preview.snapshot(&config).await.ok()?;
    let all = snapshot.owners.len();
    let few = snapshot.owners.into_values();
    let few = few.filter(|owner| unreachable_min_ready(&owner.pods, min_ready).is_some());

    let mut stuck = Vec::new();
    for (index, mut owner) in few.enumerate() {
        // An owner that lacks pods for now may have enough again.
        if index < MOST_READ {
            let desired = siblings.desired(&owner.workload).await;
            owner.pods.set_desired(desired.ok().flatten());
        }
        stuck.extend(describe(&owner, min_ready));
    }
    finding(&stuck, all)
}

/// Names an owner for which the guard can never pass, with the reason; `None` for any other.
fn describe(owner: &OwnedPods, min_ready: MinReady) -> Option<String> {
    let why = unreachable_min_ready(&owner.pods, min_ready)?;
    let workload = &owner.workload;
    let kind = workload.kind.to_lowercase();
    Some(format!(
        "{kind}/{} in {}: {why}",
        workload.name, workload.namespace
    ))
}

fn finding(stuck: &[String], all: usize) -> Option<CheckFinding> {
    let first = stuck.first()?;
    let detail = match (stuck.len(), all) {
        (1, _) => first.clone(),
        (count, all) => format!("{count} of {all} owners, such as {first}"),
    };
    let remedy = "such pods are never disrupted: add replicas, lower guards.min_ready, or leave them out of the target";
    Some(CheckFinding::note(WHAT, detail, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_that_can_never_be_disrupted_are_counted_and_one_is_named() {
        let detail = |stuck: &[&str]| {
            let stuck: Vec<_> = stuck.iter().map(|owner| (*owner).to_owned()).collect();
            finding(&stuck, 7).map(|finding| finding.detail)
        };
        assert_eq!(detail(&[]), None);
        assert_eq!(
            detail(&["deployment/web in shop: …"]).unwrap(),
            "deployment/web in shop: …"
        );
        assert_eq!(detail(&["a", "b"]).unwrap(), "2 of 7 owners, such as a");
    }
}
