//! What histories are made of: limits, pods, baselines and reports.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use macaque_core::config::DisruptionLimits;
use macaque_core::eligibility::Candidate;
use macaque_core::notice::{DueDigest, DueNotices, ScopeOwners};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{PodOwner, PodPlace, PodRef, PodTrouble};
use macaque_core::recovery::{
    AcceptedBy, DisruptedVictim, RecoveryBaseline, RecoveryPrecision, RecoveryReport, RecoveryTimes,
    RecoveryVerdict,
};
use macaque_core::report::{AttemptReport, ExemptionTallies, RoundEnd, RoundReport};
use macaque_core::schedule::DayWindow;
use proptest::prelude::*;

/// Limits, or none.
pub(crate) fn limits() -> impl Strategy<Value = DisruptionLimits> {
    let limit = || prop::option::of(1usize..6);
    let overall = (limit(), limit(), limit(), 0u64..8000);
    let caps = (limit(), limit(), limit(), limit());
    (overall, caps).prop_map(|(overall, caps)| {
        let (per_hour, per_day, in_flight, cooldown) = overall;
        let (per_node, per_zone, per_namespace_day, per_owner_day) = caps;
        DisruptionLimits {
            per_hour,
            per_day,
            per_node,
            per_zone,
            per_namespace_day,
            per_owner_day,
            in_flight,
            cooldown: Duration::from_secs(cooldown),
        }
    })
}

/// The place of a pod: one of five nodes in two zones, and that of one pod in five is in a zone that is not known.
pub(crate) fn place(pod: u8) -> PodPlace {
    let zone = Some(pod % 5).filter(|node| *node > 0).map(|node| node % 2);
    PodPlace {
        node: Some(format!("node-{}", pod % 5)),
        zone: zone.map(|zone| format!("zone-{zone}")),
    }
}

/// A place with the longest names that there can be.
pub(crate) fn longest_place() -> PodPlace {
    PodPlace {
        node: Some("n".repeat(253)),
        zone: Some("z".repeat(63)),
    }
}

/// A pod of one of twenty owners, in one of two namespaces.
pub(crate) fn candidate(pod: u8) -> Candidate {
    Candidate {
        pod: PodRef {
            namespace: if pod < 20 { "shop" } else { "team" }.to_owned(),
            name: format!("web-{pod}"),
            uid: format!("uid-{pod}"),
        },
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: format!("web-{}", pod % 10),
        }),
        team: team(pod),
        period_end: None,
    }
}

/// The team of a pod: every other has one, with the longest name.
fn team(pod: u8) -> Option<String> {
    pod.is_multiple_of(2).then(|| "t".repeat(63))
}

/// Whether the recovery from the disruption of a pod is watched: of one in four nobody could list the siblings.
pub(crate) fn is_watched(pod: u8) -> bool {
    pod % 4 != 3
}

/// Three ready pods, the victim among them.
pub(crate) fn baseline() -> RecoveryBaseline {
    RecoveryBaseline {
        api_version: "apps/v1".to_owned(),
        ready: 3,
        victim_ready: true,
        expect_ms: 60_000,
        ..RecoveryBaseline::default()
    }
}

/// A victim of the round of `slot`.
pub(crate) fn victim(pod: u8, slot: Timestamp) -> DisruptedVictim {
    let Candidate { pod, owner, team, .. } = candidate(pod);
    DisruptedVictim {
        slot,
        pod,
        owner: owner.unwrap(),
        team,
        method: DisruptionMethod::Evict,
        accepted: slot,
        origin: AcceptedBy::Answer,
        baseline: baseline(),
    }
}

/// A report of what became of a recovery; without a verdict its replacement is stuck.
pub(crate) fn recovery_report(victim: &DisruptedVictim, verdict: Option<RecoveryVerdict>) -> RecoveryReport {
    let trouble = PodTrouble {
        reason: "Unschedulable".to_owned(),
        message: "0/3 nodes are available".to_owned(),
    };
    RecoveryReport {
        verdict,
        times: RecoveryTimes {
            whole_ms: verdict.filter(|verdict| verdict.is_recovered()).map(|_| 4500),
            ..RecoveryTimes::default()
        },
        ready: 3,
        target: 3,
        expect_ms: 60_000,
        trouble: verdict.is_none().then_some(trouble),
        ..RecoveryReport::unseen(victim, RecoveryPrecision::Watch)
    }
}

/// The report of a round that no replica may run.
pub(crate) fn withheld(slot: Timestamp) -> RoundReport {
    RoundReport {
        end: RoundEnd::Withheld {
            why: "a limit".to_owned(),
        },
        ..report(slot, 0, "")
    }
}

/// A report with so many victims.
pub(crate) fn report(slot: Timestamp, victims: u8, words: &str) -> RoundReport {
    let attempt = |pod| {
        let Candidate { pod, owner, team, .. } = candidate(pod);
        AttemptReport {
            pod,
            owner,
            team,
            outcome: Outcome::Unknown {
                why: words.to_owned(),
            },
            warnings: vec![words.to_owned()],
        }
    };

    RoundReport {
        slot,
        finished: slot,
        seed: 1,
        dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: vec!["shop".to_owned()],
        selector: "app=web".to_owned(),
        listed: 100,
        candidates: 50,
        exempted: ExemptionTallies::new(),
        count: None,
        turns: Vec::new(),
        turns_reported: false,
        attempts: (0..victims).map(attempt).collect(),
        problems: vec![words.to_owned(); 40],
        namespace_selector: String::new(),
        skipped: Vec::new(),
        warnings: Vec::new(),
        end: RoundEnd::Failed {
            why: words.to_owned(),
        },
    }
}

/// What people may want to know at `now`, if a day has a window of two hours from noon, and a digest is due every six hours.
pub(crate) fn due_notices(now: Timestamp) -> DueNotices {
    let hours = SignedDuration::from_hours;
    let day = now.to_zoned(TimeZone::UTC).date();
    let midnight = day.to_zoned(TimeZone::UTC).unwrap().timestamp();
    let window = DayWindow {
        day,
        first: midnight + hours(12),
        last: midnight + hours(14),
        rounds: 3,
    };
    let passed = now.duration_since(midnight).as_hours() / 6 * 6;
    DueNotices {
        window: Some(window).filter(|window| now >= window.first - hours(1)),
        digest: Some(DueDigest {
            at: midnight + hours(passed),
            scope: Some(ScopeOwners::default()),
        }),
    }
}
