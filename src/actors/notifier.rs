//! The Notifier turns each report into one message and sees it delivered, channel by channel: each has a queue of
//! its own, so that one which fails or stalls delays neither another channel nor the Killer.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use actix::{Actor, ActorContext, ActorFutureExt, AsyncContext, Context, Handler, WrapFuture};

use super::messages::{RoundFinished, Shutdown};
use crate::fault::{Faults, Point};
use crate::notify::{self, Channel, Delivery, Http, Message, Retry};

/// How many messages wait for one channel; beyond it the oldest is dropped, and said to be.
const QUEUE: usize = 100;

/// One channel and what waits for it.
struct Lane {
    channel: Channel,
    waiting: VecDeque<Rc<Message>>,
    busy: bool,
}

/// The actor. Its HTTP client belongs to this life of it, and to this Arbiter.
pub struct Notifier {
    lanes: Vec<Lane>,
    http: Option<Http>,
    faults: Faults,
    stopping: bool,
}

impl Notifier {
    /// A Notifier for `channels` that has sent nothing yet.
    pub fn new(channels: Arc<[Channel]>, faults: Faults) -> Self {
        let lane = |channel: &Channel| Lane {
            channel: channel.clone(),
            waiting: VecDeque::new(),
            busy: false,
        };
        Self {
            lanes: channels.iter().map(lane).collect(),
            http: None,
            faults,
            stopping: false,
        }
    }
}

impl Actor for Notifier {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        let channels: Vec<_> = self.lanes.iter().map(|lane| lane.channel.clone()).collect();
        let http = Http::new(&channels).or_else(|error| {
            log::error!("chat services cannot be reached: {error}");
            // Without TLS the log is told all the same.
            Http::new(&[])
        });
        self.http = http.ok();
    }
}

impl Handler<RoundFinished> for Notifier {
    type Result = ();

    fn handle(&mut self, RoundFinished(report): RoundFinished, ctx: &mut Self::Context) {
        let message = Rc::new(Message::of(&report));
        for lane in 0..self.lanes.len() {
            let waiting = &mut self.lanes[lane].waiting;
            waiting.push_back(Rc::clone(&message));
            if waiting.len() > QUEUE {
                waiting.pop_front();
                log::error!(
                    "a message for {} was dropped: {QUEUE} wait before it",
                    self.lanes[lane].channel.name()
                );
            }
            self.send_next(lane, ctx);
        }
    }
}

impl Handler<Shutdown> for Notifier {
    type Result = ();

    fn handle(&mut self, _: Shutdown, ctx: &mut Self::Context) {
        self.stopping = true;
        self.stop_if_drained(ctx);
    }
}

impl Notifier {
    /// Sends the next message of a lane, unless one is on its way.
    fn send_next(&mut self, lane: usize, ctx: &mut Context<Self>) {
        let Lane {
            channel,
            waiting,
            busy,
        } = &mut self.lanes[lane];
        if *busy {
            return;
        }
        let Some(message) = waiting.pop_front() else {
            self.stop_if_drained(ctx);
            return;
        };
        let Some(http) = self.http.clone() else {
            log::error!(
                "{} was not told of a round: there is no HTTP client",
                channel.name()
            );
            return;
        };
        *busy = true;
        let channel = channel.clone();
        let delivery =
            async move { notify::deliver_with_retries(&http, &channel, &message, &Retry::default()).await };
        ctx.spawn(delivery.into_actor(self).map(move |delivery, notifier, ctx| {
            notifier.lanes[lane].busy = false;
            notifier.note(lane, delivery);
            notifier.send_next(lane, ctx);
        }));
    }

    fn note(&self, lane: usize, delivery: Delivery) {
        let name = self.lanes[lane].channel.name();
        match delivery {
            Ok(()) => log::debug!(channel = name; "{name} was told"),
            Err(error) => log::error!(channel = name; "{name} was not told of a round: {error}"),
        }
    }

    /// Once stopping, ends when nothing waits and nothing is on its way.
    fn stop_if_drained(&self, ctx: &mut Context<Self>) {
        if self.stopping
            && self
                .lanes
                .iter()
                .all(|lane| !lane.busy && lane.waiting.is_empty())
        {
            ctx.stop();
        }
    }
}
