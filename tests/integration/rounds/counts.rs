//! How many victims a round takes where the configuration says a share of the owners or a range.

use std::collections::BTreeSet;

use kube_sandbox::scenario::deployment;
use macaque_core::config::VictimCount;
use macaque_core::outcome::Outcome;
use macaque_core::report::RoundReport;
use macaque_core::selection::SAMPLING_THRESHOLD;
use serde_json::{Value, json};

use super::fixture::{EVICTION, RoundFixture};

/// So many workloads of two pods each.
fn apps(number: usize) -> Vec<Value> {
    let app = |n| deployment("shop", &format!("app-{n:02}"), 2);
    (0..number).map(app).collect()
}

/// The number of victims that the report names, in words.
fn said(report: &RoundReport) -> String {
    report.count.as_ref().map_or(String::new(), ToString::to_string)
}

fn evicted(report: &RoundReport) -> usize {
    report.count(|outcome| *outcome == Outcome::Evicted)
}

#[actix_rt::test]
async fn a_share_of_the_owners_is_rounded_down_and_the_report_says_of_how_many() {
    for (owners, percent, expected, words) in [
        (7, 30, 2, "2 (30% of 7 owners)"),
        (3, 30, 1, "1 (30% of 3 owners)"),
        (4, 100, 4, "4 (100% of 4 owners)"),
        (1, 50, 1, "1 (50% of 1 owner)"),
    ] {
        let fixture = RoundFixture::with(apps(owners)).victims(VictimCount::Percent(percent));
        let report = fixture.round().await;
        assert_eq!((evicted(&report), said(&report).as_str()), (expected, words));
        assert_eq!(fixture.sent(EVICTION).len(), expected);
    }
}

#[actix_rt::test]
async fn only_owners_with_eligible_pods_count_for_a_share() {
    let mut objects = apps(10);
    for deployment in &mut objects[..6] {
        deployment["spec"]["template"]["metadata"]["annotations"] = json!({ "macaque/enabled": "false" });
    }
    let report = RoundFixture::with(objects)
        .victims(VictimCount::Percent(50))
        .round()
        .await;
    assert_eq!(
        (evicted(&report), said(&report).as_str()),
        (2, "2 (50% of 4 owners)")
    );
}

#[actix_rt::test]
async fn a_share_tries_as_many_victims_as_it_wants_whatever_the_attempts() {
    let fixture = RoundFixture::with(apps(12))
        .victims(VictimCount::Percent(100))
        .attempts(10);
    assert_eq!(evicted(&fixture.round().await), 12);
}

#[actix_rt::test]
async fn each_round_draws_its_number_from_the_range_by_its_seed() {
    let range = VictimCount::Range { from: 1, to: 3 };
    let mut drawn = BTreeSet::new();
    for seed in 0..12 {
        let fixture = RoundFixture::with(apps(5)).victims(range).seed(seed);
        let report = fixture.round().await;
        let expected = range.of_round(5, seed);
        assert_eq!(
            (evicted(&report), said(&report)),
            (expected, format!("{expected} (1-3)"))
        );
        drawn.insert(expected);
    }
    assert_eq!(drawn, BTreeSet::from([1, 2, 3]));
}

#[actix_rt::test]
async fn among_many_pods_a_share_counts_all_owners_and_a_range_needs_none() {
    let size = (SAMPLING_THRESHOLD / 8 + 10) as u32;
    let many = || {
        (0..8)
            .map(|n| deployment("shop", &format!("app-{n}"), size))
            .collect()
    };

    let report = RoundFixture::with(many())
        .victims(VictimCount::Percent(25))
        .round()
        .await;
    assert_eq!(
        (evicted(&report), said(&report).as_str()),
        (2, "2 (25% of 8 owners)")
    );
    assert_eq!(report.unchecked(), 0);

    let range = VictimCount::Range { from: 2, to: 2 };
    let report = RoundFixture::with(many()).victims(range).round().await;
    assert_eq!((evicted(&report), said(&report).as_str()), (2, "2 (2-2)"));
    assert!(report.unchecked() > 0);
}
