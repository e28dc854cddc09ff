//! The next turn of the owner that was asked about, or the reason why none is known.

use macaque_core::config::DisruptionPace;
use macaque_core::pod::{OwnerRef, Pod};
use macaque_core::schedule::Calendar;
use serde::Serialize;

use crate::cli::output;
use crate::cli::plan::NextTurn;
use crate::preview::{PreviewReader, ScopeTurns};
use crate::round::RoundConfig;

/// The next turn of an owner.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum OwnerTurn {
    /// Its next turn.
    NextTurn(NextTurn),
    /// The reason why no turn is known, as a clause.
    NoTurn(String),
}

/// Finds the next turn of the owner of `pod`; `None` if owners have no turns.
///
/// # Errors
/// The owners in scope could not be listed: who else has turns decides about the slots.
pub(super) async fn find(
    reader: PreviewReader<'_>,
    config: &RoundConfig,
    calendar: Option<&Calendar>,
    pod: &Pod,
    problems: &mut Vec<String>,
) -> Result<Option<OwnerTurn>, String> {
    let no = |why: &str| Ok(Some(OwnerTurn::NoTurn(why.to_owned())));
    let calendar = match (&config.disrupt.pace, calendar) {
        (DisruptionPace::Count, _) => return Ok(None),
        (DisruptionPace::Chance { .. }, _) => {
            return no("turns are drawn when they come (disrupt.pace = chance)");
        }
        (DisruptionPace::Rota { .. }, None) => return no("there is no schedule (schedule.cron)"),
        (DisruptionPace::Rota { .. }, Some(calendar)) => calendar,
    };

    let scan = reader.turn_owners(config).await.map_err(output::failure_text)?;
    problems.extend(scan.problems);
    let owner = OwnerRef::of(&pod.id, pod.owner.as_ref());
    if !scan.owners.iter().any(|known| known.owner == owner) {
        return no("no pod of it is eligible, nor will one be by itself");
    }

    let turns = ScopeTurns::of(&config.disrupt, calendar, &scan.owners);
    let next = turns.and_then(|turns| turns.next(reader.platform.now()).remove(&owner));
    match next {
        Some(turn) => Ok(Some(OwnerTurn::NextTurn(NextTurn::of(&turn, calendar)))),
        None => no("it finds no slot in the periods to come"),
    }
}

impl OwnerTurn {
    /// The turn in a line.
    pub(super) fn words(&self) -> String {
        match self {
            Self::NextTurn(turn) => format!("its owner's next turn is {} (every {})", turn.local, turn.every),
            Self::NoTurn(why) => format!("its owner has no turn: {why}"),
        }
    }
}
