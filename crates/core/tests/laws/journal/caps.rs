//! Laws of the caps: no node, zone, namespace or owner ever has more victims in a window than it may, whatever clocks
//! and holders do.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::DisruptionLimits;
use macaque_core::journal::{CapReached, Denial, Journal, Resolution, StoredJournal, VictimCap};
use macaque_core::recovery::{AcceptedBy, RecoveryVerdict};
use proptest::prelude::*;

use super::history::{HolderStep, JournalHistory, StepKind, steps};
use super::samples::{candidate, limits, place, report};

/// How long a victim counts at once.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(10);
/// After this time the place of a victim may be forgotten, and a clock that is set back does not bring it back.
const PLACE_KEPT: SignedDuration = SignedDuration::from_mins(80);

/// A reservation that was not released.
#[derive(Debug, Clone)]
struct CountedReservation {
    pod: u8,
    at: Timestamp,
    /// Whether a clock was seen so late that the place may be forgotten.
    place_forgotten: bool,
    /// Whether its owner has recovered, or needs no replacement.
    recovered: bool,
}

/// The limit of `cap`, and what it counts by: pods with the same answer share the cap.
fn limit_and_key(cap: VictimCap, limits: &DisruptionLimits, pod: u8) -> Option<(usize, String)> {
    let victim = candidate(pod).pod.namespace;
    let (limit, key) = match cap {
        VictimCap::Node => (limits.per_node, place(pod).node),
        VictimCap::Zone => (limits.per_zone, place(pod).zone),
        VictimCap::NamespaceDay => (limits.per_namespace_day, Some(victim)),
        VictimCap::OwnerDay => (limits.per_owner_day, Some(format!("{victim}/{}", pod % 10))),
    };
    limit.zip(key)
}

/// The victims of `spent` that share `cap` with `pod`, and whose window, longer by `tolerance`, is not over. In a cap on
/// victims at once, those of `journal` that are recovering count, and those that have recovered do not.
fn counted(
    journal: &Journal,
    cap: VictimCap,
    limits: &DisruptionLimits,
    spent: &[CountedReservation],
    pod: u8,
    now: Timestamp,
    tolerance: SignedDuration,
) -> Vec<CountedReservation> {
    let key = |pod| limit_and_key(cap, limits, pod).map(|(_, key)| key);
    let window = if is_at_once(cap) {
        AT_ONCE
    } else {
        SignedDuration::from_hours(24)
    };

    let is_open = |pod| {
        let records = journal.recovering().iter();
        let mut open = records.filter(|record| now < record.until + tolerance);
        open.any(|record| record.victim.pod == candidate(pod).pod)
    };
    let counts = |spent: &&CountedReservation| {
        let is_recent = now.duration_since(spent.at) < window + tolerance;
        let is_counted = if is_at_once(cap) {
            !spent.recovered && (is_recent || is_open(spent.pod))
        } else {
            is_recent
        };
        is_counted && key(spent.pod) == key(pod)
    };
    spent.iter().filter(counts).cloned().collect()
}

