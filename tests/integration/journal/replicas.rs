//! Promises to several replicas: each slot is result by one of them.

use std::time::Duration;

use jiff::SignedDuration;
use kube_sandbox::scenario::deployment;
use macaque::round::{ClaimState, RoundResult};
use macaque_core::config::DisruptionLimits;
use macaque_core::journal::Denial;
use macaque_core::report::{RoundEnd, RoundReport};

use super::fixture::{JournalFixture, TestReplica, disrupted};

#[actix_rt::test]
async fn of_replicas_that_run_a_slot_at_once_one_disrupts() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 9)]);
    let replicas = [
        fixture.replica("a").await,
        fixture.replica("b").await,
        fixture.replica("c").await,
    ];

    for slot in 1..=8 {
        let result = futures_util::future::join_all(replicas.iter().map(|replica| replica.runs(slot))).await;
        assert_eq!(
            result.iter().filter(|result| disrupted(result)).count(),
            1,
            "{result:?}"
        );
        let elsewhere = result
            .iter()
            .filter(|result| matches!(result, RoundResult::Skipped(_)));
        assert_eq!(elsewhere.count(), 2, "{result:?}");
        assert_eq!(fixture.losses(), usize::try_from(slot).unwrap());
    }
}

#[actix_rt::test]
async fn a_slot_that_was_run_is_not_run_again_nor_an_earlier_one() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 4)]);
    assert!(disrupted(&fixture.replica("a").await.runs(5).await));

    for slot in [5, 4] {
        let result = fixture.replica("after a restart").await.runs(slot).await;
        assert!(
            matches!(result, RoundResult::Skipped(Denial::AlreadyClaimed { .. })),
            "{result:?}"
        );
    }

    assert_eq!(fixture.losses(), 1);
}

#[actix_rt::test]
async fn a_victim_is_written_down_with_its_uid_before_it_is_disrupted_and_its_end_after() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 4)]);
    let report = fixture.replica("a").await.reports(1).await;
    let uid = &report.attempts[0].pod.uid;
    let requests = fixture.cluster.sandbox.requests();
    let place = |is: &dyn Fn(&str, &str) -> bool| {
        let found = requests
            .iter()
            .position(|request| is(&request.method, &request.body));
        found.unwrap_or_else(|| panic!("not sent: {requests:#?}"))
    };
    let reserved =
        place(&|method, body| method == "PUT" && body.contains(uid) && body.contains(r#"\"pending\""#));
    let evicted = place(&|method, body| method == "POST" && body.contains(uid));
    let resolved =
        place(&|method, body| method == "PUT" && body.contains(uid) && body.contains(r#"\"disrupted\""#));

    assert!(
        reserved < evicted && evicted < resolved,
        "{reserved}, {evicted}, {resolved}"
    );
}

#[actix_rt::test]
async fn a_slot_from_before_the_first_start_is_not_run() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 4)]);
    let result = fixture.newcomer().await.runs(1).await;
    assert!(
        matches!(result, RoundResult::Skipped(Denial::Unrecorded { .. })),
        "{result:?}"
    );
    assert_eq!(fixture.losses(), 0);
}

/// Lets all replicas run a slot at once.
async fn all_run(replicas: &[TestReplica], slot: i64) -> Vec<RoundResult> {
    futures_util::future::join_all(replicas.iter().map(|replica| replica.runs(slot))).await
}

/// The only report among the results; whoever else has the slot is all that the others know.
fn only_report(results: Vec<RoundResult>) -> (RoundReport, ClaimState) {
    let mut reports = Vec::new();
    for result in results {
        match result {
            RoundResult::Reported {
                report, claim_state, ..
            } => reports.push((report, claim_state)),
            RoundResult::Skipped(Denial::AlreadyClaimed { .. } | Denial::StillRunning { .. }) => {}
            RoundResult::Skipped(denial) => panic!("{denial:?}"),
        }
    }
    assert_eq!(reports.len(), 1, "{reports:?}");
    let (report, claim_state) = reports.remove(0);
    (*report, claim_state)
}

async fn three_replicas(fixture: &JournalFixture) -> [TestReplica; 3] {
    [
        fixture.replica("a").await,
        fixture.replica("b").await,
        fixture.replica("c").await,
    ]
}

#[actix_rt::test]
async fn of_a_slot_that_no_replica_may_run_one_reports_and_no_other_runs_it_afterwards() {
    let webs = || vec![deployment("shop", "web", 4)];
    let limits = DisruptionLimits {
        per_hour: Some(1),
        ..DisruptionLimits::default()
    };
    let paused = JournalFixture::with(webs());
    let limited = JournalFixture::with(webs()).limits(limits);
    // No slot of this fixture can keep that distance within its starting deadline.
    let spaced = JournalFixture::with(webs()).spacing(Duration::from_secs(3600));

    for (fixture, why) in [
        (paused, "paused by the annotation macaque/paused"),
        (limited, "the limit of 1 disruptions per hour is reached"),
        (spaced, "the previous round started only a moment ago"),
    ] {
        let replicas = three_replicas(&fixture).await;
        replicas[0].reports(1).await;
        assert_eq!(fixture.losses(), 1);
        if why.starts_with("paused") {
            fixture.annotate(Some("true"));
        }

        let (report, claim_state) = only_report(all_run(&replicas, 2).await);
        let RoundEnd::Withheld { why: said } = &report.end else {
            panic!("{report:?}")
        };
        assert!(said.starts_with(why), "{said}");
        assert_eq!(
            claim_state,
            ClaimState::Closed,
            "it is kept until it is delivered"
        );

        fixture.annotate(None);
        for replica in &replicas {
            let result = replica.runs(2).await;
            let RoundResult::Skipped(Denial::AlreadyClaimed { withheld, .. }) = &result else {
                panic!("{result:?}")
            };
            assert_eq!(withheld.as_ref(), Some(said));
        }
        assert_eq!(fixture.losses(), 1);
    }
}

#[actix_rt::test]
async fn a_slot_that_comes_too_soon_after_a_round_is_run_by_one_replica_once_it_may_follow() {
    let spacing = Duration::from_millis(700);
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 4)]).spacing(spacing);
    let replicas = three_replicas(&fixture).await;
    replicas[0].reports(1).await;
    let first = fixture.journal().round().unwrap().claimed;

    let (report, claim_state) = only_report(all_run(&replicas, 2).await);
    assert_eq!(
        (&report.end, claim_state),
        (&RoundEnd::Complete, ClaimState::Closed)
    );
    assert_eq!(fixture.losses(), 2);
    let second = fixture.journal().round().unwrap().claimed;
    let spacing = SignedDuration::try_from(spacing).unwrap();
    assert!(second.duration_since(first) >= spacing, "{first}, {second}");
}

#[actix_rt::test]
async fn a_replica_that_finds_its_slot_taken_says_so_even_if_it_is_paused() {
    let fixture = JournalFixture::with(vec![deployment("shop", "web", 4)]);
    fixture.replica("a").await.reports(3).await;
    fixture.annotate(Some("true"));

    for (slot, words) in [
        (3, "was already taken by replica a-"),
        (2, "already took a later round"),
    ] {
        let result = fixture.replica("b").await.runs(slot).await;
        let RoundResult::Skipped(denial) = &result else {
            panic!("{result:?}")
        };
        assert!(denial.to_string().contains(words), "{denial}");
    }
}
