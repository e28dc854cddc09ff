//! Reads how many nodes are ready.

use macaque_core::guard::GuardFinding;

use super::RoundGuards;

impl RoundGuards<'_> {
    /// Asks the guard `nodes`.
    pub(super) async fn ask_nodes(&mut self) -> Option<GuardFinding> {
        None
    }
}
