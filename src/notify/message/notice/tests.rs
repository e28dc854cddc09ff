//! The texts of notices, as people read them.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use macaque_core::notice::{Digest, NoTurn, OwnerWithoutTurn, OwnersWithoutTurn};
use macaque_core::recovery::RecoveryVerdict;

use super::*;
use crate::notify::data::message_data;
use crate::text::chars;

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn message(at: &str, content: NoticeContent) -> NoticeMessage {
    let context = MessageContext {
        cluster: Some("prod".to_owned()),
        zone: TimeZone::get("Europe/Paris").unwrap(),
    };
    let at = instant(at);
    NoticeMessage::in_context(Arc::new(Notice { at, content }), &context)
}

/// The headline, the notes and the footer, a line each.
fn lines(at: &str, content: NoticeContent) -> Vec<String> {
    let message = message(at, content);
    [vec![message.headline], message.notes, vec![message.footer]].concat()
}

fn counts<const N: usize>(pairs: [(&str, usize); N]) -> BTreeMap<String, usize> {
    pairs.map(|(name, count)| (name.to_owned(), count)).into()
}

fn busy() -> Activity {
    Activity {
        rounds: 70,
        withheld: 2,
        failed: 1,
        disrupted: 41,
        unknown: 1,
        namespaces: counts([("pay", 11), ("shop", 30)]),
        refusals: counts([("budget shop/web", 3), ("webhook virt", 1)]),
        holds: counts([("whole", 5)]),
        recoveries: [
            (RecoveryVerdict::Recovered, 38),
            (RecoveryVerdict::Slow, 2),
            (RecoveryVerdict::Unrecovered, 1),
        ]
        .into(),
        ..Activity::default()
    }
}

fn owner(namespace: &str, owner: &str, by: Option<&str>) -> OwnerWithoutTurn {
    OwnerWithoutTurn {
        namespace: namespace.to_owned(),
        owner: owner.to_owned(),
        by: by.map(str::to_owned),
    }
}

fn group<const N: usize>(reason: NoTurn, owners: [OwnerWithoutTurn; N]) -> OwnersWithoutTurn {
    OwnersWithoutTurn {
        reason,
        count: N,
        owners: owners.into(),
    }
}

fn full_digest() -> Digest {
    Digest {
        since: instant("2026-11-23T08:00:00Z"),
        activity: busy(),
        median_ms: Some(12_400),
        owners: 20,
        without_turn: vec![
            group(
                NoTurn::Refused,
                [owner("shop", "deployment/web", Some("budget shop/web"))],
            ),
            group(NoTurn::Held, [owner("shop", "deployment/api", Some("whole"))]),
            group(
                NoTurn::NotDrawn,
                [
                    owner("pay", "deployment/cart", None),
                    owner("shop", "statefulset/db", None),
                ],
            ),
            OwnersWithoutTurn {
                count: 9,
                ..group(
                    NoTurn::Exempt,
                    [owner("shop", "daemonset/log", Some("daemonset"))],
                )
            },
        ],
        unjudged: 1,
        forgotten: 2,
        problems: vec!["namespace attic does not exist".to_owned()],
    }
}

#[test]
fn a_pause_says_who_paused_why_and_how_it_ends() {
    let paused = |by: Option<&str>, reason: Option<&str>, until: Option<&str>| {
        let content = NoticeContent::Paused {
            by: by.map(str::to_owned),
            reason: reason.map(str::to_owned),
            until: until.map(instant),
        };
        lines("2026-12-24T12:00:00Z", content)
    };

    assert_eq!(
        paused(Some("jane"), Some("INC-4711"), Some("2026-12-24T15:00:00Z")),
        [
            "macaque is paused until 2026-12-24T15:00:00Z (16:00 CET) by jane: INC-4711",
            "no pod is disrupted until then; `macaque resume` ends the pause before",
            "cluster prod · at 2026-12-24T12:00:00Z (13:00 CET)",
        ]
    );
    assert_eq!(
        paused(None, None, None),
        [
            "macaque is paused",
            "no pod is disrupted until somebody runs `macaque resume`",
            "cluster prod · at 2026-12-24T12:00:00Z (13:00 CET)",
        ]
    );
    assert_eq!(
        lines(
            "2026-12-24T15:00:00Z",
            NoticeContent::Resumed {
                since: instant("2026-12-24T12:00:00Z")
            }
        ),
        [
            "macaque is resumed: rounds run again as scheduled",
            "the pause was noticed at 2026-12-24T12:00:00Z (13:00 CET)",
            "cluster prod · at 2026-12-24T15:00:00Z (16:00 CET)",
        ]
    );
}

