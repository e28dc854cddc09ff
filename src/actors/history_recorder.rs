//! The HistoryRecorder actor: writes what happens to the history's ConfigMap, at most once a minute. It runs only if the
//! history is on, and nobody waits for it.

use std::rc::Rc;
use std::time::Duration;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};

use super::ActorsConfig;
use super::messages::Shutdown;
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::Heartbeat;
use crate::history::HistoryWriter;
use crate::stop::StopSwitch;

/// The HistoryRecorder actor. Its connections to the cluster belong to this incarnation and its Arbiter.
pub(super) struct HistoryRecorder {
    context: Rc<HistoryContext>,
    stop: StopSwitch,
}

/// What the HistoryRecorder works with.
struct HistoryContext {
    /// Writes the history, if it is on.
    writer: Option<HistoryWriter>,
    heartbeat: Heartbeat,
    /// How long writing may go without progress: every request is progress, and one may take this long.
    allowance: Duration,
    fail_points: FailPoints,
}

impl HistoryRecorder {
    /// Creates a HistoryRecorder that has written nothing yet.
    pub(super) fn new(config: &ActorsConfig, heartbeat: Heartbeat) -> Self {
        let (stop, token) = StopSwitch::new(&config.platform);
        let writer = HistoryWriter::new(
            &config.history,
            config.access.clone(),
            config.facts.clone(),
            token,
            heartbeat.clone(),
            &config.platform,
        );
        let context = HistoryContext {
            writer,
            heartbeat,
            allowance: config.access.deadlines.read + config.timeouts.hang,
            fail_points: config.fail_points.clone(),
        };
        Self {
            context: Rc::new(context),
            stop,
        }
    }
}

impl HistoryContext {
    /// Writes what waits and what comes, until macaque is asked to stop, and then once more.
    async fn work(&self) {
        let Some(writer) = &self.writer else {
            return;
        };
        while writer.next().await {
            self.write(writer).await;
        }
        if writer.is_needed() {
            self.write(writer).await;
        }
    }

    async fn write(&self, writer: &HistoryWriter) {
        let _operation = self.heartbeat.begin("writing the history", self.allowance);
        self.fail_points.pass(FailPoint::BeforeHistory).await;
        writer.write().await;
    }
}

impl Actor for HistoryRecorder {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        let context = Rc::clone(&self.context);
        // Spawned on the actor's own context: it ends with the actor and never outlives it.
        let work = async move { context.work().await };
        ctx.spawn(work.into_actor(self).map(|(), _, ctx| ctx.stop()));
    }
}

impl Handler<Shutdown> for HistoryRecorder {
    type Result = ();

    fn handle(&mut self, _: Shutdown, _: &mut Self::Context) {
        self.stop.request();
    }
}
