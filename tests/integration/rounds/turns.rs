//! Turns: the owner whose turn it is is hit at its slot and no other, and what became of each turn is reported.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kube_sandbox::scenario::{budget, deployment};
use macaque::round::RoundResult;
use macaque_core::config::DisruptionPace;
use macaque_core::eligibility::{NO_TURN, TURN_TAKEN};
use macaque_core::guard::MinReady;
use macaque_core::pod::{OwnerRef, PodOwner};
use macaque_core::report::{RoundReport, RoundStatus};
use macaque_core::rota::{Rota, RotaOwner};
use macaque_core::schedule::Calendar;
use serde_json::{Value, json};

use crate::journal::fixture::{JournalFixture, TestReplica};

/// Two slots of every minute are a period.
const EVERY: Duration = Duration::from_secs(120);
/// More turns than there are owners.
const CAPACITY: usize = 4;

fn calendar(cron: &str) -> Calendar {
    Calendar::new(cron.parse().unwrap(), TimeZone::UTC, Default::default())
}

fn owner(name: &str) -> OwnerRef {
    OwnerRef {
        namespace: "shop".to_owned(),
        owner: PodOwner {
            kind: "Deployment".to_owned(),
            name: name.to_owned(),
        },
    }
}

fn apps() -> Vec<Value> {
    ["a", "b", "c"].map(|app| deployment("shop", app, 2)).to_vec()
}

/// The owners whose turn it is at `slot` by a rota of this seed.
fn due(seed: u64, slot: Timestamp) -> Vec<String> {
    let owners: BTreeSet<_> = ["a", "b", "c"]
        .map(|name| RotaOwner {
            owner: owner(name),
            every: None,
        })
        .into();
    let rota = Rota {
        calendar: &calendar("* * * * *"),
        every: EVERY,
        capacity: CAPACITY,
        seed,
    };
    let turns = rota.turns(&owners, slot, slot + SignedDuration::from_secs(1));
    turns.into_iter().map(|turn| turn.owner.owner.name).collect()
}

/// The first seed that gives the turns of `slot` to these owners alone.
fn seed_for(slot: Timestamp, owners: &[&str]) -> u64 {
    let mut seeds = 0..10_000;
    seeds
        .find(|seed| due(*seed, slot) == owners)
        .expect("one seed in eight does")
}

/// The first slot of a period that was over a few minutes ago.
fn first_slot() -> Timestamp {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now - now.rem_euclid(120) - 240).unwrap()
}

fn minutes(slot: Timestamp, minutes: i64) -> Timestamp {
    slot + SignedDuration::from_mins(minutes)
}

fn fixture(objects: Vec<Value>) -> JournalFixture {
    JournalFixture::with(objects)
        .count(CAPACITY)
        .deadline(Duration::from_secs(900))
}

async fn replica(fixture: &JournalFixture, name: &str, seed: u64) -> TestReplica {
    let mut replica = fixture.replica(name).await;
    set_seed(&mut replica, seed);
    replica
}

fn set_seed(replica: &mut TestReplica, seed: u64) {
    replica.edit(|config| {
        config.disrupt.pace = DisruptionPace::Rota { every: EVERY, seed };
        config.calendar = Some(calendar("* * * * *"));
    });
}

/// Each turn of the report: the owner's name, and why it was missed.
fn reported(report: &RoundReport) -> Vec<(&str, Option<&str>)> {
    let turns = report.turns.iter();
    turns
        .map(|turn| (turn.owner.owner.name.as_str(), turn.missed.as_deref()))
        .collect()
}

/// The owners of the victims.
fn hit(report: &RoundReport) -> BTreeSet<&str> {
    let disrupted = report
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome.counts_as_disruption());
    disrupted
        .map(|attempt| attempt.owner.as_ref().unwrap().name.as_str())
        .collect()
}