#[test]
fn a_window_says_what_is_due_and_later_what_happened() {
    let opened = |rounds| {
        let last = instant("2026-11-30T15:30:00Z");
        lines(
            "2026-11-30T08:00:00Z",
            NoticeContent::WindowOpened { last, rounds },
        )
    };
    assert_eq!(
        opened(14),
        [
            "window opens: 14 rounds are due, from 2026-11-30T08:00:00Z (09:00 CET) to 2026-11-30T15:30:00Z (16:30 CET)",
            "cluster prod · first slot 2026-11-30T08:00:00Z (09:00 CET)",
        ]
    );
    assert_eq!(
        opened(1)[0],
        "window opens: one round is due, at 2026-11-30T08:00:00Z (09:00 CET)"
    );

    let closed = |activity, recovering| {
        let first = instant("2026-11-30T08:00:00Z");
        lines(
            "2026-11-30T15:30:00Z",
            NoticeContent::WindowClosed {
                first,
                recovering,
                activity,
            },
        )
    };
    assert_eq!(
        closed(busy(), 1),
        [
            "window closed: 70 rounds ran, and 41 pods were disrupted",
            "disrupted: 30 in shop, 11 in pay",
            "with unknown outcome: 1 pod",
            "refused: 3 by budget shop/web, 1 by webhook virt",
            "held back: 5 by guard whole",
            "recoveries: 38 recovered, 2 slow, 1 unrecovered",
            "withheld: 2 rounds",
            "failed: 1 round",
            "not recovered yet: 1 victim",
            "cluster prod · last slot 2026-11-30T15:30:00Z (16:30 CET)",
        ]
    );
    assert_eq!(
        closed(Activity::default(), 0),
        [
            "window closed: no round ran",
            "cluster prod · last slot 2026-11-30T15:30:00Z (16:30 CET)",
        ]
    );
}

#[test]
fn a_summary_claims_no_disruption_that_was_none() {
    let activity = |rounds, disrupted, dry_run| Activity {
        rounds,
        disrupted,
        dry_run,
        ..Activity::default()
    };
    for (activity, words) in [
        (activity(0, 0, false), "no round ran"),
        (activity(1, 0, false), "1 round ran, and no pod was disrupted"),
        (
            Activity {
                unknown: 2,
                ..activity(1, 0, false)
            },
            "1 round ran, with unknown outcome for 2 pods",
        ),
        (activity(2, 1, false), "2 rounds ran, and 1 pod was disrupted"),
        (activity(2, 2, true), "2 rounds ran dry: 2 pods picked"),
        (
            activity(1, 0, true),
            "1 round ran dry, and no pod would have been disrupted",
        ),
    ] {
        assert_eq!(summary(&activity), words);
    }
}

#[test]
fn a_digest_says_what_happened_and_who_had_no_turn_and_why() {
    let digest = full_digest();
    let lines = lines("2026-11-30T08:00:00Z", NoticeContent::Digest(Box::new(digest)));
    assert_eq!(
        lines,
        [
            "since 2026-11-23T08:00:00Z (09:00 CET): 70 rounds ran, and 41 pods were disrupted",
            "disrupted: 30 in shop, 11 in pay",
            "with unknown outcome: 1 pod",
            "refused: 3 by budget shop/web, 1 by webhook virt",
            "held back: 5 by guard whole",
            "recoveries: 38 recovered, 2 slow, 1 unrecovered; half of them within 12.4 s",
            "withheld: 2 rounds",
            "failed: 1 round",
            "no turn, refused (1): deployment/web in shop (budget shop/web)",
            "no turn, held back (1): deployment/api in shop (guard whole)",
            "no turn, eligible but not drawn (2): deployment/cart in pay, statefulset/db in shop",
            "no turn, exempt (9): daemonset/log in shop (daemonset), … and 8 more",
            "not looked at: 1 more workload in scope",
            "2 workloads had a turn and may be named all the same: there were too many to remember",
            "problem: namespace attic does not exist",
            "cluster prod · digest of 2026-11-30T08:00:00Z (09:00 CET)",
        ]
    );
}

#[test]
fn a_digest_of_a_week_without_a_record_says_so_and_one_in_which_all_had_a_turn_too() {
    let since = instant("2026-11-23T08:00:00Z");
    let nothing = Digest {
        since,
        ..Digest::default()
    };
    let all = Digest {
        since,
        owners: 3,
        activity: Activity {
            rounds: 3,
            disrupted: 3,
            ..Activity::default()
        },
        ..Digest::default()
    };
    let notes = |digest| {
        let message = message("2026-11-30T08:00:00Z", NoticeContent::Digest(Box::new(digest)));
        (message.headline, message.notes)
    };
    let headline = |words: &str| format!("since 2026-11-23T08:00:00Z (09:00 CET): {words}");
    assert_eq!(notes(nothing), (headline("no round ran"), vec![]));
    let turn = "every workload in scope had a turn".to_owned();
    let ran = headline("3 rounds ran, and 3 pods were disrupted");
    assert_eq!(notes(all), (ran, vec![turn]));
}

#[test]
fn a_line_with_more_owners_than_fit_counts_the_rest_and_is_whole() {
    let long = "x".repeat(100);
    let owners: Vec<_> = (0..12).map(|_| owner("shop", &long, None)).collect();
    let digest = Digest {
        without_turn: vec![OwnersWithoutTurn {
            reason: NoTurn::NotDrawn,
            count: 500,
            owners,
        }],
        ..Digest::default()
    };
    let message = message("2026-11-30T08:00:00Z", NoticeContent::Digest(Box::new(digest)));
    let line = &message.notes[0];
    assert!(line.ends_with(", … and 498 more"), "{line}");
    assert!(chars(line) <= LINE, "{line}");
}

