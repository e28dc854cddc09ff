//! Reads the siblings of a victim.

use macaque_core::guard::GuardFinding;
use macaque_core::pod::Pod;

use super::RoundGuards;

impl RoundGuards<'_> {
    /// Asks the guards that judge the pods of the victim's owner.
    pub(super) async fn ask_siblings(&mut self, _victim: &Pod) -> Vec<GuardFinding> {
        Vec::new()
    }
}
