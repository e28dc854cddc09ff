//! The Reloader actor: looks at the configuration file now and then, and at once on SIGHUP. It runs only if there is a
//! configuration to reload, and nobody waits for it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, ActorContext, AsyncContext, Context, Handler, WrapFuture};
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::ActorsConfig;
use super::messages::Shutdown;
use crate::facts::Facts;
use crate::heartbeat::Heartbeat;
use crate::k8s::{ApiError, Cluster, ClusterAccess};
use crate::platform::Platform;
use crate::reload::ConfigReload;

/// The Reloader actor. Its connections to the cluster belong to this incarnation and its Arbiter.
pub(super) struct Reloader {
    context: Rc<ReloaderContext>,
    /// The signals SIGHUP, listened for before the Supervisor hears that the actor has started.
    hangups: Option<Signal>,
}

/// What the Reloader works with.
struct ReloaderContext {
    reload: Option<Arc<ConfigReload>>,
    access: ClusterAccess,
    heartbeat: Heartbeat,
    /// How long a look may go without progress: every request is progress, and one may take this long.
    allowance: Duration,
    platform: Platform,
    facts: Facts,
}

impl Reloader {
    /// Creates a Reloader that has not looked at the file yet.
    pub(super) fn new(config: &ActorsConfig, heartbeat: Heartbeat) -> Self {
        let context = ReloaderContext {
            reload: config.reload.clone(),
            access: config.access.clone(),
            heartbeat,
            allowance: config.access.deadlines.disrupt + config.timeouts.hang,
            platform: config.platform.clone(),
            facts: config.facts.clone(),
        };
        let listens = config
            .reload
            .as_ref()
            .is_some_and(|reload| reload.timing().on_hangup);
        Self {
            context: Rc::new(context),
            hangups: listens.then(hangups).flatten(),
        }
    }
}

impl ReloaderContext {
    /// Looks at the file again and again.
    async fn work(&self, mut hangups: Option<Signal>) {
        let Some(reload) = &self.reload else {
            return;
        };

        loop {
            let is_asked = tokio::select! {
                () = self.platform.sleep(reload.timing().poll) => false,
                () = next_hangup(hangups.as_mut()) => true,
            };
            if is_asked {
                log::info!("received SIGHUP: looking at the configuration file");
            }
            let _operation = self.heartbeat.begin("reloading", self.allowance);
            reload.check(is_asked, async || self.connect().await).await;
        }
    }

    async fn connect(&self) -> Result<Cluster, ApiError> {
        let cluster = Cluster::connect(&self.access, &self.platform).await?;
        let cluster = cluster.with_heartbeat(self.heartbeat.clone());
        Ok(cluster.with_facts(self.facts.clone()))
    }
}

/// The signals SIGHUP of the process.
fn hangups() -> Option<Signal> {
    let hangups = signal(SignalKind::hangup());
    if let Err(error) = &hangups {
        log::error!("cannot listen for SIGHUP: {error}");
    }
    hangups.ok()
}

/// Waits for the next SIGHUP; forever if nobody listens for it.
async fn next_hangup(hangups: Option<&mut Signal>) {
    let received = match hangups {
        Some(hangups) => hangups.recv().await,
        None => None,
    };
    if received.is_none() {
        std::future::pending::<()>().await;
    }
}

impl Actor for Reloader {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let context = Rc::clone(&self.context);
        // Spawned on the actor's own context: it ends with the actor and never outlives it.
        let hangups = self.hangups.take();
        let work = async move { context.work(hangups).await };
        ctx.spawn(work.into_actor(self));
    }
}

impl Handler<Shutdown> for Reloader {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        ctx.stop();
    }
}
