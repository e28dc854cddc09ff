//! What each answer of Prometheus means.

use macaque_core::guard::GuardAnswer;
use macaque_core::guard::GuardAnswer::{CannotAnswer, Go, HoldsBack};
use serde_json::{Value, json};

use super::*;
use crate::gates::judgement::{answer, server};

const EMPTY: QueryExpectation = QueryExpectation::Empty;
const NONEMPTY: QueryExpectation = QueryExpectation::Nonempty;
const TRUE: QueryExpectation = QueryExpectation::True;

fn success(kind: &str, result: &Value) -> HttpAnswer {
    let body = json!({"status": "success", "data": {"resultType": kind, "result": result}});
    answer(200, &body.to_string())
}

/// A vector of one sample for each value.
fn samples(values: &[&str]) -> HttpAnswer {
    let samples = values
        .iter()
        .map(|value| json!({"metric": {"__name__": "up", "job": "web"}, "value": [1.5, value]}));
    success("vector", &samples.collect())
}

fn alerts(names: &[&str]) -> HttpAnswer {
    let alerts = names
        .iter()
        .map(|name| json!({"metric": {"__name__": "ALERTS", "alertname": name}, "value": [1, "1"]}));
    success("vector", &alerts.collect())
}

fn judged(answer: &HttpAnswer, expect: QueryExpectation) -> (GuardAnswer, String) {
    let judgement = judge(&server(&[]), answer, expect);
    assert_eq!(
        judgement.remedy.is_some(),
        judgement.answer == CannotAnswer,
        "{judgement:?}"
    );
    (judgement.answer, judgement.seen)
}

#[test]
fn every_result_has_one_judgement_for_each_expectation() {
    let scalar = |value: &str| success("scalar", &json!([1.5, value]));
    let up = r#"1 series: up{job="web"}"#;
    let never_empty = "the result is a scalar, which is never empty";
    let none = "no series, so nothing shows whether it is true";
    let rows = [
        (samples(&[]), EMPTY, Go, "no series"),
        (samples(&[]), NONEMPTY, HoldsBack, "no series"),
        (samples(&[]), TRUE, CannotAnswer, none),
        (samples(&["1"]), EMPTY, HoldsBack, up),
        (samples(&["1"]), NONEMPTY, Go, up),
        (samples(&["0"]), NONEMPTY, Go, up),
        (samples(&["NaN"]), NONEMPTY, Go, up),
        (samples(&["1"]), TRUE, Go, "the value is 1"),
        (samples(&["0"]), TRUE, HoldsBack, "the value is 0"),
        (samples(&["-0"]), TRUE, HoldsBack, "the value is 0"),
        (samples(&["-1.5e3"]), TRUE, Go, "the value is -1500"),
        (samples(&["+Inf"]), TRUE, Go, "the value is inf"),
        (samples(&["NaN"]), TRUE, CannotAnswer, "the value is NaN"),
        (
            samples(&["1", "1"]),
            TRUE,
            CannotAnswer,
            "2 samples, and one is expected",
        ),
        (scalar("1"), TRUE, Go, "the value is 1"),
        (scalar("0"), TRUE, HoldsBack, "the value is 0"),
        (scalar("NaN"), TRUE, CannotAnswer, "the value is NaN"),
        (scalar("0"), EMPTY, CannotAnswer, never_empty),
        (scalar("1"), NONEMPTY, CannotAnswer, never_empty),
    ];
    for (answer, expect, expected, seen) in rows {
        assert_eq!(judged(&answer, expect), (expected, seen.to_owned()), "{expect:?}");
    }
}

