//! Texts from elsewhere in every place of the page: they are shown as text, or not at all.

use jiff::SignedDuration;
use macaque::facts::{Fact, FactListener as _};
use macaque::status::{StatusBoard, StatusConfig};
use macaque_core::config::NamespaceScope;
use macaque_core::guard::{GuardAnswer, GuardFinding, GuardHold, HoldAnswer};
use macaque_core::journal::{PauseEnd, PauseRequest};
use macaque_core::outcome::Outcome;
use macaque_core::pod::{PodOwner, PodTrouble};
use macaque_core::recovery::{RecoveryReport, RecoveryVerdict};
use macaque_core::refusal::Refusal;
use macaque_core::report::{RoundEnd, RoundReport};
use macaque_testkit::CANARY;
use macaque_testkit::metrics::{TestJournal, attempt, tried};
use macaque_testkit::notify::{recovery, round};

use super::{board, config, start};

/// Texts that a careless page would obey.
const ATTACKS: [&str; 10] = [
    "<script>sentinel()</script>",
    "\"><img src=x onerror=sentinel()>",
    "' onmouseover='sentinel()",
    "</style><script>sentinel()</script>",
    "</title><svg onload=sentinel()>",
    "--><iframe src=javascript:sentinel()>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "&lt;script&gt;sentinel()&lt;/script&gt;",
    "javascript:sentinel()",
    "\u{202e}\u{0}\u{1b}[2Jsentinel()",
];

/// A board that was given `text` wherever a text comes from elsewhere.
fn attacked_by(text: &str) -> StatusBoard {
    let own = || text.to_owned();
    let board = board(StatusConfig {
        namespaces: NamespaceScope::All,
        guards: vec![own()],
        channels: vec![own()],
        cluster: Some(own()),
        ..config()
    });
    let mut journal = TestJournal::default();
    journal.disrupt("shop", start());
    let pause = PauseRequest {
        end: PauseEnd::Unreadable(own()),
        by: Some(own()),
        reason: Some(own()),
    };
    board.note(Fact::JournalRead {
        journal: journal.journal(),
        pause: Some(&pause),
        now: start(),
    });

    let hold = GuardHold {
        guard: own(),
        answer: HoldAnswer::CannotAnswer,
        why: own(),
    };
    let outcomes = [
        Outcome::Evicted,
        Outcome::Unknown { why: own() },
        Outcome::Held(hold.clone()),
        Outcome::Refused(Refusal::Webhook {
            name: own(),
            message: own(),
            temporary: false,
        }),
        Outcome::Refused(Refusal::Budget {
            name: Some(own()),
            message: own(),
            unsynced: false,
        }),
    ];
    for (number, outcome) in outcomes.into_iter().enumerate() {
        let slot = start() - SignedDuration::from_mins(number as i64);
        let mut victim = attempt("shop", outcome);
        victim.pod.namespace = own();
        victim.pod.name = own();
        victim.pod.uid = number.to_string();
        victim.team = Some(own());
        victim.owner = Some(PodOwner {
            kind: own(),
            name: own(),
        });
        victim.warnings = vec![own()];
        board.note(tried(&victim, slot));
        board.note(Fact::RecoveryReported(&RecoveryReport {
            slot,
            pod: victim.pod.clone(),
            owner: victim.owner.clone().unwrap(),
            trouble: Some(PodTrouble {
                reason: own(),
                message: own(),
            }),
            why: Some(own()),
            ..recovery("web-1", RecoveryVerdict::Unrecovered)
        }));
        let end = match number {
            0 => RoundEnd::Failed { why: own() },
            1 => RoundEnd::Withheld { why: own() },
            _ => RoundEnd::Held(hold.clone()),
        };
        board.note(Fact::RoundFinished(&RoundReport {
            slot,
            finished: slot,
            end,
            problems: vec![own()],
            warnings: vec![own()],
            ..round([])
        }));
    }
    let seen = own();
    board.note(Fact::GuardAnswered(&GuardFinding::new(
        text,
        GuardAnswer::CannotAnswer,
        own(),
        seen,
    )));
    board
}

