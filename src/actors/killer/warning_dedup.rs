//! Keeps a lasting warning from being reported with every round: only its first report has it.

use std::collections::BTreeSet;

use macaque_core::key_warnings::lasting_part;
use macaque_core::report::RoundReport;

/// How many warnings are remembered; beyond that all are reported anew.
const REMEMBERED: usize = 1_000;

/// The warnings that were reported.
#[derive(Debug, Default)]
pub(super) struct WarningDedup(BTreeSet<String>);

impl WarningDedup {
    /// Removes from `report`, which is about to be sent, the warnings that an earlier report had. The number of pods that
    /// a warning is about does not make it another one.
    pub(super) fn remove_reported(&mut self, report: &mut RoundReport) {
        if self.0.len() > REMEMBERED {
            self.0.clear();
        }
        report
            .warnings
            .retain(|warning| self.0.insert(lasting_part(warning).to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::report;

    #[test]
    fn a_warning_is_reported_once_however_many_pods_it_is_about() {
        let mut dedup = WarningDedup::default();
        let mut reported = |warnings: &[&str]| {
            let mut report = report([]);
            report.warnings = warnings.iter().map(ToString::to_string).collect();
            dedup.remove_reported(&mut report);
            report.warnings
        };

        let shop = "macaque/x on namespace shop: no such key";
        let attic = "macaque/x on namespace attic: no such key";
        let first = ["macaque/x: no such key (pod shop/web-0)", shop];
        assert_eq!(reported(&first), first);
        assert_eq!(reported(&first), [""; 0]);
        assert_eq!(
            reported(&[
                "macaque/x: no such key (12 pods, such as shop/web-7)",
                shop,
                attic
            ]),
            [attic]
        );
    }

    #[test]
    fn the_memory_for_warnings_is_bounded() {
        let mut dedup = WarningDedup::default();
        for number in 0..3 * REMEMBERED {
            let mut report = report([]);
            report.warnings = vec![format!("macaque/{number}: no such key")];
            dedup.remove_reported(&mut report);
            assert_eq!(report.warnings.len(), 1);
        }
        assert!(dedup.0.len() <= REMEMBERED + 1);
    }
}
