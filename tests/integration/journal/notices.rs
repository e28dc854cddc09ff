//! Promises of daemons about notices: of pauses, windows and the week each is announced once, over replicas and restarts.

use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use kube_sandbox::scenario::deployment;
use kube_sandbox::{ClusterClock, Sandbox, SandboxOptions};
use macaque::actors::clock::Trigger;
use macaque::actors::messages::StopRequested;
use macaque::actors::recipient::StableRecipient;
use macaque::actors::{self, ActorsConfig};
use macaque::journal::JournalStore;
use macaque::k8s::ClusterAccess;
use macaque::notify::{Channel, MessageKinds, ServiceChannel};
use macaque::platform::Platform;
use macaque::round::RoundConfig;
use macaque_core::config::{ConfigMapRef, DisruptionLimits, JournalLocation};
use macaque_core::journal::JournalTiming;
use macaque_core::schedule::timer::TimerConfig;
use macaque_core::schedule::{Calendar, QuietTimes};
use macaque_testkit::chat_room::{ChatPost, ChatRoom};
use macaque_testkit::notify::slack;
use macaque_testkit::{TestCluster, evict_one};
use serde_json::json;

use super::fixture::{NAME, NAMESPACE, annotate, annotate_all, empty};

/// Takeover passes run five times in this time.
const LEASE: Duration = Duration::from_secs(1);
/// How late a round may start, and how long after its last slot a window is closed.
const DEADLINE: Duration = Duration::from_secs(1);

/// Replicas that share a journal, and the room of a chat service that they report to.
struct NoticeScene {
    cluster: TestCluster,
    room: ChatRoom,
    kinds: MessageKinds,
    now: Timestamp,
}

/// A replica at work.
struct TestReplica {
    stop: StableRecipient<StopRequested>,
    actors: JoinHandle<i32>,
}

impl NoticeScene {
    /// The API server and the replicas show `now` when they start.
    async fn of(kinds: MessageKinds, now: &str) -> Self {
        let agent = json!({
            "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": { "name": "agent", "namespace": "shop" },
            "spec": {
                "selector": { "matchLabels": { "app": "agent" } },
                "template": {
                    "metadata": { "labels": { "app": "agent" } },
                    "spec": { "containers": [{ "name": "agent", "image": "agent" }] },
                },
            },
        });
        let now = instant(now);
        let sandbox = Sandbox::start(SandboxOptions {
            objects: vec![deployment("shop", "web", 40), agent, empty()],
            clock: ClusterClock::simulated(now),
            ..SandboxOptions::default()
        });
        let cluster = TestCluster::of(sandbox.unwrap());
        cluster.sandbox.pause();
        Self {
            cluster,
            room: ChatRoom::open().await,
            kinds,
            now,
        }
    }

    /// Starts a replica whose rounds `trigger` makes due.
    fn replica(&self, name: &str, trigger: Trigger) -> TestReplica {
        let platform = Platform::simulated(7, self.now);
        let location = JournalLocation::ConfigMap(ConfigMapRef {
            namespace: NAMESPACE.to_owned(),
            name: NAME.to_owned(),
        });
        let timing = JournalTiming {
            deadline: DEADLINE,
            spacing: Duration::ZERO,
            lease: LEASE,
            ..JournalTiming::default()
        };
        let mut round = RoundConfig {
            dry_run: false,
            ..evict_one()
        };
        round.eligibility.target.min_age = Duration::ZERO;
        round.recovery.enabled = false;

        let stop = StableRecipient::default();
        let journal = JournalStore::new(location, name, DisruptionLimits::default(), 1, timing, &platform);
        let access = ClusterAccess {
            kubeconfig: Some(self.cluster.kubeconfig_path()),
            ..ClusterAccess::default()
        };
        let config = ActorsConfig {
            timer: TimerConfig {
                deadline: DEADLINE,
                settle: Duration::ZERO,
                ..TimerConfig::default()
            },
            stop: stop.clone(),
            ..ActorsConfig::new(trigger, round, journal, access, [self.channel()], &platform)
        };
        TestReplica {
            stop,
            actors: std::thread::spawn(move || actors::run(config)),
        }
    }

    fn channel(&self) -> Channel {
        match slack(&self.room.address) {
            Channel::Service(service) => Channel::Service(ServiceChannel {
                kinds: self.kinds.clone(),
                ..service
            }),
            other => other,
        }
    }

    /// Waits until the room has a message that begins so; the message.
    async fn hears(&self, start: &str) -> ChatPost {
        let find = |room: &ChatRoom| {
            let mut posts = room.posts().into_iter();
            posts.find(|post| post.text.starts_with(start))
        };
        self.room.until(|room| find(room).is_some()).await;
        find(&self.room).unwrap()
    }

    /// How many messages in the room begin so.
    fn heard(&self, start: &str) -> usize {
        let posts = self.room.posts().into_iter();
        posts.filter(|post| post.text.starts_with(start)).count()
    }

