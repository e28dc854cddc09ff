//! What the gauges of the journal show, by the clock of the scrape.

use std::time::Duration;

use jiff::Timestamp;
use macaque::facts::{Fact, FactListener as _};
use macaque::metrics::{Metrics, MetricsConfig};
use macaque_core::journal::{JournalEvent, PauseEnd, PauseRequest};
use macaque_testkit::metrics::{TestJournal, armed};

use super::{metrics, scrape, start};

/// The metrics, as the clock goes on.
struct Scene {
    metrics: Metrics,
    journal: TestJournal,
    elapsed: Duration,
}

impl Scene {
    fn new() -> Self {
        Self {
            metrics: metrics(&armed()),
            journal: TestJournal::default(),
            elapsed: Duration::ZERO,
        }
    }

    fn now(&self) -> Timestamp {
        start() + self.elapsed
    }

    async fn wait(&mut self, seconds: u64) {
        let time = Duration::from_secs(seconds);
        tokio::time::advance(time).await;
        self.elapsed += time;
    }

    fn read(&self, pause: Option<&PauseRequest>) {
        self.metrics.note(Fact::JournalRead {
            journal: self.journal.journal(),
            pause,
            now: self.now(),
        });
    }

    fn value(&self, name: &str) -> f64 {
        scrape(&self.metrics).value(name, []).unwrap()
    }

    fn is_disrupting(&self, namespace: &str) -> bool {
        let labels = [("namespace", namespace)];
        scrape(&self.metrics).value("macaque_disrupting", labels) == Some(1.0)
    }
}

#[tokio::test(start_paused = true)]
async fn a_namespace_is_disrupting_until_two_minutes_after_its_recovery_was_seen() {
    let mut scene = Scene::new();
    scene.journal.disrupt("shop", scene.now());
    scene.read(None);
    assert!(scene.is_disrupting("shop"));

    scene.wait(200).await;
    assert!(scene.is_disrupting("shop"), "the recovery goes on");
    scene.journal.recover("shop", scene.now());
    scene.read(None);

    scene.wait(119).await;
    assert!(scene.is_disrupting("shop"));
    scene.wait(1).await;
    assert!(
        !scene.is_disrupting("shop"),
        "by the clock alone: the journal was not read again"
    );
    scene.read(None);
    assert!(!scene.is_disrupting("shop"));
}

#[tokio::test(start_paused = true)]
async fn a_recovery_that_nobody_ends_is_over_two_minutes_after_its_timeout() {
    let mut scene = Scene::new();
    scene.journal.disrupt("shop", scene.now());
    scene.read(None);
    assert_eq!(scene.value("macaque_recovering"), 1.0);

    scene.wait(300).await;
    assert_eq!(scene.value("macaque_recovering"), 0.0);
    assert!(scene.is_disrupting("shop"));
    scene.wait(120).await;
    assert!(!scene.is_disrupting("shop"));
}

#[tokio::test(start_paused = true)]
async fn another_replica_that_reads_the_journal_shows_the_same() {
    let mut scene = Scene::new();
    scene.journal.disrupt("shop", scene.now());
    scene.journal.recover("shop", scene.now());
    // This one never saw the recovery open, but the round is there.
    scene.read(None);

    assert!(scene.is_disrupting("shop"));
    scene.wait(120).await;
    assert!(!scene.is_disrupting("shop"));
    let last = scrape(&scene.metrics);
    let last = last.value(
        "macaque_last_disruption_timestamp_seconds",
        [("namespace", "shop")],
    );
    assert_eq!(last, Some(start().as_second() as f64));
}

#[tokio::test(start_paused = true)]
async fn the_last_disruption_of_a_namespace_stays_while_others_are_disrupted() {
    let mut scene = Scene::new();
    for namespace in ["shop", "bank"] {
        scene.journal.disrupt(namespace, scene.now());
        scene.read(None);
        scene.wait(3600).await;
    }

    let scrape = scrape(&scene.metrics);
    let last = |namespace| {
        let name = "macaque_last_disruption_timestamp_seconds";
        scrape.value(name, [("namespace", namespace)]).unwrap() as i64 - start().as_second()
    };
    assert_eq!((last("shop"), last("bank")), (0, 3600));
    assert_eq!(
        scrape.value("macaque_last_round_timestamp_seconds", []).unwrap() as i64 - start().as_second(),
        3600
    );
}

#[tokio::test(start_paused = true)]
async fn the_limits_show_what_remains_of_those_that_are_set() {
    let mut scene = Scene::new();
    assert_eq!(
        scrape(&scene.metrics).of("macaque_limit_remaining").count(),
        0,
        "not known yet"
    );
    scene.journal.disrupt("shop", scene.now());
    scene.read(None);

    let remaining =
        |scene: &Scene, limit| scrape(&scene.metrics).value("macaque_limit_remaining", [("limit", limit)]);
    assert_eq!(remaining(&scene, "per_hour"), Some(2.0));
    assert_eq!(remaining(&scene, "per_day"), Some(9.0));

    scene.wait(3700).await;
    scene.read(None);
    assert_eq!(remaining(&scene, "per_hour"), Some(3.0));
    assert_eq!(remaining(&scene, "per_day"), Some(9.0));

    let unlimited = Scene {
        metrics: metrics(&MetricsConfig::default()),
        ..scene
    };
    unlimited.read(None);
    assert_eq!(
        scrape(&unlimited.metrics).of("macaque_limit_remaining").count(),
        0
    );
}

#[tokio::test(start_paused = true)]
async fn a_pause_shows_until_it_is_lifted_or_over() {
    let mut scene = Scene::new();
    let for_a_minute = PauseRequest {
        end: PauseEnd::Until(scene.now() + Duration::from_secs(60)),
        ..PauseRequest::INDEFINITE
    };
    scene.read(Some(&for_a_minute));
    assert_eq!(scene.value("macaque_paused"), 1.0);
    scene.wait(60).await;
    assert_eq!(scene.value("macaque_paused"), 0.0);

    scene.read(Some(&PauseRequest::INDEFINITE));
    assert_eq!(scene.value("macaque_paused"), 1.0);
    scene.read(None);
    assert_eq!(scene.value("macaque_paused"), 0.0);
}

#[tokio::test(start_paused = true)]
async fn a_journal_is_not_trusted_while_it_cannot_be_used_or_is_in_quarantine() {
    let mut scene = Scene::new();
    scene.metrics.note(Fact::JournalUnusable);
    assert_eq!(scene.value("macaque_journal_trusted"), 0.0);
    scene.read(None);
    assert_eq!(scene.value("macaque_journal_trusted"), 1.0);

    let quarantine = JournalEvent::Quarantine {
        why: "a copy was restored".to_owned(),
        known: 7,
    };
    scene.journal.step(&quarantine, scene.now());
    scene.read(None);
    assert_eq!(scene.value("macaque_journal_trusted"), 0.0);
    let until = scene.journal.journal().quarantine(scene.now()).unwrap().until;
    let left = u64::try_from(until.duration_since(scene.now()).as_secs()).unwrap();
    scene.wait(left + 1).await;
    assert_eq!(scene.value("macaque_journal_trusted"), 1.0);
}
