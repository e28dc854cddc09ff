//! Lists the owners of the pods in scope, for a digest or a report: judged by the rules of a round, and disrupted by nobody.

use macaque_core::config::DisruptionPace;
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::notice::ScopeOwners;
use macaque_core::report::{RoundEnd, SkippedNamespace};

use super::scan::{EveryOwner, PodScan, PodScanner, PodSink};
use super::scope::ScopeReader;
use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::stop::StopToken;

/// Lists the owners in scope page by page, as many by name as a daemon has room for, with what kept macaque from listing some
/// or all of them.
pub async fn list_owners(
    cluster: &Cluster,
    eligibility: &EligibilityConfig,
    stop: &StopToken,
    platform: &Platform,
    dry_run: bool,
) -> ScopeOwners {
    scan_owners::<ScopeOwners>(cluster, eligibility, stop, platform, dry_run).await
}

/// Lists the owners in scope page by page, each by name, with what kept macaque from listing some or all of them.
pub async fn list_every_owner(
    cluster: &Cluster,
    eligibility: &EligibilityConfig,
    stop: &StopToken,
    platform: &Platform,
) -> ScopeOwners {
    scan_owners::<EveryOwner>(cluster, eligibility, stop, platform, true).await
}

async fn scan_owners<S: PodSink + Into<ScopeOwners>>(
    cluster: &Cluster,
    eligibility: &EligibilityConfig,
    stop: &StopToken,
    platform: &Platform,
    dry_run: bool,
) -> ScopeOwners {
    let mut scan = PodScan::<S>::default();
    let reader = ScopeReader {
        cluster,
        stop,
        platform,
        dry_run,
        method: eligibility.method,
    };
    let mut skipped = Vec::new();
    let end = match Box::pin(reader.read(eligibility, &DisruptionPace::Count)).await {
        Ok(scope) => {
            skipped.clone_from(&scope.skipped);
            let scanner = PodScanner {
                cluster,
                eligibility: &scope.eligibility,
                stop,
                platform,
                by_labels: scope.by_labels,
            };
            scanner.scan_any_size(&mut scan).await
        }
        Err(end) => Err(end),
    };

    let mut owners: ScopeOwners = scan.sink.into();
    owners.problems.extend(scan.problems);
    skipped.append(&mut scan.skipped);
    owners.problems.extend(SkippedNamespace::texts(&skipped));
    if let Err(RoundEnd::Failed { why }) = end {
        owners.problems.push(why);
    }
    owners
}