#[actix_rt::test]
async fn the_owners_whose_turn_it_is_are_hit_at_their_slot_and_the_others_are_exempt() {
    for owners in [&["b"][..], &["a", "c"]] {
        let fixture = fixture(apps());
        let slot = first_slot();
        let replica = replica(&fixture, "one", seed_for(slot, owners)).await;
        let report = replica.reports_at(slot).await;

        assert_eq!(hit(&report), owners.iter().copied().collect());
        let expected: Vec<_> = owners.iter().map(|owner| (*owner, None)).collect();
        assert_eq!(reported(&report), expected);
        let exempt = &report.exempted[NO_TURN];
        assert_eq!(exempt.count, 2 * (3 - owners.len()));
        let next = format!("its owner's next turn is {}", minutes(slot, 1));
        assert_eq!(exempt.detail, next, "its period has one slot more");
        assert_eq!(fixture.losses(), owners.len());
    }
}

#[actix_rt::test]
async fn at_a_slot_of_nobody_nobody_is_hit_and_the_headline_says_so() {
    let fixture = fixture(apps());
    let slot = first_slot();
    let report = replica(&fixture, "one", seed_for(slot, &[]))
        .await
        .reports_at(slot)
        .await;
    assert_eq!((report.status(), report.candidates), (RoundStatus::Idle, 0));
    assert_eq!(reported(&report), []);
    assert_eq!(report.exempted[NO_TURN].count, 6);
    let message = macaque::notify::RoundMessage::of(&report);
    assert_eq!(message.headline, "no pod disrupted: no owner has its turn now");
}

#[actix_rt::test]
async fn a_turn_that_a_budget_refuses_is_reported_as_missed_and_not_made_up() {
    let mut objects = apps();
    objects.push(budget("shop", "b", json!({ "minAvailable": 2 })));
    let fixture = fixture(objects);
    let slot = first_slot();
    let replica = replica(&fixture, "one", seed_for(slot, &["b"])).await;

    let report = replica.reports_at(slot).await;
    let [("b", Some(why))] = reported(&report)[..] else {
        panic!("{report:?}")
    };
    assert!(why.contains("refused by budget b"), "{why}");
    let message = macaque::notify::RoundMessage::of(&report);
    let note = format!("turn missed: deployment/b in shop: {why}");
    assert!(message.notes.contains(&note), "{:?}", message.notes);

    fixture.cluster.sandbox.remove("PodDisruptionBudget", "shop", "b");
    let next = replica.reports_at(minutes(slot, 1)).await;
    assert_eq!(hit(&next), BTreeSet::from(["a", "c"]));
}

#[actix_rt::test]
async fn a_turn_that_a_guard_holds_back_is_reported_with_the_guard() {
    let fixture = fixture(apps());
    let slot = first_slot();
    let mut replica = replica(&fixture, "one", seed_for(slot, &["c"])).await;
    replica.edit(|config| config.guards.min_ready = MinReady::Count(5));

    let report = replica.reports_at(slot).await;
    let [("c", Some(why))] = reported(&report)[..] else {
        panic!("{report:?}")
    };
    assert!(why.contains("min_ready"), "{why}");
    assert_eq!((report.status(), fixture.losses()), (RoundStatus::Held, 0));
}

#[actix_rt::test]
async fn an_owner_whose_slot_moves_because_others_come_is_not_hit_twice_in_a_period() {
    let fixture = fixture(apps());
    let slot = first_slot();
    let mut replica = replica(&fixture, "one", seed_for(slot, &["a"])).await;
    assert_eq!(hit(&replica.reports_at(slot).await), BTreeSet::from(["a"]));

    // Another rota moves the owner as newcomers would.
    let later = minutes(slot, 1);
    set_seed(&mut replica, seed_for(later, &["a", "b"]));
    let report = replica.reports_at(later).await;
    assert_eq!(hit(&report), BTreeSet::from(["b"]));
    let why = format!(
        "its owner had its turn in the period that ends at {}",
        minutes(slot, 2)
    );
    assert_eq!(reported(&report), [("a", Some(why.as_str())), ("b", None)]);
    assert!(report.exempted.contains_key(TURN_TAKEN));

    // In the next period it has a turn again.
    let next = minutes(slot, 2);
    set_seed(&mut replica, seed_for(next, &["a"]));
    assert_eq!(hit(&replica.reports_at(next).await), BTreeSet::from(["a"]));
}

