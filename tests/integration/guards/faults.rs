//! Guards that cannot answer: they hold back too, and say so.

use std::sync::Arc;

use kube_sandbox::scenario::deployment;
use macaque_core::report::{RoundEnd, RoundStatus};

use super::cluster::{assert_untouched, fixture};
use crate::rounds::fixture::{RoundFixture, two_apps};
use crate::rounds::outcomes;
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};

const SCALE: &str = "/scale";
const SIBLINGS: &str = "labelSelector=app%3D";
const OWNER: &str = "/deployments/web";

fn web() -> RoundFixture {
    fixture(vec![deployment("shop", "web", 3)], |guards| {
        guards.whole = true;
        guards.freeze = true;
    })
}

#[actix_rt::test]
async fn a_read_that_fails_is_no_answer_and_the_guard_says_so() {
    for (part, guard) in [(SCALE, "whole"), (SIBLINGS, "whole"), (OWNER, "freeze")] {
        let broken = ProxyResponse::new(500, "out of order");
        let fixture = web().always(part, Fault::Answer(broken));
        let report = fixture.round().await;

        let [outcome] = &outcomes(&report)[..] else {
            panic!("{report:?}")
        };
        let expected = format!("deployment/web: guard {guard} cannot answer: ");
        assert!(outcome.starts_with(&expected), "{outcome}");
        assert_eq!(report.status(), RoundStatus::Unanswered);
        assert_untouched(&fixture);
    }
}

#[actix_rt::test]
async fn a_read_that_fails_once_is_tried_again() {
    for part in [SCALE, SIBLINGS, OWNER] {
        let fixture = web().once(part, Fault::DropBefore);
        assert_eq!(
            outcomes(&fixture.round().await),
            ["deployment/web: evicted"],
            "{part}"
        );
    }
}

#[actix_rt::test]
async fn a_shutdown_while_a_guard_waits_interrupts_the_round_at_once() {
    for part in [SCALE, SIBLINGS, OWNER] {
        let fixture = web();
        let switch = Arc::clone(&fixture.switch);
        let fixture = fixture.meanwhile(part, move || switch.request());
        let report = fixture.round().await;
        assert_eq!(report.end, RoundEnd::Interrupted, "{part}");
        assert_eq!(
            report.attempts,
            [],
            "a guard that was cut short holds nobody back"
        );
        assert_untouched(&fixture);
    }
}

#[actix_rt::test]
async fn an_owner_whose_guard_cannot_answer_lets_the_next_one_be_picked() {
    let broken = ProxyResponse::new(500, "out of order");
    let fixture = fixture(two_apps(), |guards| guards.whole = true);
    let fixture = fixture.drawing_first("deployment/web").await;
    let fixture = fixture.always("/deployments/web/scale", Fault::Answer(broken));
    let report = fixture.round().await;
    assert_eq!(outcomes(&report)[1..], ["deployment/search: evicted"]);
    assert_eq!(report.status(), RoundStatus::Disrupted);
}
