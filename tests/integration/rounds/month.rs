//! A month of rounds over sixty owners: every owner has its turn at the slot that was foretold at the start, except those
//! that an event with a name moved.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use kube_sandbox::scenario::{pod, stateful_set};
use macaque::facts::Facts;
use macaque::failpoint::FailPoints;
use macaque::gates::Gates;
use macaque::journal::JournalStore;
use macaque::platform::Platform;
use macaque::preview::{PreviewReader, ScopeTurns};
use macaque::round::{self, RoundConfig, RoundContext, RoundResult};
use macaque::stop::{StopSwitch, StopToken};
use macaque_core::config::{DisruptionLimits, DisruptionPace, JournalLocation, NamespaceScope, VictimCount};
use macaque_core::journal::JournalTiming;
use macaque_core::outcome::Outcome;
use macaque_core::pod::{OwnerRef, PodOwner};
use macaque_core::report::{RoundReport, TurnReport};
use macaque_core::rota::{RotaOwner, Turn};
use macaque_core::schedule::Calendar;
use macaque_testkit::fault_proxy::{Fault, FaultProxy};
use macaque_testkit::{TestCluster, evict_one};
use serde_json::{Value, json};

use super::fixture::HURRY;

const NAMESPACES: [&str; 3] = ["bakery", "cinema", "garden"];
/// Owners in each namespace.
const OWNERS: usize = 20;
/// One more pod than an owner loses in three periods: nothing replaces them.
const PODS: usize = 4;
const DAY: Duration = Duration::from_secs(24 * 3600);
/// How many turns a slot has.
const CAPACITY: usize = 2;

/// Who was disrupted at which slot.
type History = BTreeSet<(Timestamp, OwnerRef)>;

fn owner(namespace: &str, name: &str) -> OwnerRef {
    OwnerRef {
        namespace: namespace.to_owned(),
        owner: PodOwner {
            kind: "StatefulSet".to_owned(),
            name: name.to_owned(),
        },
    }
}

/// The pods of an owner that joins while nothing moves by itself, so that nobody else creates them.
fn pods(owner: &OwnerRef) -> Vec<Value> {
    let name = &owner.owner.name;
    let object = |index: usize| {
        let mut object = pod(&owner.namespace, &format!("{name}-{index}"), name);
        object["metadata"]["ownerReferences"] = json!([{
            "apiVersion": "apps/v1", "kind": "StatefulSet", "name": name, "uid": format!("uid-{name}"),
            "controller": true,
        }]);
        object
    };
    (0..PODS).map(object).collect()
}

/// A cluster, the schedule of office hours, and the journal of one process.
struct Month {
    cluster: TestCluster,
    /// Shows the time of each round for the API server's, which is the machine's.
    proxy: FaultProxy,
    config: RoundConfig,
    calendar: Calendar,
    journal: Option<JournalStore>,
    _switch: StopSwitch,
    stop: StopToken,
}

impl Month {
    fn new() -> Self {
        let owners = NAMESPACES.into_iter().flat_map(|namespace| {
            (0..OWNERS).map(move |index| owner(namespace, &format!("{namespace}-{index}")))
        });
        let objects =
            owners.map(|OwnerRef { namespace, owner }| stateful_set(&namespace, &owner.name, PODS as u32));
        let objects = objects.collect();

        let calendar = Calendar::new(
            "0 9-16 * * Mon-Fri".parse().unwrap(),
            TimeZone::get("Europe/Berlin").unwrap(),
            Default::default(),
        );
        let mut config = evict_one();
        config.eligibility.target.namespaces =
            NamespaceScope::Named(NAMESPACES.map(ToOwned::to_owned).into());
        // The pods were created by the clock of the machine, and the rounds run by another.
        config.eligibility.target.min_age = Duration::ZERO;
        config.disrupt.count = VictimCount::Fixed(CAPACITY);
        config.disrupt.pace = DisruptionPace::Rota {
            every: 10 * DAY,
            seed: 7,
        };
        config.calendar = Some(calendar.clone());

        let (switch, stop) = StopSwitch::new(&Platform::system());
        let cluster = TestCluster::with(objects);
        let proxy = FaultProxy::start(&cluster.sandbox.url());
        cluster.reach_at(&proxy.url());
        Self {
            cluster,
            proxy,
            config,
            calendar,
            journal: None,
            _switch: switch,
            stop,
        }
    }

    /// The owners that have turns, as `schedule --owners` reads them.
    async fn owners(&self) -> BTreeSet<RotaOwner> {
        let platform = Platform::system();
        let reader = PreviewReader {
            cluster: &self.cluster.connect(&platform).await,
            stop: &self.stop,
            platform: &platform,
        };
        reader.turn_owners(&self.config).await.unwrap().owners
    }

