//! What the page shows of facts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque::facts::{Fact, FactListener as _, MessageResult};
use macaque::status::{StatusBoard, StatusConfig};
use macaque_core::config::NamespaceScope;
use macaque_core::guard::{GuardAnswer, GuardFinding};
use macaque_core::history::{EntryOutcome, EntryRecovery, History, HistoryEntry, HistoryLine, LineContent};
use macaque_core::journal::{PauseEnd, PauseRequest};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::{OwnerRef, PodOwner, PodRef};
use macaque_core::recovery::{RecoveryReport, RecoveryTimes, RecoveryVerdict};
use macaque_core::report::{RoundEnd, RoundReport};
use macaque_core::rota::Rota;
use macaque_testkit::metrics::{TestJournal, attempt, exempted, hold, refused_by_budget, tried};
use macaque_testkit::notify::{recovery, round};

use super::{board, config, html, json, seen, start};

/// The page of an armed macaque that has disrupted a pod a minute ago, and a pod of a neighbour an hour ago.
pub(super) fn busy(config: StatusConfig) -> StatusBoard {
    let board = board(config);
    let before = |minutes| start() - SignedDuration::from_mins(minutes);

    let mut journal = TestJournal::default();
    journal.disrupt("shop", before(61));
    let slot = journal.journal().round().unwrap().slot;
    board.note(read(&journal, None));
    let first = attempt("shop", Outcome::Evicted);
    board.note(tried(&first, slot));
    let recovered = RecoveryReport {
        slot,
        pod: first.pod.clone(),
        times: RecoveryTimes {
            gone_ms: Some(2_100),
            created_ms: Some(2_200),
            scheduled_ms: Some(2_300),
            containers_ready_ms: Some(4_400),
            ready_ms: Some(4_500),
            whole_ms: Some(4_500),
        },
        ..recovery("web-1", RecoveryVerdict::Recovered)
    };
    board.note(Fact::RecoveryReported(&recovered));
    board.note(Fact::RoundFinished(&RoundReport {
        slot,
        finished: slot,
        ..round([])
    }));
    journal.recover("shop", before(60));
    journal.disrupt("shop", before(1));
    board.note(read(&journal, None));

    let refused = attempt("shop", refused_by_budget());
    board.note(tried(&refused, before(30)));
    board.note(Fact::RoundFinished(&RoundReport {
        slot: before(30),
        finished: before(30),
        attempts: vec![refused],
        ..round([])
    }));
    board.note(Fact::PodsChecked {
        candidates: &BTreeMap::from([("shop".to_owned(), 5)]),
        exempted: &exempted("age", 2),
    });
    board.note(Fact::GuardAnswered(&GuardFinding {
        millis: Some(12),
        ..GuardFinding::new("error rate", GuardAnswer::Go, "guards".to_owned(), "0".to_owned())
    }));
    board.note(Fact::MessageHandled {
        channel: "slack",
        result: MessageResult::Sent,
    });
    board.note(Fact::RequestEnded {
        verb: "list",
        resource: "pods",
        code: Some(200),
        took: Duration::from_millis(7),
    });
    board.note(Fact::ClockCompared(SignedDuration::from_millis(300)));
    board
}

