//! Reads whether the namespace and the owner of a victim are frozen.

use macaque_core::guard::GuardFinding;
use macaque_core::pod::Pod;

use super::RoundGuards;

impl RoundGuards<'_> {
    /// Asks whether the victim's namespace or owner is frozen.
    pub(super) async fn ask_freeze(&mut self, _victim: &Pod) -> Option<GuardFinding> {
        None
    }
}