    /// The turns of these owners, as `schedule --owners` lists them.
    fn turns(&self, owners: &BTreeSet<RotaOwner>, from: Timestamp, to: Timestamp) -> Vec<Turn> {
        let turns = ScopeTurns::of(&self.config.disrupt, &self.calendar, owners);
        turns.unwrap().between(from, to)
    }

    /// Runs the round of `slot` at that time.
    async fn round(&mut self, slot: Timestamp) -> RoundReport {
        let platform = Platform::simulated(1, slot).hurried(HURRY);
        self.proxy.clear();
        self.proxy.inject("", Fault::date(slot));
        let timing = JournalTiming::default();
        let limits = DisruptionLimits::default();
        let store = JournalStore::new(
            JournalLocation::Memory,
            "month",
            limits,
            CAPACITY,
            timing,
            &platform,
        );
        let store = store.on_demand();
        let store = match &self.journal {
            Some(earlier) => store.continuing(earlier),
            None => store,
        };

        let context = RoundContext {
            cluster: &self.cluster.connect(&platform).await,
            gates: &Gates::new(&[], &platform),
            writer: &store.writer(1),
            config: &self.config,
            on_accepted: &|_| {},
            facts: &Facts::default(),
            stop: &self.stop,
            platform: &platform,
            fail_points: &FailPoints::default(),
        };
        let result = round::run(context, slot, slot.as_second().unsigned_abs()).await;
        self.journal = Some(store);
        match result {
            RoundResult::Reported { report, .. } => *report,
            RoundResult::Skipped(denial) => panic!("{slot}: {denial}"),
        }
    }

    fn delete(&self, owner: &OwnerRef) {
        let OwnerRef {
            namespace,
            owner: PodOwner { kind, name },
        } = owner;
        self.cluster.sandbox.remove(kind, namespace, name);
        for index in 0..PODS {
            let name = format!("{}-{index}", owner.owner.name);
            self.cluster.sandbox.remove("Pod", &owner.namespace, &name);
        }
    }

    fn create(&self, owner: &OwnerRef) {
        self.cluster.sandbox.apply(&pods(owner)).unwrap();
    }

    fn freeze(&self, owner: &OwnerRef) {
        for index in 0..PODS {
            let name = format!("{}-{index}", owner.owner.name);
            let pod = self.cluster.sandbox.object("Pod", &owner.namespace, &name);
            let mut pod = pod.unwrap();
            pod["metadata"]["annotations"] = json!({"macaque/frozen": "true"});
            self.cluster.sandbox.apply(&[pod]).unwrap();
        }
    }
}

/// The owners that a round disrupted.
fn disrupted(report: &RoundReport) -> Vec<OwnerRef> {
    let evicted = report
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome == Outcome::Evicted);
    evicted
        .map(|attempt| OwnerRef::of(&attempt.pod, attempt.owner.as_ref()))
        .collect()
}

/// What the slots of a month give to owners that come and go: the turns of those that are there, once in each period.
#[derive(Default)]
struct Expected {
    until: BTreeMap<OwnerRef, Timestamp>,
}

impl Expected {
    /// The owners that the turns of a slot disrupt, without those that had their turn in the period.
    fn of(&mut self, turns: Vec<Turn>, frozen: Option<&OwnerRef>) -> BTreeSet<OwnerRef> {
        let mut hit = BTreeSet::new();
        for turn in turns {
            let had_turn = self
                .until
                .get(&turn.owner)
                .is_some_and(|until| turn.slot < *until);
            if !had_turn && frozen != Some(&turn.owner) {
                self.until.insert(turn.owner.clone(), turn.period_end);
                hit.insert(turn.owner);
            }
        }
        hit
    }
}

/// The events of the month.
struct Events {
    /// An owner that is deleted, before its second turn.
    deleted: (Timestamp, OwnerRef),
    /// An owner that joins.
    joined: (Timestamp, OwnerRef),
    /// An owner that is frozen before its third turn.
    frozen: (Timestamp, OwnerRef),
    /// A slot at which no round runs.
    missed: Timestamp,
}

impl Events {
    /// Events of which each has something to move, by the turns as they were foretold.
    fn among(foretold: &[Turn], start: Timestamp) -> Self {
        let later = |days: u32| start + days * DAY;
        let first_after = |days: u32| foretold.iter().find(|turn| turn.slot >= later(days)).unwrap();
        let deleted = first_after(14);
        let missed = first_after(17);
        let frozen = first_after(24);
        Self {
            deleted: (later(12), deleted.owner.clone()),
            joined: (later(13), owner("garden", "newcomer")),
            frozen: (later(23), frozen.owner.clone()),
            missed: missed.slot,
        }
    }
}

