//! What a writer publishes of the journal: what it reads and writes, and the recoveries that a step gives up.

use macaque_core::journal::{Journal, JournalEvent, MessageId, OutboxEntry, PauseRequest};

use super::{JournalError, JournalWriter};
use crate::facts::Fact;
use crate::k8s::Cluster;

impl JournalWriter {
    /// Publishes the journal as it is, with the pause in force.
    pub(super) fn publish_read(&self, cluster: &Cluster, journal: &Journal, pause: Option<&PauseRequest>) {
        let now = cluster.server_time();
        let pause = pause.filter(|pause| !pause.is_over(now));
        self.facts.publish(Fact::JournalRead { journal, pause, now });
    }

    /// Publishes that the journal cannot be used, if that is why a step failed.
    pub(super) fn publish_failure(&self, error: &JournalError) {
        if matches!(error, JournalError::Unusable(_)) {
            self.facts.publish(Fact::JournalUnusable);
        }
    }

    /// Publishes the recoveries that the step from `before` to `after` gave up, because nobody could watch them to their end.
    /// What the Watcher reports is published once its message is found.
    pub(super) fn publish_given_up(&self, event: &JournalEvent, before: &Journal, after: &Journal) {
        if matches!(event, JournalEvent::ReportRecovery(_)) {
            return;
        }
        let reports = after.outbox().iter().filter_map(OutboxEntry::recovery_report);
        for report in reports.filter(|report| before.message(&MessageId::of_recovery(report)).is_none()) {
            self.facts.publish(Fact::RecoveryReported(report));
        }
    }
}
