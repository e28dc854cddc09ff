//! How full a rota is, and what to do about one that is too full.

use super::MOST_TURNS;
use crate::pod::OwnerRef;

/// The load of a rota, in percent of its turns, above which people are warned: with more, every newcomer moves many others.
pub const HIGH_LOAD: usize = 70;

/// How full a rota is, in the period around an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotaLoad {
    /// How many turns the owners want in that period: those that find a slot, and those that find none.
    pub wanted: usize,
    /// How many turns the slots of that period hold.
    pub offered: usize,
    /// The owners that find no slot in their own period around the instant.
    pub unplaced: Vec<OwnerRef>,
}

impl RotaLoad {
    /// The turns that the owners want, in percent of those that there are; 100 if there are none.
    pub fn percent(&self) -> usize {
        (self.wanted * 100).checked_div(self.offered).unwrap_or(100)
    }

    /// The warning about a rota that is too full, with the remedy.
    pub fn warning(&self) -> Option<String> {
        let Self {
            wanted,
            offered,
            unplaced,
        } = self;
        let remedy = "raise disrupt.every or disrupt.count, or let schedule.cron have more slots";
        if !unplaced.is_empty() {
            let owners = unplaced.len();
            let have = if owners == 1 { "owner has" } else { "owners have" };
            Some(format!(
                "{owners} {have} no turn in this period: {wanted} are wanted of {offered}; {remedy}"
            ))
        } else if *wanted > MOST_TURNS {
            Some(format!(
                "{wanted} turns are wanted in this period, and the journal remembers {MOST_TURNS}: the others will be \
                 refused; narrow the target"
            ))
        } else if self.percent() > HIGH_LOAD {
            let percent = self.percent();
            Some(format!(
                "{percent} % of the turns of this period are taken ({wanted} of {offered}): a new owner moves the turns of \
                 many others; {remedy}"
            ))
        } else {
            None
        }
    }
}
