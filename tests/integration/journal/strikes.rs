//! Promises about strikes: the write that records the last of them pauses macaque, whatever becomes of its answer, until
//! somebody resumes.

use kube_sandbox::scenario::deployment;
use macaque::journal::JournalStore;
use macaque::platform::Platform;
use macaque_core::config::RecoveryPolicy;
use macaque_core::eligibility::Candidate;
use macaque_core::journal::{JournalEvent, Resolution};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodPlace, PodRef};
use macaque_core::recovery::{
    RecoveryBaseline, RecoveryPrecision, RecoveryReport, RecoveryTimes, RecoveryVerdict,
};
use macaque_core::report::{RoundEnd, RoundReport};
use macaque_testkit::fault_proxy::{Fault, FaultProxy, RequestMatch};
use macaque_testkit::{FactRecorder, RecordedFact, evict_one};
use serde_json::json;

use super::fixture::{JournalFixture, TestReplica};

fn victim(slot: i64) -> Candidate {
    let owner = PodOwner {
        kind: "Deployment".to_owned(),
        name: "web".to_owned(),
    };
    let pod = PodRef {
        namespace: "shop".to_owned(),
        name: "web-0".to_owned(),
        uid: format!("uid-{slot}"),
    };
    Candidate {
        pod,
        owner: Some(owner),
        team: None,
        period_end: None,
    }
}

/// The replica disrupts a victim in the slot of this number, as far as the journal knows, and closes the round.
async fn disrupts(replica: &TestReplica, slot: i64) {
    let Candidate { pod, .. } = victim(slot);
    let closed = RoundReport {
        end: RoundEnd::Complete,
        ..evict_one().blank_report(replica.slot(slot), 7)
    };
    for event in [
        replica.claim(slot),
        JournalEvent::Reserve {
            victim: victim(slot),
            place: PodPlace::default(),
            method: DisruptionMethod::Evict,
            baseline: Some(Box::new(RecoveryBaseline::default())),
        },
        JournalEvent::Resolve {
            uid: pod.uid,
            resolution: Resolution::Disrupted,
            accepted: Some(replica.slot(slot)),
        },
        JournalEvent::Close(Box::new(closed)),
    ] {
        replica.commits(event).await.unwrap();
    }
}

/// The replica finds that the owner of the victim of this slot did not recover.
async fn strikes(replica: &TestReplica, slot: i64) {
    let Candidate { pod, owner, .. } = victim(slot);
    let report = RecoveryReport {
        slot: replica.slot(slot),
        pod,
        owner: owner.unwrap(),
        team: None,
        method: DisruptionMethod::Evict,
        inferred: false,
        verdict: Some(RecoveryVerdict::Unrecovered),
        times: RecoveryTimes::default(),
        precision: RecoveryPrecision::Watch,
        ready: 1,
        target: 2,
        expect_ms: 60_000,
        replacement: None,
        trouble: None,
        why: None,
        usual: None,
        paused: None,
    };
    replica.reports_recovery(&report).await;
}

fn fixture(limit: usize) -> JournalFixture {
    JournalFixture::with(vec![deployment("shop", "api", 9)]).recovery(RecoveryPolicy {
        strikes: Some(limit),
        ..RecoveryPolicy::off()
    })
}

/// The reports of recoveries in the outbox that say why macaque paused itself.
fn reported(fixture: &JournalFixture) -> Vec<String> {
    let journal = fixture.journal();
    let reports = journal
        .outbox()
        .iter()
        .filter_map(|entry| entry.recovery_report());
    reports.filter_map(|report| report.paused.clone()).collect()
}

const TWICE: &str = "2 victims in a row did not recover: deployment/web in shop; deployment/web in shop";

