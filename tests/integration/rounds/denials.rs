//! Refusals by admission and by rights, whatever code they come with: each is one request, and none is an error.

use kube_sandbox::scenario::{deployment, stateful_set};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::refusal::Refusal;
use macaque_core::report::{RoundEnd, RoundStatus};
use serde_json::{Value, json};

use super::fixture::{EVICTION, RoundFixture, two_apps};
use super::outcomes;
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};

const DENIED: &str = "admission webhook \"guard.example\" denied the request: not on my watch";

/// One pod, whose disruption is answered by `answer`.
fn denied(part: &'static str, answer: ProxyResponse) -> RoundFixture {
    RoundFixture::with(vec![stateful_set("shop", "db", 1)]).always(part, Fault::Answer(answer))
}

#[actix_rt::test]
async fn a_webhook_refuses_with_any_code_and_is_asked_once() {
    for code in [400, 403, 404, 409, 422, 429, 500] {
        let fixture = denied(EVICTION, ProxyResponse::failure(code, DENIED, json!({})));
        let report = fixture.round().await;
        let expected = ["statefulset/db: refused by webhook guard.example: not on my watch"];
        assert_eq!(outcomes(&report), expected, "{code}");
        assert_eq!(report.status(), RoundStatus::Refused, "{code}");
        assert_eq!(fixture.sent(EVICTION).len(), 1, "{code}");
    }
}

#[actix_rt::test]
async fn a_webhook_that_asks_for_patience_is_asked_once_all_the_same() {
    let migrating =
        "admission webhook \"virt\" denied the request: Eviction triggered evacuation of VMI \"shop/db\"";
    let more = json!({ "reason": "TooManyRequests", "details": { "retryAfterSeconds": 1 } });
    let fixture = denied(EVICTION, ProxyResponse::failure(429, migrating, more));

    assert!(
        outcomes(&fixture.round().await)[0]
            .contains("refused by webhook virt: Eviction triggered evacuation")
    );
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}

/// Many pods, each of whose disruptions a webhook refuses and takes for the order to migrate it.
fn migrating(part: &'static str) -> RoundFixture {
    let words =
        "admission webhook \"virt\" denied the request: Eviction triggered evacuation of VMI \"shop/db\"";
    let more = json!({ "reason": "TooManyRequests" });
    let refusal = ProxyResponse::failure(429, words, more);
    RoundFixture::with(vec![deployment("shop", "vm", 12)]).always(part, Fault::Answer(refusal))
}

#[actix_rt::test]
async fn after_a_webhook_refused_one_more_victim_is_tried_and_the_report_says_why_no_more() {
    for (method, part) in [
        (DisruptionMethod::Evict, EVICTION),
        (DisruptionMethod::Delete, "DELETE"),
    ] {
        let fixture = migrating(part).method(method);
        let report = fixture.round().await;

        assert_eq!(fixture.sent(part).len(), 2, "{method}");
        let why = "after a webhook refused, only 1 more victim may be tried (disrupt.attempts_after_webhook)";
        assert_eq!(report.end, RoundEnd::Withheld { why: why.to_owned() });
        assert_eq!(report.status(), RoundStatus::Refused);
    }
}

#[actix_rt::test]
async fn more_victims_are_tried_after_a_webhook_only_as_configured() {
    for (allowed, requests) in [(0, 1), (3, 4), (20, 10)] {
        let fixture = migrating(EVICTION).attempts_after_webhook(allowed);
        fixture.round().await;
        assert_eq!(fixture.sent(EVICTION).len(), requests, "{allowed}");
    }
}

#[actix_rt::test]
async fn a_policy_refuses_by_name_and_binding() {
    let message =
        "pods \"db-0\" is forbidden: ValidatingAdmissionPolicy 'calm' with binding 'shop' denied request: no";
    let fixture = denied(
        EVICTION,
        ProxyResponse::failure(422, message, json!({ "reason": "Invalid" })),
    );
    let expected = ["statefulset/db: refused by policy calm (binding shop): no"];
    assert_eq!(outcomes(&fixture.round().await), expected);
}

#[actix_rt::test]
async fn a_webhook_may_refuse_a_deletion_too_and_no_eviction_follows() {
    let fixture =
        denied("DELETE", ProxyResponse::failure(403, DENIED, json!({}))).method(DisruptionMethod::Delete);
    let expected = ["statefulset/db: refused by webhook guard.example: not on my watch"];
    assert_eq!(outcomes(&fixture.round().await), expected);
    assert_eq!(
        (fixture.sent("DELETE").len(), fixture.sent(EVICTION).len()),
        (1, 0)
    );
}

#[actix_rt::test]
async fn several_budgets_are_known_by_the_words_of_a_500() {
    let message =
        "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    let report = denied(EVICTION, ProxyResponse::failure(500, message, json!({})))
        .round()
        .await;

    assert_eq!(
        report.attempts[0].outcome,
        Outcome::Refused(Refusal::SeveralBudgets)
    );
}

#[actix_rt::test]
async fn a_webhook_that_does_not_answer_is_a_refusal_for_now() {
    let message = "Internal error occurred: failed calling webhook \"guard\": context deadline exceeded";
    let fixture = denied(
        EVICTION,
        ProxyResponse::failure(500, message, json!({ "reason": "InternalError" })),
    );
    let report = fixture.round().await;

    assert!(
        outcomes(&report)[0]
            .contains("refused by webhook guard, which does not answer: Internal error occurred")
    );
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}

#[actix_rt::test]
async fn a_budgets_403_is_no_missing_grant() {
    let more = json!({
        "reason": "Forbidden",
        "details": { "kind": "poddisruptionbudget", "name": "db", "causes": [{ "reason": "DisruptionBudget" }] },
    });
    let report = denied(
        EVICTION,
        ProxyResponse::failure(403, "pdb disruptions allowed is negative", more),
    )
    .round()
    .await;
    let expected = ["statefulset/db: refused by budget db: pdb disruptions allowed is negative"];

    assert_eq!(
        (outcomes(&report), report.problems.len()),
        (expected.map(str::to_owned).to_vec(), 0)
    );
}

#[actix_rt::test]
async fn a_terminating_namespace_is_left_after_one_try() {
    let more =
        json!({ "reason": "Forbidden", "details": { "causes": [{ "reason": "NamespaceTerminating" }] } });
    let fixture = RoundFixture::with(two_apps()).always(
        EVICTION,
        Fault::Answer(ProxyResponse::failure(403, "unable to create", more)),
    );
    let report = fixture.round().await;

    assert_eq!(
        report.attempts[0].outcome,
        Outcome::Refused(Refusal::NamespaceTerminating)
    );
    assert_eq!(
        (fixture.sent(EVICTION).len(), report.status()),
        (1, RoundStatus::Refused)
    );
}

#[actix_rt::test]
async fn contention_on_a_budget_is_no_replacement_of_the_pod() {
    let more: Value =
        json!({ "reason": "Conflict", "details": { "kind": "poddisruptionbudgets", "name": "db" } });
    let fixture = denied(
        EVICTION,
        ProxyResponse::failure(409, "the object has been modified", more),
    );
    let report = fixture.round().await;

    assert!(
        outcomes(&report)[0].contains("not possible right now"),
        "{report:?}"
    );
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}
