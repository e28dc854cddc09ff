//! Promises to several replicas: each slot is result by one of them.

use kube_sandbox::scenario::deployment;
use macaque::round::RoundResult;
use macaque_core::journal::Denial;

use super::fixture::{JournalFixture, disrupted};

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