#[test]
fn what_a_stranger_wrote_in_an_annotation_is_one_visible_line() {
    let content = NoticeContent::Paused {
        by: Some("jane\u{202e}".to_owned()),
        reason: Some(format!("INC\u{1b}[2J\r\n{}", "x".repeat(500))),
        until: None,
    };
    let headline = message("2026-12-24T12:00:00Z", content).headline;
    assert!(
        headline.starts_with("macaque is paused by jane: INC [2J x"),
        "{headline}"
    );
    assert_eq!(chars(&headline), HEADLINE);
}

#[test]
fn the_document_shows_messages_as_they_are() {
    let document = include_str!("../../../../docs/notifications.md");
    let day = Activity {
        rounds: 14,
        disrupted: 9,
        namespaces: counts([("pay", 2), ("shop", 7)]),
        refusals: counts([("budget shop/web", 3)]),
        holds: counts([("whole", 2)]),
        recoveries: [(RecoveryVerdict::Recovered, 8), (RecoveryVerdict::Slow, 1)].into(),
        ..Activity::default()
    };
    let week = Digest {
        activity: Activity {
            failed: 0,
            unknown: 0,
            ..busy()
        },
        ..full_digest()
    };
    let not_drawn = group(
        NoTurn::NotDrawn,
        [
            owner("pay", "deployment/cart", None),
            owner("shop", "statefulset/db", None),
        ],
    );
    let idle = Digest {
        since: week.since,
        owners: 2,
        without_turn: vec![not_drawn],
        ..Digest::default()
    };
    let week = Digest {
        without_turn: week
            .without_turn
            .into_iter()
            .map(|group| OwnersWithoutTurn {
                count: group.owners.len(),
                ..group
            })
            .collect(),
        unjudged: 0,
        forgotten: 0,
        problems: Vec::new(),
        ..week
    };

    let (morning, evening) = ("2026-11-30T08:00:00Z", "2026-11-30T15:30:00Z");
    for (at, content) in [
        (
            "2026-12-24T12:00:00Z",
            NoticeContent::Paused {
                by: Some("jane".to_owned()),
                reason: Some("INC-4711".to_owned()),
                until: Some(instant("2026-12-24T15:00:00Z")),
            },
        ),
        (
            "2026-12-24T15:00:00Z",
            NoticeContent::Resumed {
                since: instant("2026-12-24T12:00:00Z"),
            },
        ),
        (
            morning,
            NoticeContent::WindowOpened {
                last: instant(evening),
                rounds: 14,
            },
        ),
        (
            evening,
            NoticeContent::WindowClosed {
                first: instant(morning),
                recovering: 0,
                activity: day,
            },
        ),
        (morning, NoticeContent::Digest(Box::new(week))),
        (morning, NoticeContent::Digest(Box::new(idle))),
    ] {
        let shown = format!("```text\n{}\n```\n", lines(at, content).join("\n"));
        assert!(document.contains(&shown), "docs/notifications.md lacks:\n{shown}");
    }
}

#[test]
fn a_notice_as_data_has_its_kind_and_its_numbers_under_stable_names() {
    let digest = Digest {
        since: instant("2026-11-23T08:00:00Z"),
        activity: Activity {
            rounds: 1,
            disrupted: 1,
            namespaces: counts([("shop", 1)]),
            recoveries: [(RecoveryVerdict::Slow, 1)].into(),
            ..Activity::default()
        },
        median_ms: Some(70_000),
        owners: 2,
        without_turn: vec![group(NoTurn::NotDrawn, [owner("shop", "deployment/web", None)])],
        ..Digest::default()
    };
    let message = message("2026-11-30T08:00:00Z", NoticeContent::Digest(Box::new(digest)));
    let notice = Notice::clone(&message.notice);
    let data = message_data(&message.into());

    assert_eq!(data["id"], "digest-2026-11-30T08:00:00Z");
    let expected = serde_json::json!({
        "at": "2026-11-30T08:00:00Z",
        "content": {
            "kind": "digest",
            "since": "2026-11-23T08:00:00Z",
            "dry_run": false,
            "rounds": 1,
            "withheld": 0,
            "failed": 0,
            "disrupted": 1,
            "unknown": 0,
            "namespaces": { "shop": 1 },
            "refusals": {},
            "holds": {},
            "recoveries": { "slow": 1 },
            "median_ms": 70_000,
            "owners": 2,
            "without_turn": [{
                "reason": "not-drawn",
                "count": 1,
                "owners": [{ "namespace": "shop", "owner": "deployment/web", "by": null }],
            }],
            "unjudged": 0,
            "forgotten": 0,
            "problems": [],
        },
    });
    assert_eq!(data["notice"], expected);
    assert_eq!(serde_json::from_value::<Notice>(expected).unwrap(), notice);
}
