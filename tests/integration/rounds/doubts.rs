//! Answers that leave in doubt whether the pod was disrupted: the same pod is looked up by its UID, and no doubt
//! ever draws a second victim.

use kube_sandbox::scenario::stateful_set;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::report::{RoundEnd, RoundReport, RoundStatus};
use serde_json::json;

use super::fixture::{EVICTION, RoundFixture, two_apps};
use super::{failure, outcomes};
use macaque_testkit::fault_proxy::{Fault, ProxyResponse};

/// Two replicas without a budget; the proxy matches a look at either by name.
fn db() -> RoundFixture {
    RoundFixture::with(vec![stateful_set("shop", "db", 2)])
}

const LOOK: &str = "GET /api/v1/namespaces/shop/pods/db-";

/// What the API server's own time-out filter sends: JSON, said to be text, and no kind.
fn timeout() -> ProxyResponse {
    let body = json!({
        "metadata": {}, "status": "Failure", "reason": "Timeout", "details": {}, "code": 504,
        "message": "Timeout: request did not complete within the allotted timeout",
    });
    ProxyResponse::new(504, body.to_string()).with_content_type("text/plain; charset=utf-8")
}

fn bad_gateway() -> ProxyResponse {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n</html>";
    ProxyResponse::new(502, page).with_content_type("text/html")
}

/// The only warning of the only attempt.
fn warning(report: &RoundReport) -> &str {
    let [attempt] = &report.attempts[..] else {
        panic!("{report:?}")
    };
    let [warning] = &attempt.warnings[..] else {
        panic!("{report:?}")
    };
    warning
}

fn unknown(report: &RoundReport) -> &str {
    let [attempt] = &report.attempts[..] else {
        panic!("{report:?}")
    };
    let Outcome::Unknown { why } = &attempt.outcome else {
        panic!("{report:?}")
    };
    why
}

#[actix_rt::test]
async fn a_connection_cut_after_the_act_is_an_eviction_with_a_warning_and_no_second_victim() {
    let fixture = RoundFixture::with(two_apps()).always(EVICTION, Fault::DropAfter);
    let report = fixture.round().await;
    assert_eq!(report.attempts[0].outcome, Outcome::Evicted);

    let seen = "but the pod was seen gone or terminating";
    assert!(warning(&report).contains(seen), "{report:?}");
    assert_eq!(
        (report.status(), &report.end),
        (RoundStatus::Disrupted, &RoundEnd::Complete)
    );
    assert_eq!(fixture.sent(EVICTION).len(), 1);
    assert_eq!(fixture.pods("shop").await.len(), 3);
}

#[actix_rt::test]
async fn a_connection_cut_before_the_act_is_tried_once_more_on_the_same_pod() {
    let fixture = RoundFixture::with(two_apps()).once(EVICTION, Fault::DropBefore);
    let report = fixture.round().await;
    assert_eq!(report.attempts[0].outcome, Outcome::Evicted);
    let [first, second] = &fixture.sent(EVICTION)[..] else {
        panic!("{report:?}")
    };
    assert_eq!((first.line(), &first.body), (second.line(), &second.body));
    assert_eq!(fixture.pods("shop").await.len(), 3);
}

#[actix_rt::test]
async fn a_doubt_that_lasts_is_unknown_and_spends_the_count() {
    let fixture = RoundFixture::with(two_apps()).always(EVICTION, Fault::DropBefore);
    let report = fixture.round().await;
    assert!(
        unknown(&report).ends_with("then the pod was seen alive"),
        "{report:?}"
    );
    assert_eq!(report.status(), RoundStatus::Failed);
    assert_eq!(fixture.sent(EVICTION).len(), 2);
    assert_eq!(fixture.pods("shop").await.len(), 4);
}

#[actix_rt::test]
async fn a_successor_of_the_same_name_is_not_taken_for_the_pod_itself() {
    let fixture = RoundFixture::with(vec![stateful_set("shop", "db", 1)]);
    let replace = fixture.replacing("db-0");
    let fixture = fixture.after_the_first(LOOK, Fault::meanwhile(replace));
    assert_eq!(outcomes(&fixture.round().await), ["statefulset/db: evicted"]);
    assert_eq!(fixture.pods("shop").await, ["db-0"]);
}