#[tokio::test(start_paused = true)]
async fn a_hostile_text_is_text_wherever_it_stands() {
    for attack in ATTACKS {
        let page = attacked_by(attack).texts();
        let (_, body) = page.html.split_once("</style>").unwrap();

        // Every element and every attribute is one of ours.
        for tag in body
            .split('<')
            .skip(1)
            .filter_map(|part| part.split_once('>'))
            .map(|(tag, _)| tag)
        {
            let name: String = tag
                .chars()
                .take_while(|c| c.is_alphanumeric() || *c == '/')
                .collect();
            assert!(
                ELEMENTS.contains(&name.trim_start_matches('/')),
                "{attack}: <{tag}>"
            );
            for attribute in attributes(tag) {
                assert!(
                    ATTRIBUTES.contains(&attribute.as_str()),
                    "{attack}: {attribute} in <{tag}>"
                );
            }
        }
        assert!(
            !page.html.contains('\u{202e}') && !page.html.contains('\u{1b}'),
            "{attack}"
        );
        assert!(
            body.contains("sentinel") || attack.contains("evil.example"),
            "{attack}"
        );
        let _: serde_json::Value = serde_json::from_str(&page.json).unwrap();
    }
}

/// The elements of the body of a page.
const ELEMENTS: [&str; 34] = [
    "body", "header", "main", "footer", "section", "h1", "h2", "h3", "p", "span", "strong", "code", "a",
    "div", "dl", "dt", "dd", "time", "table", "caption", "thead", "tbody", "tr", "th", "td", "svg", "title",
    "rect", "path", "html", "head", "ul", "li", "meta",
];
/// Their attributes.
const ATTRIBUTES: [&str; 23] = [
    "class",
    "id",
    "role",
    "scope",
    "data-heading",
    "datetime",
    "title",
    "aria-labelledby",
    "aria-label",
    "aria-hidden",
    "viewBox",
    "width",
    "height",
    "x",
    "y",
    "d",
    "href",
    "lang",
    "tabindex",
    "headers",
    "colspan",
    "abbr",
    "rel",
];

/// The names of the attributes of a tag, whose values have no quotes in them.
fn attributes(tag: &str) -> Vec<String> {
    let outside: Vec<_> = tag.split('"').step_by(2).collect();
    let names = outside.iter().flat_map(|part| part.split_whitespace());
    let names = names.filter_map(|word| word.strip_suffix('='));
    names.map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn no_address_and_nothing_that_another_service_said_is_on_the_page() {
    let secret = format!("https://user:{CANARY}@gate.example/{CANARY}?token={CANARY}");
    let texts = attacked_by(&secret).texts();
    for text in [&texts.html, &texts.json] {
        assert!(!text.contains(CANARY), "{text}");
        assert!(!text.contains("gate.example"), "{text}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_gate_or_a_webhook_says_is_not_on_the_page() {
    let board = board(config());
    let said = format!("the query {CANARY} says 7");
    let finding = GuardFinding::new("error rate", GuardAnswer::HoldsBack, said.clone(), said.clone());
    board.note(Fact::GuardAnswered(&finding));
    let hold = GuardHold {
        guard: "error rate".to_owned(),
        answer: HoldAnswer::HoldsBack,
        why: said.clone(),
    };
    let webhook = Refusal::Webhook {
        name: "guard.example".to_owned(),
        message: said.clone(),
        temporary: false,
    };
    for outcome in [
        Outcome::Held(hold.clone()),
        Outcome::Refused(webhook),
        Outcome::Unknown { why: said },
    ] {
        board.note(tried(&attempt("shop", outcome), start()));
    }
    board.note(Fact::RoundFinished(&RoundReport {
        end: RoundEnd::Held(hold),
        ..round([])
    }));

    let texts = board.texts();
    for text in [texts.html, texts.json] {
        assert!(text.contains("error rate"));
        assert!(!text.contains(CANARY), "{text}");
    }
}