fn is_at_once(cap: VictimCap) -> bool {
    matches!(cap, VictimCap::Node | VictimCap::Zone)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_window_of_a_cap_holds_more_than_it_may_and_no_cap_holds_back_before_it_is_reached(
        limits in limits(), steps in steps(),
    ) {
        let mut history = JournalHistory::new(limits.clone(), 3);
        history.recovery.timeout = Duration::from_secs(1800);
        let mut spent: Vec<CountedReservation> = Vec::new();

        for step in steps {
            let before = history.journal.clone();
            let (event, context) = history.event(&step);
            let now = context.now;
            let result = before.step(&event, &context);
            for spent in &mut spent {
                spent.place_forgotten |= now.duration_since(spent.at) >= PLACE_KEPT;
            }

            match (&step.kind, &result) {
                (StepKind::Reserve { pod }, Ok(next)) if *next != before => {
                    for cap in VictimCap::ALL {
                        let Some((limit, _)) = limit_and_key(cap, &limits, *pod) else { continue };
                        let had = counted(&before, cap, &limits, &spent, *pod, now, SignedDuration::ZERO);
                        let is_forgotten = |spent: &&CountedReservation| is_at_once(cap) && spent.place_forgotten;
                        let had = had.iter().filter(|spent| !is_forgotten(spent)).count();
                        prop_assert!(had < limit, "{cap:?} had {had} of {limit}");
                    }
                    spent.push(CountedReservation { pod: *pod, at: now, place_forgotten: false, recovered: false });
                }
                (StepKind::Reserve { pod }, Err(Denial::CapReached(CapReached { cap, limit, until, .. }))) => {
                    let second = SignedDuration::from_secs(1);
                    let had = counted(&before, *cap, &limits, &spent, *pod, now, second).len();
                    prop_assert!(had >= *limit, "{cap:?} had {had} of {limit}");
                    prop_assert!(*until > now);
                }
                (StepKind::Resolve { resolution: Resolution::Released }, Ok(next)) if *next != before => {
                    let reserved = before.round().unwrap().pending_reservation().unwrap();
                    let is_released = |spent: &CountedReservation| candidate(spent.pod).pod == reserved.pod;
                    let place = spent.iter().rposition(is_released).unwrap();
                    spent.remove(place);
                }
                (StepKind::Report { which, verdict: Some(verdict) }, Ok(next)) if *next != before => {
                    let records = before.recovering();
                    let record = records.get(usize::from(*which) % records.len().max(1));
                    let frees = !matches!(verdict, RecoveryVerdict::Unrecovered | RecoveryVerdict::Unwatched);
                    if let Some(record) = record.filter(|record| frees && record.victim.origin != AcceptedBy::Doubt) {
                        let same = |spent: &&mut CountedReservation| candidate(spent.pod).pod == record.victim.pod;
                        spent.iter_mut().filter(same).for_each(|spent| spent.recovered = true);
                    }
                }
                _ => {}
            }
            history.journal = result.unwrap_or(before);
        }
    }
}

/// A history in which the first holder may disrupt 100 victims a round, and nobody watches them.
fn history(limits: DisruptionLimits) -> JournalHistory {
    JournalHistory {
        watches: false,
        ..JournalHistory::new(limits, 100)
    }
}

/// Reserves `pod` after the clock has moved; the victim is disrupted, or the denial comes back.
fn disrupts(history: &mut JournalHistory, pod: u8, clock_shift: i64) -> Result<(), Denial> {
    let journal = history.journal.clone();
    let reserve = HolderStep::of(0, StepKind::Reserve { pod }).after(clock_shift);
    let (event, context) = history.event(&reserve);
    history.journal = journal.step(&event, &context)?;

    let resolution = Resolution::Disrupted;
    assert!(history.take(&HolderStep::of(0, StepKind::Resolve { resolution })));
    Ok(())
}

/// Claims the next round, some time later.
fn next_round(history: &mut JournalHistory, seconds: i64) {
    history.close(report(history.journal.round().unwrap().slot, 0, ""));
    assert!(history.take(&HolderStep::of(0, StepKind::Claim).after(seconds)));
}

fn started(limits: DisruptionLimits) -> JournalHistory {
    let mut history = history(limits);
    assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
    history
}

