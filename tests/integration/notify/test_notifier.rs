//! A Notifier at work in a room of a chat service, and what its Killer hears.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix::{Actor, Addr, Context, Handler};
use macaque::actors::ActorsConfig;
use macaque::actors::clock::Trigger;
use macaque::actors::messages::{MessageDelivered, RecoveryReported, RoundFinished, Shutdown};
use macaque::actors::notifier::Notifier;
use macaque::actors::recipient::StableRecipient;
use macaque::heartbeat::Heartbeat;
use macaque::journal::JournalStore;
use macaque::k8s::ClusterAccess;
use macaque::notify::{Channel, DeliveryRetry, MessageKinds, ServiceChannel};
use macaque::platform::Platform;
use macaque::round::RoundConfig;
use macaque_core::outcome::Outcome;
use macaque_core::recovery::{RecoveryConfig, RecoveryReport};
use macaque_core::report::RoundReport;
use macaque_testkit::chat_room::ChatRoom;
use macaque_testkit::evict_one;
use macaque_testkit::notify::round;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A Notifier of channels in one room.
pub(super) struct TestNotifier {
    pub(super) room: ChatRoom,
    notifier: Addr<Notifier>,
    delivered: UnboundedReceiver<MessageDelivered>,
}

/// Takes the place of the Killer.
struct Recorder(UnboundedSender<MessageDelivered>);

impl Actor for Recorder {
    type Context = Context<Self>;
}

impl Handler<MessageDelivered> for Recorder {
    type Result = ();

    fn handle(&mut self, delivered: MessageDelivered, _: &mut Self::Context) {
        // Nobody listens at the end of a test.
        let _ = self.0.send(delivered);
    }
}

impl TestNotifier {
    /// A Notifier of messages of these kinds, which go through `channel`, in a room that is empty.
    pub(super) async fn start(channel: fn(&str) -> Channel, kinds: MessageKinds) -> Self {
        Self::start_in(ChatRoom::open().await, channel, kinds)
    }

    /// A Notifier in a room that others were in before.
    pub(super) fn start_in(room: ChatRoom, channel: fn(&str) -> Channel, kinds: MessageKinds) -> Self {
        let channels = vec![channel(&room.address)];
        Self::start_with(room, channels, kinds)
    }

    /// A Notifier of several channels in a room.
    pub(super) fn start_with(room: ChatRoom, channels: Vec<Channel>, kinds: MessageKinds) -> Self {
        let channels = channels
            .into_iter()
            .map(|channel| with_kinds(channel, kinds.clone()));
        let (sender, delivered) = unbounded_channel();
        let killer = StableRecipient::default();
        killer.connect(Recorder(sender).start().recipient());
        let config = actors_config(channels.collect());
        let heartbeat = Heartbeat::new(&config.platform);

        Self {
            room,
            notifier: Notifier::new(&config, killer, heartbeat).start(),
            delivered,
        }
    }

    /// Reports a round of these victims, which were all evicted, and waits until it was delivered; returns its name there.
    pub(super) async fn tell_round<const N: usize>(&mut self, victims: [&str; N]) -> Option<String> {
        self.report_round(round(victims.map(|victim| (victim, Outcome::Evicted))), false);
        let delivered = self.confirmed().await;
        delivered.channels.into_values().next().flatten()
    }

    /// Reports a round, as read from the journal or not.
    pub(super) fn report_round(&self, report: RoundReport, from_journal: bool) {
        self.notifier.do_send(RoundFinished {
            report: Arc::new(report),
            in_outbox: true,
            from_journal,
            delivered: Vec::new(),
        });
    }

    /// Reports a recovery, and waits until it was delivered or nobody is to hear of it.
    pub(super) async fn tell(&mut self, report: RecoveryReport) -> MessageDelivered {
        self.report(report, BTreeMap::new());
        self.confirmed().await
    }

    /// Reports a recovery, with the threads that the journal knows.
    pub(super) fn report(&self, report: RecoveryReport, threads: BTreeMap<String, String>) {
        self.notifier.do_send(RecoveryReported {
            report: Arc::new(report),
            delivered: Vec::new(),
            threads,
        });
    }

    /// The next confirmation.
    pub(super) async fn confirmed(&mut self) -> MessageDelivered {
        self.delivered.recv().await.unwrap()
    }

    /// Waits until everything in the queue was sent, and the Notifier has stopped.
    pub(super) async fn drain(self) -> ChatRoom {
        self.notifier.send(Shutdown).await.unwrap();
        while self.notifier.connected() {
            tokio::task::yield_now().await;
        }
        self.room
    }
}

/// The channel, which takes messages of these kinds.
fn with_kinds(channel: Channel, kinds: MessageKinds) -> Channel {
    match channel {
        Channel::Service(service) => Channel::Service(ServiceChannel { kinds, ..service }),
        other => other,
    }
}

fn actors_config(channels: Arc<[Channel]>) -> ActorsConfig {
    let platform = Platform::system();
    let trigger = Trigger::Interval {
        every: Duration::from_secs(3600),
        since: platform.now(),
    };
    let round = RoundConfig {
        recovery: RecoveryConfig::default(),
        ..evict_one()
    };
    let journal = JournalStore::in_memory(1, &platform);
    let access = ClusterAccess {
        kubeconfig: Some(PathBuf::from("none")),
        ..ClusterAccess::default()
    };
    ActorsConfig {
        retry: DeliveryRetry {
            tries: 3,
            first: Duration::from_millis(1),
            longest: Duration::from_millis(1),
        },
        ..ActorsConfig::new(trigger, round, journal, access, channels, &platform)
    }
}
