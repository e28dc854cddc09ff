//! How the Clock, the Killer, the Watcher and the Notifier are connected: by what each sends, and to whom.

use actix::Addr;

use super::ActorsConfig;
use super::clock::Clock;
use super::killer::{Killer, KillerRecipients};
use super::messages::{
    DisruptionAccepted, MessageDelivered, NoticeIssued, RecoveriesFound, RecoveriesWanted, RecoveryReported,
    RoundDue, RoundFinished,
};
use super::notifier::Notifier;
use super::recipient::StableRecipient;
use super::role::ActorRole;
use super::watcher::Watcher;
use crate::heartbeat::Heartbeat;

/// The recipients through which the actors send messages to each other, by message.
#[derive(Debug, Clone, Default)]
pub(super) struct ActorRecipients {
    // To the Killer.
    round_due: StableRecipient<RoundDue>,
    recoveries_wanted: StableRecipient<RecoveriesWanted>,
    message_delivered: StableRecipient<MessageDelivered>,
    // To the Watcher.
    disruption_accepted: StableRecipient<DisruptionAccepted>,
    recoveries_found: StableRecipient<RecoveriesFound>,
    // To the Notifier.
    round_finished: StableRecipient<RoundFinished>,
    recovery_reported: StableRecipient<RecoveryReported>,
    notice_issued: StableRecipient<NoticeIssued>,
}

impl ActorRecipients {
    /// Creates a Clock.
    pub(super) fn clock(self, config: &ActorsConfig, heartbeat: Heartbeat) -> Clock {
        Clock::new(config, self.round_due, heartbeat)
    }

    /// Creates the Killer at this address, to which its messages go from now on.
    pub(super) fn killer(
        self,
        address: &Addr<Killer>,
        config: &ActorsConfig,
        incarnation: u64,
        heartbeat: Heartbeat,
    ) -> Killer {
        self.round_due.connect(address.clone().recipient());
        self.recoveries_wanted.connect(address.clone().recipient());
        self.message_delivered.connect(address.clone().recipient());
        let recipients = KillerRecipients {
            disruption_accepted: self.disruption_accepted,
            recoveries_found: self.recoveries_found,
            round_finished: self.round_finished,
            recovery_reported: self.recovery_reported,
            notice_issued: self.notice_issued,
        };
        Killer::new(config, incarnation, recipients, heartbeat)
    }

    /// Creates the Watcher at this address, to which its messages go from now on.
    pub(super) fn watcher(
        self,
        address: &Addr<Watcher>,
        config: &ActorsConfig,
        heartbeat: Heartbeat,
    ) -> Watcher {
        self.disruption_accepted.connect(address.clone().recipient());
        self.recoveries_found.connect(address.clone().recipient());
        Watcher::new(config, self.recoveries_wanted, self.recovery_reported, heartbeat)
    }

    /// Creates the Notifier at this address, to which its messages go from now on.
    pub(super) fn notifier(
        self,
        address: &Addr<Notifier>,
        config: &ActorsConfig,
        heartbeat: Heartbeat,
    ) -> Notifier {
        self.round_finished.connect(address.clone().recipient());
        self.recovery_reported.connect(address.clone().recipient());
        self.notice_issued.connect(address.clone().recipient());
        Notifier::new(config, self.message_delivered, heartbeat)
    }

    /// Returns messages to an actor of this role to their senders from now on.
    pub(super) fn disconnect(&self, role: ActorRole) {
        match role {
            ActorRole::Reloader
            | ActorRole::Clock
            | ActorRole::EventRecorder
            | ActorRole::HistoryRecorder => {}
            ActorRole::Killer => {
                self.round_due.disconnect();
                self.recoveries_wanted.disconnect();
                self.message_delivered.disconnect();
            }
            ActorRole::Watcher => {
                self.disruption_accepted.disconnect();
                self.recoveries_found.disconnect();
            }
            ActorRole::Notifier => {
                self.round_finished.disconnect();
                self.recovery_reported.disconnect();
                self.notice_issued.disconnect();
            }
        }
    }
}