#[actix_rt::test]
async fn the_write_that_records_the_last_strike_pauses_every_replica_until_the_annotation_is_removed() {
    let fixture = fixture(2);
    let [watching, other] = [fixture.replica("a").await, fixture.replica("b").await];
    for slot in [1, 2] {
        disrupts(&watching, slot).await;
        assert!(fixture.object()["metadata"]["annotations"].is_null());
        let writes = fixture.cluster.writes().len();
        strikes(&watching, slot).await;
        assert_eq!(fixture.cluster.writes().len(), writes + 1, "one write for both");
    }

    let annotations = json!({
        "macaque/paused": "true",
        "macaque/paused-by": "macaque",
        "macaque/paused-reason": TWICE,
    });
    assert_eq!(fixture.object()["metadata"]["annotations"], annotations);
    assert_eq!(reported(&fixture), [TWICE]);
    for (replica, slot) in [(&watching, 3), (&other, 4)] {
        let why = replica.is_denied(slot).await;
        assert!(
            why.starts_with(&format!("paused by macaque: {TWICE} (annotation")),
            "{why}"
        );
    }

    fixture.annotate(None);
    other.reports(5).await;
    assert_eq!(fixture.losses(), 1);
    assert!(fixture.journal().strikes().is_empty());
}

#[actix_rt::test]
async fn a_verdict_is_published_once_though_the_answer_to_its_write_is_lost_and_two_watchers_report_it() {
    let fixture = fixture(2);
    let proxy = FaultProxy::start(&fixture.cluster.sandbox.url());
    fixture.cluster.reach_at(&proxy.url());
    let (recorder, _) = FactRecorder::new();
    let dead = fixture.replica("a").await.publishing_to(&recorder);
    disrupts(&dead, 1).await;
    let next = fixture.next_incarnation(&dead).await.publishing_to(&recorder);

    proxy.inject(RequestMatch::containing("PUT ").once(), Fault::DropAfter);
    for replica in [&dead, &next] {
        strikes(replica, 1).await;
        let verdicts = recorder.of(|fact| match fact {
            RecordedFact::RecoveryReported(report) => report.verdict,
            _ => None,
        });
        assert_eq!(verdicts, [RecoveryVerdict::Unrecovered]);
    }
}

#[actix_rt::test]
async fn a_pause_for_strikes_is_kept_if_the_answer_to_its_write_or_the_write_itself_is_lost() {
    for fault in [Fault::DropAfter, Fault::DropBefore] {
        let fixture = fixture(1);
        let proxy = FaultProxy::start(&fixture.cluster.sandbox.url());
        fixture.cluster.reach_at(&proxy.url());
        let replica = fixture.replica("a").await;
        disrupts(&replica, 1).await;

        proxy.inject(RequestMatch::containing("PUT ").once(), fault);
        strikes(&replica, 1).await;
        assert_eq!(
            fixture.object()["metadata"]["annotations"]["macaque/paused"],
            "true"
        );
        assert_eq!(reported(&fixture).len(), 1);
        assert_eq!(fixture.journal().strikes().len(), 1);
        assert!(replica.is_denied(2).await.starts_with("paused by macaque: "));
    }
}

#[actix_rt::test]
async fn a_pause_for_strikes_replaces_one_with_an_end_leaves_one_without_and_touches_no_other_annotation() {
    for (present, by) in [("2099-01-01T00:00:00Z", "macaque"), ("true", "jane")] {
        let fixture = fixture(1);
        let replica = fixture.replica("a").await;
        disrupts(&replica, 1).await;
        fixture.annotate_all(json!({
            "example.com/team": "sre",
            "macaque/paused": present,
            "macaque/paused-by": "jane",
        }));
        strikes(&replica, 1).await;

        let object = fixture.object();
        let annotations = &object["metadata"]["annotations"];
        assert_eq!(annotations["example.com/team"], "sre");
        assert_eq!(annotations["macaque/paused"], "true");
        assert_eq!(annotations["macaque/paused-by"], by);
    }
}

#[actix_rt::test]
async fn a_journal_in_memory_stays_paused_until_a_restart() {
    let fixture = fixture(1);
    let platform = Platform::system().hurried(50);
    let store = JournalStore::in_memory(1, &platform).on_demand();
    let store = store.with_recovery(RecoveryPolicy {
        strikes: Some(1),
        ..RecoveryPolicy::off()
    });
    let replica = fixture.incarnation(store, 1).await;
    disrupts(&replica, 1).await;
    strikes(&replica, 1).await;

    let why = "paused by macaque: a victim did not recover: deployment/web in shop; the journal is in memory, and a \
               restart lifts it";
    for slot in [2, 3] {
        assert_eq!(replica.is_denied(slot).await, why);
    }
    let next = fixture.next_incarnation(&replica).await;
    assert_eq!(next.is_denied(4).await, why, "the process is the same");
}