#[test]
fn a_result_that_is_no_answer_never_means_go() {
    let histogram = json!([{"metric": {}, "histogram": [1, {"count": "1"}]}]);
    let partial = |warnings: Value| {
        let data = json!({"resultType": "vector", "result": []});
        answer(
            200,
            &json!({"status": "success", "data": data, "warnings": warnings}).to_string(),
        )
    };
    let error =
        json!({"status": "error", "errorType": "bad_data", "error": "1:3: parse\n error"}).to_string();
    let elsewhere = "prometheus.example:9090 answered 200, but not as Prometheus answers";
    let rows = [
        (
            success("matrix", &json!([])),
            "the result is a matrix, which says neither yes nor no",
        ),
        (
            success("string", &json!([1, "x"])),
            "the result is a string, which says neither yes nor no",
        ),
        (success("streams", &json!([])), elsewhere),
        (success("vector", &json!({})), elsewhere),
        (
            success("vector", &json!([{"metric": {}, "value": [1, "one"]}])),
            elsewhere,
        ),
        (success("vector", &json!([{"value": [1, "1"]}])), elsewhere),
        (
            partial(json!(["store b:\u{202e} timeout"])),
            "the result may be partial: store b: timeout",
        ),
        (partial(json!("x")), elsewhere),
        (
            answer(200, &error),
            "prometheus.example:9090 answered status error: 1:3: parse error",
        ),
        (
            answer(200, r#"{"status":"error"}"#),
            "prometheus.example:9090 answered status error: no reason given",
        ),
        (answer(200, r#"{"status":"success"}"#), elsewhere),
        (
            answer(
                200,
                r#"{"status":"fine","data":{"resultType":"vector","result":[]}}"#,
            ),
            elsewhere,
        ),
        (answer(200, "<html>Sign in</html>"), elsewhere),
        (answer(200, ""), elsewhere),
        (
            answer(
                200,
                r#"{"status":"success","data":{"resultType":"vector","result":["#,
            ),
            elsewhere,
        ),
        (
            answer(204, ""),
            "prometheus.example:9090 answered 204, but not as Prometheus answers",
        ),
        (
            answer(400, &error),
            "prometheus.example:9090 answered 400: 1:3: parse error",
        ),
        (
            answer(302, ""),
            "prometheus.example:9090 answered 302: redirects are not followed",
        ),
        (answer(401, "<html>"), "prometheus.example:9090 answered 401"),
        (answer(404, "not found"), "prometheus.example:9090 answered 404"),
        (answer(429, ""), "prometheus.example:9090 answered 429"),
        (
            answer(503, &error),
            "prometheus.example:9090 answered 503: 1:3: parse error",
        ),
    ];
    for (answer, seen) in rows {
        for expect in [EMPTY, NONEMPTY, TRUE] {
            assert_eq!(
                judged(&answer, expect),
                (CannotAnswer, seen.to_owned()),
                "{expect:?}"
            );
        }
    }

    let histogram = success("vector", &histogram);
    assert_eq!(
        judged(&histogram, TRUE),
        (CannotAnswer, "the result is a histogram".to_owned())
    );
}

#[test]
fn notes_of_the_engine_are_no_warnings() {
    for notes in [
        json!({"infos": ["metric might not be a counter"]}),
        json!({"warnings": []}),
        json!({"warnings": null}),
    ] {
        let mut body = json!({"status": "success", "data": {"resultType": "vector", "result": []}});
        body.as_object_mut()
            .unwrap()
            .append(&mut notes.as_object().unwrap().clone());
        assert_eq!(judged(&answer(200, &body.to_string()), EMPTY).0, Go, "{body}");
    }
}

#[test]
fn alerts_are_counted_and_the_first_few_names_are_shown_clean_and_bounded() {
    let long = "x".repeat(500);
    for (names, seen) in [
        (
            vec!["KubePodCrashLooping"],
            "1 alert: KubePodCrashLooping".to_owned(),
        ),
        (vec!["A", "A", "B"], "3 alerts: A, B".to_owned()),
        (vec!["A", "B", "C"], "3 alerts: A, B, C".to_owned()),
        (vec!["A", "B", "C", "D", "E"], "5 alerts: A, B, C, …".to_owned()),
        (vec!["a\u{1b}[2J\nb"], "1 alert: a [2J b".to_owned()),
        (vec![""], "1 alert".to_owned()),
        (vec![&long], format!("1 alert: {}…", "x".repeat(79))),
    ] {
        assert_eq!(judged(&alerts(&names), EMPTY), (HoldsBack, seen));
    }
}

#[test]
fn a_series_is_shown_with_its_first_labels() {
    let metric = json!({"__name__": "up", "a": "1", "b": "x\"y", "c": "3", "d": "4"});
    let result = json!([{"metric": metric, "value": [1, "1"]}, {"metric": {}, "value": [1, "1"]}]);
    let seen = r#"2 series: up{a="1",b="x\"y",c="3"}, {}"#;
    assert_eq!(judged(&success("vector", &result), EMPTY).1, seen);
}

#[test]
fn what_the_service_echoes_of_a_secret_is_hidden() {
    let secret = "s3cr3t-token-of-the-gate";
    let error = json!({"status": "error", "error": format!("token {secret} is bad")}).to_string();
    let judgement = judge(&server(&[secret]), &answer(401, &error), EMPTY);
    assert_eq!(
        judgement.seen,
        "prometheus.example:9090 answered 401: token [hidden] is bad"
    );
}

#[test]
fn an_empty_canary_holds_back_and_says_that_the_metrics_may_have_vanished() {
    let judged = |answer: &HttpAnswer| {
        let judgement = judge_canary(&server(&[]), answer);
        (judgement.answer, judgement.seen)
    };
    let empty = "the canary is empty: the metrics may have vanished";
    assert_eq!(judged(&samples(&[])), (HoldsBack, empty.to_owned()));
    assert_eq!(judged(&samples(&["0"])).0, Go);

    let failed = "the canary: prometheus.example:9090 answered 503";
    assert_eq!(judged(&answer(503, "")), (CannotAnswer, failed.to_owned()));
    let scalar = success("scalar", &json!([1, "1"]));
    assert_eq!(
        judged(&scalar).0,
        CannotAnswer,
        "a canary that is never empty shows nothing"
    );
}
