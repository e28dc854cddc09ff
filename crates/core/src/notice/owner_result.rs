//! What became of an owner that was tried, and why an owner had no turn.

use serde::{Deserialize, Serialize};

use super::NoTurn;

/// What became of an owner that was tried.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OwnerResult {
    /// One of its pods was disrupted, or may have been, or a dry run picked it.
    Had,
    /// The disruption was refused, by whom this says.
    Refused(String),
    /// This guard held it back.
    Held(String),
}

impl OwnerResult {
    /// Notes what became of a further attempt: the last one counts, except that a turn is not lost again.
    pub(crate) fn note(&mut self, further: Self) {
        if *self != Self::Had {
            *self = further;
        }
    }

    /// The reason for which an owner of which this is known had no turn, and by whom or what; `rule` exempts it now, if one
    /// does. `None` if it had a turn.
    pub(crate) fn without_turn(known: Option<&Self>, rule: Option<&str>) -> Option<(NoTurn, Option<String>)> {
        match (known, rule) {
            (Some(Self::Had), _) => None,
            (Some(Self::Refused(by)), _) => Some((NoTurn::Refused, Some(by.clone()))),
            (Some(Self::Held(by)), _) => Some((NoTurn::Held, Some(by.clone()))),
            (None, Some(rule)) => Some((NoTurn::Exempt, Some(rule.to_owned()))),
            (None, None) => Some((NoTurn::NotDrawn, None)),
        }
    }
}
