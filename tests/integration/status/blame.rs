//! What is answered at /api/v1/blame, in one second by one process.

use std::sync::Arc;

use macaque::facts::{Fact, FactListener as _};
use macaque::http_server::{self, HttpEndpoint};
use macaque::platform::Platform;
use macaque::status::{StatusBoard, StatusConfig};
use macaque_core::config::NamespaceScope;
use macaque_testkit::metrics::TestJournal;
use serde_json::Value;

use super::http::{ServedAnswer, ask};
use super::{config, start};

/// What is answered to a query, by a macaque that disrupted a pod of the namespace shop at [`start`].
fn blamed(config: StatusConfig, query: &str) -> ServedAnswer {
    let platform = Platform::system();
    let mut journal = TestJournal::default();
    journal.disrupt("shop", start());
    let board = StatusBoard::new(config, &platform);
    board.note(Fact::JournalRead {
        journal: journal.journal(),
        pause: None,
        now: platform.now(),
    });

    let endpoint = HttpEndpoint {
        key: "status.listen",
        address: ([127, 0, 0, 1], 0).into(),
        probes: Err(String::new()),
        metrics: Err(String::new()),
        status: Ok(Arc::new(board)),
    };
    let address = http_server::serve(vec![endpoint], &platform).unwrap()[0];
    ask(address, &format!("GET /api/v1/blame{query}"), "")
}

fn everywhere() -> StatusConfig {
    StatusConfig {
        namespaces: NamespaceScope::All,
        ..config()
    }
}

#[test]
fn a_question_that_is_none_is_answered_with_every_mistake_in_words() {
    let answer = blamed(everywhere(), "?at=yesterday&slack=long&colour=%3Cb%3E");
    assert_eq!(answer.status, 400);
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    let lines: Vec<_> = answer.body.lines().collect();
    assert_eq!(
        lines,
        [
            "at=\"yesterday\" cannot be read: write an instant such as 2026-12-24T15:00:00Z",
            "slack=\"long\" cannot be read: write a duration such as 10m",
            "\"colour\" is not known: there are at, from, to, namespace and slack",
        ]
    );
    assert_eq!(blamed(everywhere(), "").status, 400);
}

#[test]
fn an_answer_says_what_it_is_by_and_about() {
    let answer = blamed(everywhere(), "?at=2026-01-01T00:00:00Z&namespace=cart&slack=1m");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(json["version"], 1);
    assert_eq!(json["from"], "2026-01-01T00:00:00Z");
    assert_eq!(json["namespace"], "cart");
    assert_eq!(json["slack_ms"], 60_000);
    assert!(json["read"].is_string());
    // A time before the journal numbered anything.
    assert_eq!(json["verdict"], "cannot-tell", "{json}");
    assert!(!json["proof"].as_str().unwrap().is_empty());
}

#[test]
fn names_that_the_page_may_not_show_are_left_out_of_the_answer() {
    let hidden = StatusConfig {
        names: false,
        ..everywhere()
    };
    let out_of_scope = StatusConfig {
        namespaces: NamespaceScope::Named(vec!["cart".to_owned()]),
        ..config()
    };
    for config in [hidden, out_of_scope] {
        let answer = blamed(config, "?at=2026-01-01T00:00:00Z");
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.body.contains("shop"), "{}", answer.body);
        assert!(answer.body.contains("names are left out"), "{}", answer.body);
    }
}
