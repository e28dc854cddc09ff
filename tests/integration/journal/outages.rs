//! Promises about an API server that goes away while a victim is disrupted: its outcome is looked for as long as the
//! round is this replica's, and the request is repeated only if it may still be sent.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use kube_sandbox::scenario::stateful_set;
use macaque_core::outcome::Outcome;
use macaque_core::report::RoundReport;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, RequestMatch};

use super::fixture::{JournalFixture, annotate};

const EVICTION: &str = "/eviction";
const LOOK: &str = "GET /api/v1/namespaces/shop/pods/db-";

/// Long enough for many looks on a busy machine.
const LEASE: Duration = Duration::from_secs(5);

/// A journal, and a proxy through which its replicas reach the API server.
fn fixture() -> (JournalFixture, FaultProxy) {
    let fixture = JournalFixture::with(vec![stateful_set("shop", "db", 2)]).lease(LEASE);
    let proxy = FaultProxy::start(&fixture.cluster.sandbox.url());
    fixture.cluster.reach_at(&proxy.url());
    (fixture, proxy)
}

fn sent(proxy: &FaultProxy, part: &str) -> usize {
    let requests = proxy.requests().into_iter();
    requests.filter(|request| request.line().contains(part)).count()
}

fn unknown(report: &RoundReport) -> &str {
    match &report.attempts[..] {
        [attempt] => match &attempt.outcome {
            Outcome::Unknown { why } => why,
            outcome => panic!("{outcome:?}"),
        },
        attempts => panic!("{attempts:?}"),
    }
}

#[actix_rt::test]
async fn a_yes_that_cannot_be_verified_until_shortly_before_the_lease_ends_is_unknown() {
    let (fixture, proxy) = fixture();
    let replica = fixture.replica("a").await;
    proxy.inject(RequestMatch::containing(LOOK).skipping(1), Fault::DropBefore);
    let report = replica.reports(1).await;

    let words = "accepted, but the check failed: get pod shop/db-";
    assert!(unknown(&report).starts_with(words), "{report:?}");
    assert!(sent(&proxy, LOOK) > 10, "{} looks", sent(&proxy, LOOK));
    assert_eq!(sent(&proxy, EVICTION), 1);

    let journal = fixture.journal();
    let round = journal.round().unwrap();
    assert!(round.closed, "the outcome is recorded in time");
    let took = report.finished.duration_since(round.claimed);
    assert!(took < SignedDuration::try_from(LEASE).unwrap(), "{took:?}");
}

#[actix_rt::test]
async fn a_request_in_doubt_is_not_repeated_if_macaque_was_paused_meanwhile() {
    let (fixture, proxy) = fixture();
    let replica = fixture.replica("a").await;
    let sandbox = Arc::clone(&fixture.cluster.sandbox);
    let pause = Fault::meanwhile(move || annotate(&sandbox, Some("true")));
    proxy.inject(RequestMatch::containing(EVICTION).once(), Fault::DropBefore);
    proxy.inject(RequestMatch::containing(LOOK).skipping(1).once(), pause);
    let report = replica.reports(1).await;

    let words = "then the pod was seen alive, and the request was not repeated: paused by the annotation";
    assert!(unknown(&report).contains(words), "{report:?}");
    assert_eq!((sent(&proxy, EVICTION), fixture.losses()), (1, 0));
}
