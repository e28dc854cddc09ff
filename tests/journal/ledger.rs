//! Laws of the limits: no window ever holds more than it may, whatever clocks and holders do.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::DisruptionLimits;
use macaque_core::journal::Resolution;
use proptest::prelude::*;

use crate::history::{Deed, Unfolding, What, candidate, deeds, limits, report};

/// A disruption that was charged and not taken back.
#[derive(Debug, Clone)]
struct Spent {
    uid: String,
    owner: u8,
    at: Timestamp,
    /// Whether a clock was seen past the end of its owner's rest: a clock that goes back brings no rest back.
    rested: bool,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_hour_and_no_day_holds_more_than_its_limit(limits in limits(), deeds in deeds()) {
        let mut history = Unfolding::new(limits.clone(), 3);
        let mut spent: Vec<Spent> = Vec::new();
        for deed in deeds {
            let before = history.journal.clone();
            let took = history.take(&deed);
            let now = history.now;
            let cooldown = SignedDuration::try_from(limits.cooldown).unwrap();
            for spent in &mut spent {
                spent.rested |= now.duration_since(spent.at) >= cooldown;
            }
            if !took {
                continue;
            }
            match deed.what {
                What::Charge { pod } if history.journal != before => {
                    let within = |hours: i64| {
                        let since = now - SignedDuration::from_hours(hours);
                        spent.iter().filter(|spent| spent.at > since).count()
                    };
                    prop_assert!(limits.per_hour.is_none_or(|limit| within(1) < limit));
                    prop_assert!(limits.per_day.is_none_or(|limit| within(24) < limit));
                    let rests = |spent: &Spent| !spent.rested && spent.owner == pod % 10;
                    prop_assert!(!spent.iter().any(rests), "its owner is at rest");
                    spent.push(Spent { uid: candidate(pod).pod.uid, owner: pod % 10, at: now, rested: cooldown.is_zero() });
                }
                What::Settle { settled: Resolution::Released } if history.journal != before => {
                    let kept: Vec<_> = history.journal.round().unwrap().charges.iter().map(|charge| &charge.pod.uid).collect();
                    let undone = before.round().unwrap().charges.iter().find(|charge| !kept.contains(&&charge.pod.uid));
                    let undone = undone.unwrap().pod.uid.clone();
                    let place = spent.iter().rposition(|spent| spent.uid == undone).unwrap();
                    spent.remove(place);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn what_is_taken_back_makes_room_again() {
    let limits = DisruptionLimits {
        per_hour: Some(1),
        cooldown: Duration::from_secs(60),
        ..DisruptionLimits::default()
    };
    let mut history = Unfolding::new(limits.clone(), 3);
    let deed = |what| Deed {
        holder: 0,
        what,
        moves: 0,
        paused: false,
    };
    assert!(history.take(&deed(What::Claim)));
    assert!(history.take(&deed(What::Charge { pod: 1 })));
    let settled = Resolution::Released;
    assert!(history.take(&deed(What::Settle { settled })));
    assert_eq!(history.journal.room(&limits, history.now), Some(1));
    assert!(
        history.take(&deed(What::Charge { pod: 1 })),
        "its owner is not at rest either"
    );
    let settled = Resolution::Unknown;
    assert!(history.take(&deed(What::Settle { settled })));
    assert_eq!(history.journal.room(&limits, history.now), Some(0));
}

#[test]
fn the_fullest_journal_fits_into_a_config_map() {
    let mut history = Unfolding::new(DisruptionLimits::default(), 100);
    history.timing.spacing = Duration::ZERO;
    let deed = |what, moves| Deed {
        holder: 0,
        what,
        moves,
        paused: false,
    };
    // A round a minute for a day, for the ledger.
    for _ in 0..1440 {
        assert!(history.take(&deed(What::Claim, 60)));
        assert!(history.take(&deed(What::Charge { pod: 0 }, 0)));
        let settled = Resolution::Disrupted;
        assert!(history.take(&deed(What::Settle { settled }, 0)));
        history.close(report(history.now, 0, ""));
    }
    // Then rounds of a hundred victims of as many owners with the longest names, told in hostile words.
    history.limits.cooldown = Duration::from_secs(7 * 24 * 3600);
    let words = "\u{1}\"<&".repeat(3000);
    for minute in 0..25u32 {
        let claimed = history.take(&deed(What::Claim, 60));
        assert!(claimed, "minute {minute}");
        for pod in 0..100u8 {
            let mut victim = candidate(pod);
            victim.pod.uid = format!("{minute}-{pod}-{}", "u".repeat(30));
            victim.pod.name = "n".repeat(253);
            victim.owner.as_mut().unwrap().name = format!("{minute:03}-{pod:03}-{}", "o".repeat(245));
            if !history.disrupts(victim) {
                break;
            }
        }
        history.close(report(history.now, 100, &words));
    }
    let (text, _) = history.journal.write();
    assert!(text.len() < 1 << 20, "{} bytes", text.len());
    assert!(history.journal.dropped() > 0);
}

#[test]
fn an_hour_of_the_limit_is_never_shorter_than_an_hour() {
    let limits = DisruptionLimits {
        per_hour: Some(1),
        ..DisruptionLimits::default()
    };
    // Within each second of a minute: the ledger counts by minutes.
    for second in 0..60 {
        let mut history = Unfolding::new(limits.clone(), 1);
        let deed = |what, moves| Deed {
            holder: 0,
            what,
            moves,
            paused: false,
        };
        assert!(history.take(&deed(What::Claim, second)));
        assert!(history.take(&deed(What::Charge { pod: 0 }, 0)));
        let settled = Resolution::Disrupted;
        assert!(history.take(&deed(What::Settle { settled }, 0)));
        history.close(report(history.now, 0, ""));
        assert!(!history.take(&deed(What::Claim, 3599)), "at second {second}");
        assert!(history.take(&deed(What::Claim, 61)), "at second {second}");
    }
}
