//! How many pods a round disrupts, whose and when, for people.

use std::collections::BTreeSet;

use macaque_core::pod::OwnerRef;

use crate::cli::output::{line, names};
use crate::cli::plan::turns::{NextTurn, SlotTurns};
use crate::cli::plan::view::PlanView;
use crate::text;

/// The header of the column of the next turns.
pub(super) const NEXT_TURN: &str = "NEXT TURN";

/// The next turn in its column.
pub(super) fn next_turn(turn: Option<&NextTurn>) -> String {
    turn.map_or_else(|| "-".to_owned(), |turn| turn.local.clone())
}

/// Whose turn it is in a slot.
pub(super) fn of_whom(turns: &SlotTurns) -> String {
    let owners: Vec<_> = turns.owners.iter().map(ToString::to_string).collect();
    if owners.is_empty() {
        "nobody's turn".to_owned()
    } else {
        line(&format!("the turn of {}", names(&owners)))
    }
}

/// The last rows of the funnel: the candidates whose owners have their turn later, and the others.
pub(super) fn waiting(view: &PlanView) -> Vec<[String; 3]> {
    let (Some(waiting), false) = (view.waiting, view.candidates.is_empty()) else {
        return Vec::new();
    };
    let due: BTreeSet<&OwnerRef> = view
        .turns
        .iter()
        .flatten()
        .take(1)
        .flat_map(|turns| &turns.owners)
        .collect();
    let example = view.candidates.iter().find(|row| !due.contains(&row.owner_ref()));
    let example = example.map_or_else(String::new, |row| {
        let turn = row.next_turn.as_ref();
        let when = turn.map_or_else(
            || "its owner finds no slot in the periods to come".to_owned(),
            |turn| format!("its owner's next turn is {}", turn.local),
        );
        format!("{}: {when}", row.pod)
    });

    let waits = [format!("-{waiting}"), "no-turn".to_owned(), example];
    let due = view.candidates.len() - waiting;
    let due = [due.to_string(), "in the next round".to_owned(), String::new()];
    (waiting > 0).then_some(waits).into_iter().chain([due]).collect()
}

/// How many pods a round disrupts, and whose: `1 per round`, `30% of 7 owners: 2 per round`.
pub(super) fn many(view: &PlanView) -> String {
    let count = match (&view.configured_count, view.count_owners) {
        (Some(share), Some(owners)) => format!("{share} of {}: {}", text::count(owners, "owner"), view.count),
        (Some(range), None) => range.replace('-', " to "),
        (None, _) => view.count.to_string(),
    };
    match (view.pace, &view.every) {
        ("rota", Some(every)) => {
            format!("1 pod of each owner whose turn it is, every {every}, and at most {count} per round")
        }
        ("chance", Some(every)) => {
            format!(
                "1 pod of each owner that chance picks, about every {every}, and at most {count} per round"
            )
        }
        _ => format!("{count} per round"),
    }
}