#[test]
fn a_cap_names_what_it_counts_and_when_it_lets_go() {
    let set = |key: &str| {
        let limit = |name: &str| (name == key).then_some(1);
        DisruptionLimits {
            per_node: limit("per_node"),
            per_zone: limit("per_zone"),
            per_namespace_day: limit("per_namespace_day"),
            per_owner_day: limit("per_owner_day"),
            ..DisruptionLimits::default()
        }
    };
    // The first victim, another that shares the cap with it, one that does not, and the words.
    let table = [
        (
            "per_node",
            1,
            6,
            2,
            "on node node-1 within 10 minutes is reached until 2027-01-15T08:10:00Z",
        ),
        (
            "per_zone",
            1,
            3,
            2,
            "in zone zone-1 within 10 minutes is reached until 2027-01-15T08:10:00Z",
        ),
        (
            "per_namespace_day",
            1,
            2,
            21,
            "in namespace shop within 24 hours is reached until 2027-01-16T08:00:00Z",
        ),
        (
            "per_owner_day",
            1,
            11,
            21,
            "of deployment/web-1 in shop within 24 hours is reached until 2027-01-16T08:00:00Z",
        ),
    ];

    for (key, first, second, other, words) in table {
        let mut history = started(set(key));
        disrupts(&mut history, first, 0).unwrap();

        let denial = disrupts(&mut history, second, 0).unwrap_err();
        assert_eq!(
            denial.to_string(),
            format!("the limit of 1 disruption {words} (limits.{key})")
        );
        let exemption = denial.exemption().unwrap();
        assert_eq!(exemption.rule, key);
        assert_eq!(exemption.why, denial.to_string());
        assert!(!denial.is_common(), "other pods may be disrupted");

        disrupts(&mut history, other, 0).unwrap();
        let Denial::CapReached(reached) = denial else {
            panic!("{denial:?}")
        };
        let rest = reached.until.duration_since(history.now).as_secs();
        next_round(&mut history, rest - 1);
        assert!(
            disrupts(&mut history, second, 0).is_err(),
            "{key}: a second too early"
        );
        assert_eq!(disrupts(&mut history, second, 1), Ok(()), "{key}");
    }
}

#[test]
fn a_cap_on_an_unknown_node_or_zone_does_not_apply() {
    let limits = DisruptionLimits {
        per_zone: Some(1),
        ..DisruptionLimits::default()
    };
    let mut history = started(limits);
    for pod in [0, 5, 10, 15] {
        assert_eq!(place(pod).zone, None);
        assert_eq!(disrupts(&mut history, pod, 0), Ok(()));
    }
}

#[test]
fn a_victim_that_was_released_counts_for_no_cap() {
    let limits = DisruptionLimits {
        per_node: Some(1),
        per_owner_day: Some(1),
        ..DisruptionLimits::default()
    };
    let mut history = started(limits);
    let step = |kind| HolderStep::of(0, kind);
    assert!(history.take(&step(StepKind::Reserve { pod: 1 })));
    let resolution = Resolution::Released;
    assert!(history.take(&step(StepKind::Resolve { resolution })));

    assert_eq!(history.journal.recent_victims(history.now).count(), 0);
    assert_eq!(disrupts(&mut history, 11, 0), Ok(()));
}

#[test]
fn a_clock_that_is_set_back_by_an_hour_finds_the_victims_of_its_ten_minutes() {
    let limits = DisruptionLimits {
        per_node: Some(1),
        ..DisruptionLimits::default()
    };
    let mut history = started(limits);
    disrupts(&mut history, 1, 0).unwrap();

    next_round(&mut history, 3600);
    disrupts(&mut history, 2, 0).unwrap();
    assert!(
        disrupts(&mut history, 6, -3300).is_err(),
        "five minutes after the first"
    );
}

#[test]
fn the_day_caps_are_known_before_a_pod_is_read_again() {
    let limits = DisruptionLimits {
        per_node: Some(1),
        per_owner_day: Some(1),
        ..DisruptionLimits::default()
    };
    let mut history = started(limits.clone());
    disrupts(&mut history, 1, 0).unwrap();

    let check = |pod| {
        history
            .journal
            .check_candidate(&candidate(pod), &limits, history.now)
    };
    assert!(matches!(
        check(11),
        Err(Denial::CapReached(CapReached {
            cap: VictimCap::OwnerDay,
            ..
        }))
    ));
    assert_eq!(check(6), Ok(()), "its node is not known yet");
}