    /// Pauses and resumes until the room has heard of it `times` times, so that every replica has had its turns.
    async fn goes_on(&self, times: usize) {
        for n in 0..times {
            let reason = format!("turn {n}");
            annotate_all(
                &self.cluster.sandbox,
                json!({ "macaque/paused": "true", "macaque/paused-reason": reason }),
            );
            self.hears(&format!("macaque is paused: {reason}")).await;
            let resumed = self.heard("macaque is resumed");
            annotate(&self.cluster.sandbox, None);
            self.room
                .until(|_| self.heard("macaque is resumed") > resumed)
                .await;
        }
    }

    /// The journal as text.
    fn journal(&self) -> String {
        let object = self.cluster.sandbox.object("ConfigMap", NAMESPACE, NAME).unwrap();
        object["data"]["journal.json"].as_str().unwrap().to_owned()
    }
}

impl TestReplica {
    async fn end(self) {
        self.stop.send(StopRequested("the test")).unwrap();
        // The room answers meanwhile.
        let ended = tokio::task::spawn_blocking(|| self.actors.join()).await.unwrap();
        assert_eq!(ended.unwrap(), 0);
    }
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// No round is due while a test runs.
fn never() -> Trigger {
    every(Duration::from_secs(100_000))
}

fn every(every: Duration) -> Trigger {
    let since = instant("2026-11-30T00:00:00Z");
    Trigger::Interval { every, since }
}

/// A round a day, at nine.
fn daily() -> Trigger {
    let cron = "0 9 * * *".parse().unwrap();
    Trigger::Cron(Calendar::new(cron, TimeZone::UTC, QuietTimes::default()))
}

#[actix_rt::test]
async fn a_pause_and_its_end_are_announced_once_over_replicas_and_restarts() {
    let scene = NoticeScene::of(MessageKinds::default(), "2026-11-30T12:00:00Z").await;
    let first = scene.replica("a", never());
    let second = scene.replica("b", never());

    annotate_all(
        &scene.cluster.sandbox,
        json!({ "macaque/paused": "true", "macaque/paused-by": "jane", "macaque/paused-reason": "INC-4711" }),
    );
    let paused = scene.hears("macaque is paused by jane: INC-4711").await;
    assert!(
        paused.body.to_string().contains("macaque resume"),
        "{}",
        paused.body
    );

    first.end().await;
    second.end().await;
    let replicas = [scene.replica("c", never()), scene.replica("d", never())];
    annotate(&scene.cluster.sandbox, None);
    scene.hears("macaque is resumed").await;

    scene.goes_on(2).await;
    assert_eq!(scene.heard("macaque is paused by jane"), 1);
    assert_eq!(scene.heard("macaque is resumed"), 3);
    assert_eq!(scene.room.posts().len(), 6);
    for replica in replicas {
        replica.end().await;
    }
}

#[actix_rt::test]
async fn a_window_is_announced_before_its_first_round_and_after_its_last_by_one_of_two_replicas() {
    let scene = NoticeScene::of(MessageKinds::all(), "2026-11-30T08:59:57Z").await;
    let replicas = ["a", "b"].map(|name| scene.replica(name, daily()));

    scene
        .hears("window closed: 1 round ran, and 1 pod was disrupted")
        .await;
    scene.goes_on(2).await;
    let posts = scene.room.posts();
    let texts: Vec<_> = posts.iter().map(|post| post.text.as_str()).take(3).collect();
    assert_eq!(
        texts[0],
        "window opens: one round is due, at 2026-11-30T09:00:00Z"
    );
    assert!(texts[1].starts_with("evicted shop/web-"), "{texts:?}");
    assert_eq!(scene.heard("window"), 2, "{texts:?}");
    for replica in replicas {
        replica.end().await;
    }
}

#[actix_rt::test]
async fn a_digest_of_what_happened_and_of_who_had_no_turn_is_announced_by_one_of_two_replicas() {
    // A Monday.
    let scene = NoticeScene::of(MessageKinds::all(), "2026-11-30T08:59:57Z").await;
    let trigger = || every(Duration::from_millis(300));
    let replicas = ["a", "b"].map(|name| scene.replica(name, trigger()));

    let digest = scene.hears("since 2026-11-30T08:59:5").await;
    scene.goes_on(2).await;
    assert_eq!(scene.heard("since "), 1);
    let said = digest.body.to_string();
    assert!(digest.text.ends_with("pods were disrupted"), "{}", digest.text);
    for line in [
        "in shop",
        "no turn, exempt (1): daemonset/agent in shop (daemonset)",
        "digest of 2026-11-30T09:00:00Z",
    ] {
        assert!(said.contains(line), "{said}");
    }
    assert!(!said.contains("deployment/web"), "it had turns: {said}");
    for replica in replicas {
        replica.end().await;
    }
}

#[actix_rt::test]
async fn nothing_is_counted_or_written_for_windows_and_digests_that_nobody_asks_for() {
    let scene = NoticeScene::of(MessageKinds::default(), "2026-11-30T08:59:58Z").await;
    let replica = scene.replica("a", daily());

    scene.hears("evicted shop/web-").await;
    replica.end().await;
    assert!(!scene.journal().contains("notice"), "{}", scene.journal());
    assert_eq!(scene.room.posts().len(), 1);
}