#[tokio::test]
async fn in_a_month_every_owner_has_its_turns_at_the_foretold_slots_but_for_what_named_events_moved() {
    let mut month = Month::new();
    let mut owners = month.owners().await;
    assert_eq!(owners.len(), NAMESPACES.len() * OWNERS);

    let some_day: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    let start = month.turns(&owners, some_day, some_day + 11 * DAY)[0].period_end;
    let end = start + 30 * DAY;
    let foretold = month.turns(&owners, start, end);
    assert_eq!(
        foretold.len(),
        3 * owners.len(),
        "three turns each in three periods"
    );

    let events = Events::among(&foretold, start);
    let mut expected = Expected::default();
    let mut history = History::new();
    let mut told: Vec<TurnReport> = Vec::new();
    let before = start - SignedDuration::from_secs(1);
    let slots = month.calendar.clone();
    let slots = slots.upcoming(before).map(|slot| slot.instant);
    let mut previous = start;
    let mut rounds = 0;
    for slot in slots.take_while(|slot| *slot < end) {
        let happens = |event: Timestamp| previous < event && event <= slot;
        if happens(events.deleted.0) {
            month.delete(&events.deleted.1);
        }
        if happens(events.joined.0) {
            month.create(&events.joined.1);
        }
        if happens(events.frozen.0) {
            month.freeze(&events.frozen.1);
        }
        if happens(events.deleted.0) || happens(events.joined.0) || happens(events.frozen.0) {
            owners = month.owners().await;
        }
        previous = slot;
        if slot == events.missed {
            continue;
        }

        let report = month.round(slot).await;
        rounds += 1;
        let is_frozen = slot >= events.frozen.0;
        let frozen = is_frozen.then_some(&events.frozen.1);
        let due = month.turns(&owners, slot, slot + SignedDuration::from_secs(1));
        let hit: BTreeSet<_> = disrupted(&report).into_iter().collect();
        assert_eq!(hit, expected.of(due, frozen), "{slot}: {report:?}");
        history.extend(hit.into_iter().map(|owner| (slot, owner)));
        told.extend(report.turns);
    }
    assert!((150..200).contains(&rounds), "{rounds} slots");

    // Whatever differs from what was foretold has a name.
    let planned: History = foretold
        .iter()
        .map(|turn| (turn.slot, turn.owner.clone()))
        .collect();
    let named = |owner: &OwnerRef| {
        *owner == events.deleted.1 || *owner == events.joined.1 || *owner == events.frozen.1
    };
    let is_explained = |slot: Timestamp, owner: &OwnerRef| named(owner) || slot == events.missed;
    let lost = planned
        .difference(&history)
        .filter(|(slot, owner)| !is_explained(*slot, owner));
    let new = history.difference(&planned).filter(|(_, owner)| !named(owner));
    let lost: Vec<_> = lost.collect();
    let new: Vec<_> = new.collect();
    let moved: BTreeSet<_> = lost.iter().chain(&new).map(|(_, owner)| owner).collect();
    assert!(
        moved.len() <= 6,
        "only those move whose slots the events concern: {lost:?} {new:?}"
    );
    assert!(lost.iter().all(|(slot, _)| *slot >= events.deleted.0), "{lost:?}");

    let of = |owner: &OwnerRef| history.iter().filter(|(_, hit)| hit == owner).count();
    assert_eq!(of(&events.deleted.1), 1);
    assert_eq!(of(&events.frozen.1), 2);
    assert!(
        (1..=2).contains(&of(&events.joined.1)),
        "{}",
        of(&events.joined.1)
    );
    let of_missed: BTreeSet<_> = foretold
        .iter()
        .filter(|turn| turn.slot == events.missed)
        .map(|turn| &turn.owner)
        .collect();
    for owner in owners
        .iter()
        .map(|owner| &owner.owner)
        .filter(|owner| !named(owner))
    {
        let turns = of(owner) + usize::from(of_missed.contains(owner));
        assert!(
            turns == 3 || moved.contains(owner) && turns == 2,
            "{owner}: {turns}"
        );
    }

    // What was missed is told, with its reason.
    let missed = |owner: &OwnerRef| {
        let of_owner = told.iter().filter(|turn| turn.owner == *owner);
        of_owner
            .filter_map(|turn| turn.missed.clone())
            .collect::<Vec<_>>()
    };
    let of_frozen = missed(&events.frozen.1);
    assert!(
        of_frozen.iter().any(|why| why.contains("frozen")),
        "{of_frozen:?}"
    );
    for owner in of_missed {
        let why = missed(owner);
        assert!(
            why.iter().any(|why| why.contains("no round ran")),
            "{owner}: {why:?}"
        );
    }
}