#[test]
fn the_victims_of_ten_minutes_are_known_without_any_cap_and_then_forgotten() {
    let mut history = started(DisruptionLimits::default());
    disrupts(&mut history, 1, 0).unwrap();
    let recent = |history: &JournalHistory| {
        let recent = history.journal.recent_victims(history.now);
        recent.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(recent(&history), ["uid-1"]);

    let (text, _) = history.journal.write();
    assert!(
        !text.contains("node-1") && text.matches("\"shop\"").count() == 1,
        "{text}"
    );
    next_round(&mut history, 601);
    assert!(recent(&history).is_empty());
    let (text, _) = history.journal.write();
    assert!(!text.contains("victims"), "{text}");
}

#[test]
fn a_journal_of_before_the_caps_is_read() {
    let journal = Journal::new("uid");
    let (text, seal) = journal.write();
    assert!(!text.contains("victims"));
    let stored = StoredJournal {
        uid: "uid".to_owned(),
        text: Some(text),
        seal: Some(seal),
        ..StoredJournal::default()
    };
    assert_eq!(stored.read(), Ok(journal));
}

#[test]
fn a_quarantine_lasts_as_long_as_a_lost_victim_could_count() {
    let quarantined = |limits| {
        let mut history = history(limits);
        assert!(history.take(&HolderStep::of(0, StepKind::Quarantine)));
        let quarantine = history.journal.quarantine(history.now).unwrap();
        quarantine.until.duration_since(history.now).as_secs()
    };
    let none = DisruptionLimits::default();
    let at_once = DisruptionLimits {
        per_zone: Some(1),
        ..none.clone()
    };
    let in_a_day = DisruptionLimits {
        per_owner_day: Some(1),
        ..none.clone()
    };

    assert_eq!([none, at_once, in_a_day].map(quarantined), [60, 600, 24 * 3600]);
}

#[test]
fn a_quarantine_ends_by_the_api_servers_clock_whoever_begins_it_and_whoever_writes_meanwhile() {
    for ahead in [-3600, 0, 3600].map(SignedDuration::from_secs) {
        let mut history = history(DisruptionLimits::default());
        assert!(history.take(&HolderStep::of(0, StepKind::Claim)));
        for kind in [StepKind::Quarantine, StepKind::Close] {
            let before = history.journal.clone();
            assert!(history.take_ahead(&HolderStep::of(0, kind), ahead));
            assert_ne!(history.journal, before);
        }

        let after = |seconds| history.now + SignedDuration::from_secs(seconds);
        assert!(history.journal.quarantine(after(59)).is_some(), "{ahead}");
        assert!(history.journal.quarantine(after(60)).is_none(), "{ahead}");
        assert_eq!(history.journal.numbered_since(), Some(history.now), "{ahead}");
    }
}

#[test]
fn hints_make_room_for_victims_that_count_and_too_many_of_those_are_denied() {
    let mut history = started(DisruptionLimits::default());
    history.count = 10_000;
    let victim = |n: usize, name: String| {
        let mut victim = candidate(1);
        victim.pod.uid = format!("uid-{n}-{}", "u".repeat(1000));
        victim.owner.as_mut().unwrap().name = name;
        victim
    };
    for n in 0..700 {
        assert!(history.disrupts(victim(n, "web".to_owned())));
    }
    assert!(
        history.journal.recent_victims(history.now).count() < 700,
        "the oldest made room"
    );
    assert!(
        history
            .journal
            .recent_victims(history.now)
            .any(|uid| uid.starts_with("uid-699-"))
    );

    history.limits.per_owner_day = Some(100);
    let taken = (5000..9000).take_while(|n| history.disrupts(victim(*n, format!("{n:0>250}"))));
    let taken = taken.count();
    assert!((300..600).contains(&taken), "{taken}");
    let denial = (0..40).find_map(|pod| disrupts(&mut history, pod, 0).err());
    let denial = denial.unwrap();
    assert_eq!(denial, Denial::TooManyVictims);
    assert_eq!(denial.exemption(), None, "no other pod would do");
}