#[actix_rt::test]
async fn a_timeout_after_the_act_is_an_eviction() {
    let fixture = db().always(EVICTION, Fault::AnswerAfter(timeout()));
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["statefulset/db: evicted"]);
    assert!(warning(&report).contains("did not complete within the allotted timeout"));
    assert_eq!(fixture.sent(EVICTION).len(), 1);
    assert_eq!(fixture.pods("shop").await.len(), 1);
}

#[actix_rt::test]
async fn a_timeout_before_the_act_is_tried_once_more_on_the_same_pod() {
    let fixture = db().once(EVICTION, Fault::Answer(timeout()));
    assert_eq!(outcomes(&fixture.round().await), ["statefulset/db: evicted"]);
    assert_eq!(fixture.sent(EVICTION).len(), 2);
    assert_eq!(fixture.pods("shop").await.len(), 1);
}

#[actix_rt::test]
async fn a_page_of_html_is_a_doubt_whose_first_words_are_reported() {
    let fixture = db().always(EVICTION, Fault::Answer(bad_gateway()));
    let report = fixture.round().await;
    assert!(
        unknown(&report).starts_with("HTTP 502: <html>  <head><title>502 Bad Gateway"),
        "{report:?}"
    );
    assert_eq!(fixture.sent(EVICTION).len(), 2);
}

#[actix_rt::test]
async fn half_an_answer_is_a_doubt_that_a_look_resolves() {
    let fixture = db().always(EVICTION, Fault::Truncate);
    let report = fixture.round().await;
    assert_eq!(outcomes(&report), ["statefulset/db: evicted"]);
    assert!(warning(&report).contains("the answer broke off"), "{report:?}");
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}

#[actix_rt::test]
async fn a_deletion_in_doubt_is_looked_up_just_so() {
    let fixture = RoundFixture::with(two_apps())
        .method(DisruptionMethod::Delete)
        .always("DELETE", Fault::DropAfter);
    let report = fixture.round().await;
    assert_eq!(report.attempts[0].outcome, Outcome::Deleted);
    assert_eq!(fixture.sent("DELETE").len(), 1);
    assert_eq!(fixture.pods("shop").await.len(), 3);
}

/// An acceptance that has no effect.
fn accepted() -> ProxyResponse {
    let yes =
        json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201 });
    ProxyResponse::new(201, yes.to_string())
}

#[actix_rt::test]
async fn a_yes_after_which_the_pod_lives_on_is_a_refusal() {
    let fixture = db().attempts(1).always(EVICTION, Fault::Answer(accepted()));
    let refused = "statefulset/db: accepted, but the pod was not deleted (a webhook may have made it a dry run or delayed it)";
    assert_eq!(outcomes(&fixture.round().await), [refused]);
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}

#[actix_rt::test]
async fn after_a_doubt_a_yes_after_which_the_pod_lives_on_is_unknown_and_no_other_pod_is_drawn() {
    let fixture = RoundFixture::with(two_apps())
        .once(EVICTION, Fault::Answer(timeout()))
        .always(EVICTION, Fault::Answer(accepted()));
    let report = fixture.round().await;

    assert!(
        unknown(&report).ends_with("; sent again: accepted; then the pod was seen alive"),
        "the first request may still take effect: {report:?}"
    );
    assert_eq!((report.attempts.len(), fixture.sent(EVICTION).len()), (1, 2));
}

/// A fixture whose API server answers the first look at a pod, and then drops the connection of so many.
fn away_for(looks: usize, eviction: Fault) -> RoundFixture {
    let fixture = db().once(EVICTION, eviction).once(LOOK, Fault::meanwhile(|| {}));
    (0..looks).fold(fixture, |fixture, _| fixture.once(LOOK, Fault::DropBefore))
}

#[actix_rt::test]
async fn an_api_server_that_is_away_for_long_in_mid_eviction_leaves_no_outcome_unknown() {
    for (eviction, requests) in [
        (Fault::header("x-test", "none"), 1),
        (Fault::DropAfter, 1),
        (Fault::DropBefore, 2),
    ] {
        let fixture = away_for(12, eviction);
        let report = fixture.round().await;
        assert_eq!(outcomes(&report), ["statefulset/db: evicted"]);
        assert_eq!(fixture.sent(EVICTION).len(), requests);
        assert_eq!(fixture.pods("shop").await.len(), 1);
    }
}

