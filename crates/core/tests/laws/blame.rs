//! Blame tells the truth: never "no" while an owner lacked a pod because of macaque, never "yes" without that, and
//! "cannot tell" only if something is not known. A world with a memory of its own is the judge; its macaque crashes,
//! loses answers and writes of its history, and finds an old history again.

mod world;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::blame::{BlameQuestion, BlameVerdict, SLACK};
use proptest::prelude::*;

use self::world::{RequestFate, World, WorldEvent};

/// Something that happens to macaque, or by it.
fn happening(only_known: bool) -> impl Strategy<Value = WorldEvent> {
    let doubt = u32::from(!only_known);
    let fate = prop_oneof![
        8 => Just(RequestFate::Accepted),
        2 => Just(RequestFate::Refused),
        2 * doubt => Just(RequestFate::LostBefore),
        2 * doubt => Just(RequestFate::LostAfter),
        2 * doubt => Just(RequestFate::TakenByOthers),
        2 * doubt => Just(RequestFate::CrashBefore),
        2 * doubt => Just(RequestFate::CrashAfter),
    ];
    let whole_after = prop_oneof![6 => 1..120_u32, 2 => 120..300_u32, 1 => 300..40_000_u32];
    let disrupt = (0..6_u8, fate, whole_after, prop::bool::weighted(0.8));
    let disrupt = disrupt.prop_map(|(pod, fate, whole_after, watched)| WorldEvent::Disrupt {
        pod,
        fate,
        whole_after,
        watched,
    });
    prop_oneof![
        10 => disrupt,
        6 => (1..100_u32).prop_map(WorldEvent::Wait),
        4 => (100..3000_u32).prop_map(WorldEvent::Wait),
        1 => (3000..60_000_u32).prop_map(WorldEvent::Wait),
        6 => Just(WorldEvent::Write),
        2 * doubt => Just(WorldEvent::Crash),
        doubt => Just(WorldEvent::Restore),
    ]
}

fn happenings(only_known: bool) -> impl Strategy<Value = Vec<WorldEvent>> {
    prop::collection::vec(happening(only_known), 1..25)
}

/// Where a span lies: when it ends, in thousandths of what has passed so far, and how long it is.
type Place = (u32, u32);

fn place() -> impl Strategy<Value = Place> {
    (0..=1000_u32, prop_oneof![3 => 0..60_u32, 2 => 60..4000_u32])
}

fn question(world: &World, (end, length): Place, namespace: Option<&str>, slack: Duration) -> BlameQuestion {
    let passed = world.now().duration_since(World::start()).as_secs();
    let to = World::start() + SignedDuration::from_secs(passed * i64::from(end) / 1000);
    BlameQuestion {
        from: to - SignedDuration::from_secs(i64::from(length)),
        to,
        namespace: namespace.map(str::to_owned),
        slack,
    }
}

fn namespace() -> impl Strategy<Value = Option<&'static str>> {
    prop::sample::select(vec![None, Some("shop"), Some("pay"), Some("elsewhere")])
}

fn slack() -> impl Strategy<Value = Duration> {
    prop::sample::select(vec![Duration::ZERO, Duration::from_secs(20), SLACK])
}

proptest! {
    #[test]
    fn no_is_never_said_while_an_owner_lacked_a_pod_because_of_macaque(
        happenings in happenings(false),
        places in prop::collection::vec(place(), 6),
        namespace in namespace(),
        slack in slack(),
    ) {
        let world = World::after(&happenings);
        for place in places {
            let question = question(&world, place, namespace, slack);
            let answer = world.blame(&question);
            if answer.verdict == BlameVerdict::No {
                prop_assert_eq!(world.effect_within(&question), None, "{}", answer.proof);
            }
        }
    }

    #[test]
    fn yes_is_only_said_of_a_disruption_that_happened_and_had_not_been_seen_to_end(
        happenings in happenings(false),
        places in prop::collection::vec(place(), 6),
        namespace in namespace(),
        slack in slack(),
    ) {
        let world = World::after(&happenings);
        for place in places {
            let question = question(&world, place, namespace, slack);
            let answer = world.blame(&question);
            if answer.verdict == BlameVerdict::Yes {
                prop_assert!(world.justifies_yes(&question), "{}", answer.proof);
            }
        }
    }

    #[test]
    fn with_everything_known_somebody_can_tell(
        happenings in happenings(true),
        places in prop::collection::vec(place(), 6),
        namespace in namespace(),
        slack in slack(),
    ) {
        let mut world = World::after(&happenings);
        world.write();
        let begin = world.begin() + SignedDuration::try_from(World::TIMEOUT + slack).unwrap();
        for place in places {
            let question = question(&world, place, namespace, slack);
            let answer = world.blame(&question);
            if question.from >= begin {
                prop_assert_ne!(answer.verdict, BlameVerdict::CannotTell, "{}", answer.proof);
            }
        }
    }

    #[test]
    fn a_wider_span_never_turns_yes_into_anything_else(
        happenings in happenings(false),
        places in prop::collection::vec(place(), 6),
        namespace in namespace(),
        wider in (0..5000_i64, 0..5000_i64),
    ) {
        let world = World::after(&happenings);
        for place in places {
            let narrow = question(&world, place, namespace, SLACK);
            let wide = BlameQuestion {
                from: narrow.from - SignedDuration::from_secs(wider.0),
                to: (narrow.to + SignedDuration::from_secs(wider.1)).min(world.now()),
                ..narrow.clone()
            };
            if world.blame(&narrow).verdict == BlameVerdict::Yes {
                let answer = world.blame(&wide);
                prop_assert_eq!(answer.verdict, BlameVerdict::Yes, "{}", answer.proof);
            }
            if world.blame(&wide).verdict == BlameVerdict::No {
                let answer = world.blame(&narrow);
                prop_assert_eq!(answer.verdict, BlameVerdict::No, "{}", answer.proof);
            }
        }
    }

    #[test]
    fn each_answer_has_its_proof_and_a_span_in_the_future_has_none_but_that(
        happenings in happenings(false),
        place in place(),
        ahead in 1..10_000_i64,
    ) {
        let world = World::after(&happenings);
        let past = question(&world, place, None, SLACK);
        let answer = world.blame(&past);
        prop_assert!(!answer.proof.is_empty());
        prop_assert_eq!(answer.disruptions.is_empty() && answer.verdict == BlameVerdict::Yes, false);

        let future: Timestamp = world.now() + SignedDuration::from_secs(ahead);
        let future = BlameQuestion { from: future, to: future, ..past };
        let answer = world.blame(&future);
        prop_assert_ne!(answer.verdict, BlameVerdict::No, "{}", answer.proof);
    }
}