#[actix_rt::test]
async fn the_turns_of_a_slot_at_which_no_round_ran_are_reported_by_the_next_that_does() {
    let fixture = fixture(apps());
    let slot = first_slot();
    let replica = replica(&fixture, "one", seed_for(slot, &["a"])).await;
    replica.reports_at(slot).await;

    // Nothing runs at the second slot of the period, and the third is withheld.
    fixture.annotate(Some("true"));
    let withheld = replica.reports_at(minutes(slot, 2)).await;
    assert_eq!(
        (withheld.status(), reported(&withheld)),
        (RoundStatus::Refused, Vec::new())
    );

    fixture.annotate(None);
    let report = replica.reports_at(minutes(slot, 3)).await;
    let earlier: Vec<_> = report
        .turns
        .iter()
        .filter(|turn| turn.slot < minutes(slot, 3))
        .map(|turn| (turn.owner.owner.name.clone(), turn.slot, turn.missed.clone()))
        .collect();
    let seed = seed_for(slot, &["a"]);
    let expected: Vec<_> = [1, 2]
        .into_iter()
        .flat_map(|n| {
            let slot = minutes(slot, n);
            due(seed, slot)
                .into_iter()
                .map(move |owner| (owner, slot, Some(format!("no round ran its turn of {slot}"))))
        })
        .collect();
    assert_eq!(earlier, expected);
    assert!(earlier.len() >= 2, "both others had the second slot");

    let last = replica.reports_at(minutes(slot, 4)).await;
    assert!(
        last.turns.iter().all(|turn| turn.slot == minutes(slot, 4)),
        "reported once"
    );
}

#[actix_rt::test]
async fn two_replicas_know_the_same_turns_and_one_of_them_takes_them() {
    let fixture = fixture(apps());
    let slot = first_slot();
    let seed = seed_for(slot, &["a", "b"]);
    let one = replica(&fixture, "one", seed).await;
    let other = replica(&fixture, "other", seed).await;

    let (first, second) = tokio::join!(one.runs_at(slot), other.runs_at(slot));
    let reports: Vec<_> = [&first, &second]
        .into_iter()
        .filter_map(|result| match result {
            RoundResult::Reported { report, .. } => Some(report),
            RoundResult::Skipped(_) => None,
        })
        .collect();
    assert_eq!(reports.len(), 1);
    assert_eq!(reported(reports[0]), [("a", None), ("b", None)]);
    assert_eq!(fixture.losses(), 2);

    let next = minutes(slot, 1);
    let third = other.reports_at(next).await;
    assert_eq!(hit(&third), BTreeSet::from(["c"]));
}

#[actix_rt::test]
async fn between_the_slots_of_the_schedule_no_owner_has_a_turn_and_the_report_names_the_way_out() {
    let fixture = fixture(apps());
    let mut replica = fixture.replica("one").await;
    replica.edit(|config| {
        config.disrupt.pace = DisruptionPace::Rota {
            every: Duration::from_secs(400 * 24 * 3600),
            seed: 0,
        };
        // Further away than the starting deadline, at any time of the test.
        let far = (Timestamp::now() + SignedDuration::from_hours(12)).to_zoned(TimeZone::UTC);
        config.calendar = Some(calendar(&format!("{} {} * * *", far.minute(), far.hour())));
    });

    let report = replica.reports_at(first_slot()).await;
    assert_eq!((report.status(), fixture.losses()), (RoundStatus::Idle, 0));
    assert!(
        report
            .warnings
            .iter()
            .any(|warning| warning.contains("--pace count")),
        "{report:?}"
    );
}

#[actix_rt::test]
async fn by_chance_only_the_owners_that_the_seed_chooses_are_hit() {
    let fixture = fixture(apps());
    let slot = first_slot();
    let mut replica = fixture.replica("one").await;
    let every_minute = Duration::from_secs(60);
    replica.edit(|config| {
        config.disrupt.pace = DisruptionPace::Chance { every: every_minute };
        config.calendar = Some(calendar("* * * * *"));
    });
    let report = replica.reports_at(slot).await;
    assert_eq!(
        hit(&report),
        BTreeSet::from(["a", "b", "c"]),
        "each has a turn in every slot"
    );

    replica.edit(|config| {
        config.disrupt.pace = DisruptionPace::Chance {
            every: every_minute * 500_000,
        }
    });
    let report = replica.reports_at(minutes(slot, 1)).await;
    assert_eq!(
        (report.status(), reported(&report)),
        (RoundStatus::Idle, Vec::new())
    );
}
