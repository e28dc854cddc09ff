//! Draws that must not cost more than they are worth: picks by name in vain, and candidates that only their whole pod exempts.

use kube_sandbox::scenario::deployment;
use macaque_core::config::DrawBy;
use macaque_core::report::RoundStatus;
use serde_json::{Value, json};

use super::sampling::{DRAWN, fixture, full_lists, many_pods, victim};

/// What the requests of a list of metadata hold, and no other ones of such a round.
const METADATA: &str = "limit=500&fieldSelector=";

/// What the requests for one pod in full hold.
const ONE_POD: &str = "/pods/web-";

/// So many pods that a page of the list tells how many are eligible.
const PODS: usize = 5_500;

/// So many pods that they are not all read in full.
const MANY: usize = 6_100;

fn critical(mut pods: Vec<Value>, is_critical: impl Fn(usize) -> bool) -> Vec<Value> {
    for (n, pod) in pods.iter_mut().enumerate() {
        if is_critical(n) {
            pod["spec"]["priority"] = json!(2_000_000_000);
        }
    }
    pods
}

#[actix_rt::test]
async fn a_page_of_the_list_tells_that_picking_may_go_on() {
    // One in thirty is eligible.
    let mut fixture = fixture(many_pods("shop", PODS, |n| n % 30 != 7)).dry_run();
    let mut went_on = 0;
    for seed in 0..6 {
        fixture = fixture.seed(seed);
        let (picks, pages) = (fixture.sent(DRAWN).len(), fixture.sent(METADATA).len());
        let report = fixture.round().await;
        let picks = fixture.sent(DRAWN).len() - picks;
        let pages = fixture.sent(METADATA).len() - pages;

        assert_eq!(report.status(), RoundStatus::DryRun);
        assert!(picks <= PODS / 74, "{picks}");
        assert_eq!(usize::from(picks > 10), pages.min(1), "{picks} {pages}");
        went_on += usize::from(picks > 10 && pages == 1);
    }
    assert!(went_on > 0, "a page was read, and picks found the victim");
}

#[actix_rt::test]
async fn a_page_without_an_eligible_pod_ends_the_picks() {
    let fixture = fixture(many_pods("shop", PODS, |_| true));
    let report = fixture.round().await;
    assert_eq!((report.status(), report.unchecked()), (RoundStatus::Idle, 0));
    assert_eq!(report.exempted["opted-out"].count, PODS);
    assert_eq!(fixture.sent(DRAWN).len(), 10);
    let pending_and_ended = 4;
    assert_eq!(fixture.sent(METADATA).len(), 1 + PODS / 500 + pending_and_ended);
}

#[actix_rt::test]
async fn the_victim_of_a_seed_is_the_same_whether_it_was_picked_or_listed() {
    // Where nobody in the first page is eligible, all are listed.
    let mut picking = fixture(many_pods("shop", PODS, |n| n % 30 != 7)).dry_run();
    let mut listing = fixture(many_pods("shop", PODS, |n| n % 30 != 7 || n < 500)).dry_run();
    let mut compared = 0;
    for seed in 0..8 {
        picking = picking.seed(seed);
        listing = listing.seed(seed);
        let picked = picking.round().await;
        let pages = listing.sent(METADATA).len();
        let listed = listing.round().await;
        let is_listed = listing.sent(METADATA).len() - pages > 1;
        if is_listed && number(victim(&picked)) >= 500 {
            assert_eq!(victim(&picked), victim(&listed));
            compared += 1;
        }
    }
    assert!(compared > 0);
}

fn number(name: &str) -> usize {
    name.trim_start_matches("web-").parse().unwrap()
}

#[actix_rt::test]
async fn after_a_hundred_candidates_that_only_their_spec_exempts_a_round_among_very_many_ends() {
    let pods = critical(many_pods("shop", MANY, |_| false), |_| true);
    let fixture = fixture(pods).draw(DrawBy::Owner);
    let report = fixture.round().await;

    assert_eq!((report.status(), report.listed), (RoundStatus::Idle, MANY));
    assert_eq!(report.exempted["system-critical"].count, 100);
    assert_eq!((report.candidates, report.unchecked()), (MANY - 100, 0));
    assert_eq!(fixture.sent(ONE_POD).len(), 100, "no more is read in vain");
    assert_eq!(full_lists(&fixture), 1, "one glance at the full list");
    assert_eq!(
        report.warnings,
        [
            "100 candidates in a row turned out to be exempt once they were read in full; 6000 others were not read in this \
          round"
        ]
    );
}

#[actix_rt::test]
async fn an_owner_whose_pods_are_all_exempt_by_their_spec_does_not_use_up_the_round() {
    let mut objects = vec![deployment("shop", "db", 1)];
    objects.extend((0..3).map(|n| deployment("shop", &format!("web-{n}"), MANY as u32 / 3)));
    let mut fixture = fixture(objects).draw(DrawBy::Owner).dry_run();
    let names = fixture.pods("shop").await;
    let pods = names.iter().filter(|name| name.starts_with("web"));
    let pods = pods.map(|name| fixture.sandbox.object("Pod", "shop", name).unwrap());
    let pods = critical(pods.collect(), |_| true);
    fixture.sandbox.apply(&pods).unwrap();

    for seed in 0..4 {
        fixture = fixture.seed(seed);
        let read = fixture.sent(ONE_POD).len();
        let report = fixture.round().await;
        assert!(victim(&report).starts_with("db-"), "{report:?}");
        assert!(fixture.sent(ONE_POD).len() - read <= 15, "five of each owner");
    }
}