/// The fact that the journal was read just now.
fn read<'a>(journal: &'a TestJournal, pause: Option<&'a PauseRequest>) -> Fact<'a> {
    Fact::JournalRead {
        journal: journal.journal(),
        pause,
        now: start(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_page_of_a_busy_macaque_is_as_recorded() {
    let page = html(&busy(config()));
    let (head, rest) = page.split_once("<style>").unwrap();
    let (_, body) = rest.split_once("</style>").unwrap();
    // A line for each element that begins, and without what changes with each version.
    let page = format!("{head}{body}").replace(env!("CARGO_PKG_VERSION"), "VERSION");
    let page = page.replace("<", "\n<").trim_start().to_owned() + "\n";

    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/integration/status/page.html");
    if std::env::var("STATUS_PAGE").is_ok_and(|what| what == "write") {
        fs::write(path, &page).unwrap();
    }
    let recorded = fs::read_to_string(path).unwrap_or_default();
    let differs = page.lines().zip(recorded.lines()).find(|(now, then)| now != then);
    assert!(
        page == recorded,
        "{differs:?}: STATUS_PAGE=write cargo test --test integration as_recorded"
    );
}

#[tokio::test(start_paused = true)]
async fn everything_that_is_asked_at_night_is_on_the_page() {
    let board = busy(config());
    let seen = seen(&html(&board));
    for words in [
        "macaque",
        "prod",
        "ARMED",
        "Mon 1 Mar 11:00 CET",
        "Mon 1 Mar 10:00 UTC",
        "quiet: 11:30-12:30",
        "Broken by macaque now",
        "deployment/web",
        "not whole yet",
        "evicted",
        "4.5 s",
        "refused",
        "budget shop/web",
        "error rate",
        "slack",
        "in any hour",
        "0.3 s ahead",
    ] {
        assert!(seen.contains(words), "{words}: {seen}");
    }

    let json = json(&board);
    assert_eq!(json["banner"]["state"], "armed");
    assert_eq!(json["broken"]["items"][0]["owner"], "deployment/web");
    assert_eq!(json["rounds"]["items"].as_array().unwrap().len(), 3);
    assert_eq!(json["recoveries"]["items"][0]["p50_ms"], 4_500);
    assert_eq!(json["limits"][0]["used"], 1);
    assert_eq!(json["limits"][0]["left"], 2);
    assert_eq!(json["slots"][2]["quiet"], "11:30-12:30");
}

#[tokio::test(start_paused = true)]
async fn the_banner_says_what_keeps_macaque_from_disrupting_the_gravest_first() {
    let board = board(config());
    let state = || json(&board)["banner"]["state"].as_str().unwrap().to_owned();
    assert_eq!(state(), "starting");

    let journal = TestJournal::default();
    board.note(read(&journal, None));
    assert_eq!(state(), "armed");

    let held = RoundReport {
        slot: start(),
        finished: start(),
        end: RoundEnd::Held(hold("error rate")),
        ..round([])
    };
    board.note(Fact::RoundFinished(&held));
    assert_eq!(state(), "held-back");
    assert_eq!(json(&board)["banner"]["by"], "guard error rate");

    let pause = PauseRequest {
        end: PauseEnd::Until("2027-03-01T12:00:00Z".parse().unwrap()),
        by: Some("jane".to_owned()),
        reason: Some("INC-4711, see https://wiki.example/CANARY".to_owned()),
    };
    board.note(read(&journal, Some(&pause)));
    assert_eq!(state(), "paused");
    let banner = json(&board)["banner"].clone();
    assert_eq!(
        (&banner["by"], &banner["reason"], &banner["until"]),
        (
            &"jane".into(),
            &"INC-4711, see [address]".into(),
            &"2027-03-01T12:00:00Z".into()
        )
    );

    board.note(Fact::JournalUnusable);
    assert_eq!(state(), "journal-unusable");
    board.note(read(&journal, None));
    assert_eq!(state(), "held-back");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_and_a_quiet_time_have_banners_of_their_own() {
    let dry = board(StatusConfig {
        is_dry_run: true,
        ..config()
    });
    let journal = TestJournal::default();
    dry.note(read(&journal, None));
    assert_eq!(json(&dry)["banner"]["state"], "dry-run");

    let at_noon: Timestamp = "2027-03-01T11:00:00Z".parse().unwrap();
    let noon = StatusBoard::new(config(), &macaque::platform::Platform::simulated(1, at_noon));
    noon.note(read(&journal, None));
    let banner = json(&noon)["banner"].clone();
    assert_eq!(banner["state"], "quiet");
    assert_eq!(banner["until"], "2027-03-01T11:30:00Z");
}

#[tokio::test(start_paused = true)]
async fn whose_turn_it_is_stands_beside_the_slot() {
    let board = busy(config());
    let owner = |namespace: &str, name: &str| OwnerRef {
        namespace: namespace.to_owned(),
        owner: PodOwner {
            kind: "Deployment".to_owned(),
            name: name.to_owned(),
        },
    };
    let slot = "2027-03-01T10:00:00Z".parse().unwrap();
    let calendar = config().calendar.unwrap();
    let rota = Rota {
        calendar: &calendar,
        every: Duration::from_secs(7 * 24 * 3600),
        capacity: 1,
        seed: 1,
    };
    board.note(Fact::TurnsPlanned {
        rota,
        owners: &BTreeSet::new(),
        next: &BTreeMap::from([
            (owner("shop", "cart"), slot),
            (owner("elsewhere", "secret-owner"), slot),
            (owner("shop", "web"), slot + SignedDuration::from_hours(100)),
        ]),
    });
    assert_eq!(
        json(&board)["slots"][0]["turns"],
        serde_json::json!(["shop/deployment/cart"])
    );
    assert!(!html(&board).contains("secret-owner"));
}

#[tokio::test(start_paused = true)]
async fn without_names_the_page_counts_and_names_nothing() {
    let board = busy(StatusConfig {
        names: false,
        ..config()
    });
    let pause = PauseRequest {
        end: PauseEnd::Indefinite,
        by: Some("jane@node".to_owned()),
        reason: Some("3 victims in a row did not recover: deployment/web in shop".to_owned()),
    };
    let mut journal = TestJournal::default();
    journal.disrupt("shop", start());
    board.note(read(&journal, Some(&pause)));
    let texts = board.texts();

    for text in [seen(&texts.html), texts.json.clone()] {
        for name in ["shop", "web", "macaque-1", "node", "replica-"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
    }
    let json = json(&board);
    assert_eq!(json["broken"]["items"], serde_json::json!([]));
    assert!(json["broken"]["more"].as_u64().unwrap() >= 1);
    assert_eq!(json["recoveries"]["more"], 1);
    assert_eq!(json["rounds"]["items"][0]["victims"]["more"], 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_in_scope_any_more_is_not_named() {
    let board = busy(config());
    assert!(html(&board).contains("deployment/web"));
    board.note(Fact::ConfigInForce {
        is_dry_run: false,
        method: DisruptionMethod::Evict,
        namespaces: &NamespaceScope::Named(vec!["cart".to_owned()]),
        limits: &Default::default(),
        recovery_timeout: Default::default(),
        guards: &[],
        calendar: None,
    });
    let texts = board.texts();
    for text in [seen(&texts.html), texts.json] {
        assert!(
            !text.contains("deployment/web") && !text.contains("shop"),
            "{text}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_owners_make_a_page_of_bounded_size_that_says_how_many_it_leaves_out() {
    let board = board(StatusConfig {
        namespaces: NamespaceScope::All,
        ..config()
    });
    let entry = |number: u64| HistoryEntry {
        number: Some(number),
        slot: start() - Duration::from_secs(number),
        at: start() - Duration::from_secs(number),
        pod: PodRef {
            namespace: format!("namespace-{number}-{}", "x".repeat(40)),
            name: format!("{}-{number}", "pod-of-a-long-name".repeat(8)),
            uid: number.to_string(),
        },
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: format!("{}-{number}", "owner-of-a-long-name".repeat(8)),
        }),
        team: None,
        method: DisruptionMethod::Evict,
        inferred: false,
        outcome: if number.is_multiple_of(2) {
            EntryOutcome::Evicted
        } else {
            EntryOutcome::Refused {
                by: format!("budget {}", "of-a-long-name".repeat(5)),
            }
        },
        recovery: (number.is_multiple_of(2)).then(|| EntryRecovery {
            accepted: start() - Duration::from_secs(number),
            verdict: Some(RecoveryVerdict::Recovered),
            ended: Some(start()),
            times: RecoveryTimes {
                whole_ms: Some(4_500),
                ..RecoveryTimes::default()
            },
            expect_ms: 60_000,
            trouble: None,
        }),
    };
    let mut history = History::new();
    history
        .note_lines((1..=10_000).map(|number| HistoryLine::new(LineContent::Entry(Box::new(entry(number))))));
    board.note(Fact::HistoryRead(&history));

    let texts = board.texts();
    assert!(texts.html.len() < 300_000, "{}", texts.html.len());
    assert!(texts.json.len() < 300_000, "{}", texts.json.len());
    assert!(
        seen(&texts.html).contains("and 4950 more:\nmacaque report"),
        "{}",
        texts.html
    );
}
