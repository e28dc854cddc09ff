//! The EventRecorder actor: writes Kubernetes Events about what happens, one after the other. It runs only if Events are on,
//! and nobody waits for it.

use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};

use super::ActorsConfig;
use super::messages::Shutdown;
use crate::events::EventWriter;
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::Heartbeat;
use crate::stop::StopSwitch;

/// The EventRecorder actor. Its connection to the cluster belongs to this incarnation and its Arbiter.
pub(super) struct EventRecorder {
    context: Rc<RecorderContext>,
    stop: StopSwitch,
}

/// What the EventRecorder works with.
struct RecorderContext {
    writer: EventWriter,
    heartbeat: Heartbeat,
    /// How long writing may go without progress: every request is progress, and one may take this long.
    allowance: Duration,
    fail_points: FailPoints,
}

impl EventRecorder {
    /// Creates an EventRecorder that has written nothing yet.
    pub(super) fn new(config: &ActorsConfig, heartbeat: Heartbeat) -> Self {
        let (stop, token) = StopSwitch::new(&config.platform);
        let writer = EventWriter::new(
            config.events.clone(),
            config.access.clone(),
            config.facts.clone(),
            token,
            heartbeat.clone(),
            &config.platform,
        );
        let context = RecorderContext {
            writer,
            heartbeat,
            allowance: config.access.deadlines.disrupt + config.timeouts.hang,
            fail_points: config.fail_points.clone(),
        };
        Self {
            context: Rc::new(context),
            stop,
        }
    }
}

impl RecorderContext {
    /// Writes what waits and what comes, until macaque is asked to stop and nothing waits.
    async fn work(&self) {
        while let Some(waiting) = self.writer.next().await {
            let _operation = self.heartbeat.begin("writing Events", self.allowance);
            self.fail_points.pass(FailPoint::BeforeEvent).await;
            self.writer.write(&waiting).await;
        }
    }
}

impl Actor for EventRecorder {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let context = Rc::clone(&self.context);
        // Spawned on the actor's own context: it ends with the actor and never outlives it.
        let work = async move { context.work().await };
        ctx.spawn(work.into_actor(self).map(|(), _, ctx| ctx.stop()));
    }
}

impl Handler<Shutdown> for EventRecorder {
    type Result = ();

    fn handle(&mut self, _: Shutdown, _: &mut Self::Context) {
        self.stop.request();
    }
}