fn unauthorized() -> Fault {
    Fault::Answer(ProxyResponse::failure(
        401,
        "Unauthorized",
        json!({ "reason": "Unauthorized" }),
    ))
}

#[actix_rt::test]
async fn credentials_that_are_refused_are_read_afresh_once_and_then_end_the_round() {
    let fixture = RoundFixture::with(two_apps()).always(EVICTION, unauthorized());
    let report = fixture.round().await;
    assert!(
        failure(&report)
            .ends_with("does not accept the credentials, or demands some (401); renew or add them")
    );
    assert_eq!(fixture.sent(EVICTION).len(), 2);
}

#[actix_rt::test]
async fn a_token_that_expired_is_read_afresh_and_the_round_goes_on() {
    for request in [EVICTION, "GET "] {
        let fixture = RoundFixture::with(two_apps()).once(request, unauthorized());
        let report = fixture.round().await;
        assert_eq!(
            report.status(),
            RoundStatus::Disrupted,
            "{request}: {:?}",
            report.end
        );
    }
}

#[actix_rt::test]
async fn an_answer_that_no_api_server_gives_ends_the_round() {
    let fixture = RoundFixture::with(two_apps()).always(
        EVICTION,
        Fault::Answer(ProxyResponse::new(404, "404 page not found")),
    );
    let report = fixture.round().await;

    assert!(
        failure(&report).ends_with("HTTP 404: 404 page not found"),
        "{report:?}"
    );
    assert_eq!(fixture.sent(EVICTION).len(), 1);
}

#[actix_rt::test]
async fn a_remark_of_the_api_server_reaches_the_report() {
    let fixture = db().once(EVICTION, Fault::header("warning", "299 - \"mind the gap\""));
    assert_eq!(warning(&fixture.round().await), "mind the gap");
}

/// Answers that would be taken at their word, had no doubt come before them.
fn later_answers() -> [ProxyResponse; 4] {
    let budget = json!({ "details": { "causes": [{ "reason": "DisruptionBudget", "message": "The disruption budget db …" }] } });
    [
        ProxyResponse::failure(
            404,
            "pods \"db-0\" not found",
            json!({ "reason": "NotFound", "details": { "kind": "pods" } }),
        ),
        ProxyResponse::failure(
            409,
            "the UID in the precondition (a) does not match the UID in record (b)",
            json!({ "reason": "Conflict" }),
        ),
        ProxyResponse::failure(429, "Cannot evict pod", budget),
        ProxyResponse::failure(
            403,
            "pods \"db-0\" is forbidden",
            json!({ "reason": "Forbidden" }),
        ),
    ]
}

#[actix_rt::test]
async fn after_a_doubt_no_answer_is_taken_at_its_word_and_no_other_pod_is_drawn() {
    for later in later_answers() {
        let fixture = RoundFixture::with(two_apps())
            .once(
                EVICTION,
                Fault::Answer(ProxyResponse::failure(504, "Timeout", json!({}))),
            )
            .always(EVICTION, Fault::Answer(later));
        let report = fixture.round().await;
        assert!(unknown(&report).contains("sent again"), "{report:?}");
        assert_eq!((report.attempts.len(), fixture.sent(EVICTION).len()), (1, 2));
    }
}

#[actix_rt::test]
async fn after_a_doubt_a_pod_that_goes_was_disrupted_whatever_the_answer_says() {
    for later in later_answers() {
        let fixture = RoundFixture::with(two_apps())
            .once(
                EVICTION,
                Fault::Answer(ProxyResponse::failure(504, "Timeout", json!({}))),
            )
            .always(EVICTION, Fault::AnswerAfter(later));
        let report = fixture.round().await;
        assert_eq!(report.attempts[0].outcome, Outcome::Evicted);
        assert_eq!((report.attempts.len(), fixture.sent(EVICTION).len()), (1, 2));
    }
}
