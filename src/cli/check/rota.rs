//! Checks how full the rota is, and whether owners ask for periods that are not honoured.

use macaque_core::duration::in_days;
use macaque_core::rota::{Rota, RotaLoad, RotaOwner};

use super::CheckFinding;
use crate::cli::setup;
use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::preview::{PreviewReader, ScopeTurns};
use crate::settings::ValidSettings;
use crate::stop::StopSwitch;
use crate::text;

/// What to do about a `macaque/every` that is not honoured.
const REMEDY: &str = "let macaque/every be at least the time between two slots, and at most 365d";

/// Checks the rota of the owners in scope; nothing if there is no rota, or if the pods cannot be listed, which the check of
/// the permissions says.
pub(super) async fn check(
    cluster: &Cluster,
    settings: &ValidSettings,
    platform: &Platform,
) -> Vec<CheckFinding> {
    let config = setup::round_config(settings);
    let Some(calendar) = settings.config.calendar.as_ref() else {
        return Vec::new();
    };
    if Rota::of(&config.disrupt, calendar).is_none() {
        return Vec::new();
    }

    // Nothing asks a check to stop but a signal, which ends the process.
    let (_switch, stop) = StopSwitch::new(platform);
    let reader = PreviewReader {
        cluster,
        stop: &stop,
        platform,
    };
    let Ok(scan) = Box::pin(reader.turn_owners(&config)).await else {
        return Vec::new();
    };
    let Some(turns) = ScopeTurns::of(&config.disrupt, calendar, &scan.owners) else {
        return Vec::new();
    };

    let rota = turns.rota();
    let load = load(&rota.load(&scan.owners, platform.now()), scan.owners.len(), &rota);
    let is_refused = |owner: &&RotaOwner| owner.every.is_some_and(|every| !rota.accepts(every));
    let refused: Vec<_> = scan.owners.iter().filter(is_refused).collect();
    [load].into_iter().chain(not_honoured(&refused)).collect()
}

/// How many of the turns of this period are taken.
fn load(load: &RotaLoad, owners: usize, rota: &Rota<'_>) -> CheckFinding {
    let detail = format!(
        "{}, every {}, at most {} in a slot; this period: {} of {} taken ({} %)",
        text::count(owners, "owner"),
        in_days(rota.every),
        rota.capacity,
        load.wanted,
        text::count(load.offered, "turn"),
        load.percent(),
    );
    match load.warning() {
        Some(warning) => CheckFinding::warning("rota", detail, warning),
        None => CheckFinding::ok("rota", detail),
    }
}

/// The owners whose own period does not count.
fn not_honoured(owners: &[&RotaOwner]) -> Option<CheckFinding> {
    let first = owners.first()?;
    let every = in_days(first.every.unwrap_or_default());
    let detail = match owners.len() {
        1 => format!("{every} on {} is not honoured", first.owner),
        count => format!(
            "of {count} owners is not honoured, such as {every} on {}",
            first.owner
        ),
    };
    Some(CheckFinding::warning("macaque/every", detail, REMEDY))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use macaque_core::pod::{OwnerRef, PodOwner};

    use super::*;

    fn owner(name: &str, every: u64) -> RotaOwner {
        let owner = PodOwner {
            kind: "Deployment".to_owned(),
            name: name.to_owned(),
        };
        RotaOwner {
            owner: OwnerRef {
                namespace: "shop".to_owned(),
                owner,
            },
            every: Some(Duration::from_secs(every)),
        }
    }

    #[test]
    fn owners_whose_period_is_not_honoured_are_counted_and_one_is_named() {
        let (web, db) = (owner("web", 60), owner("db", 30));
        let detail = |owners: &[&RotaOwner]| not_honoured(owners).map(|finding| finding.detail);
        assert_eq!(detail(&[]), None);
        assert_eq!(
            detail(&[&web]).unwrap(),
            "1m on shop/deployment/web is not honoured"
        );
        assert_eq!(
            detail(&[&web, &db]).unwrap(),
            "of 2 owners is not honoured, such as 1m on shop/deployment/web"
        );
    }
}
