//! What each answer of a service means, row by row of the table in docs/guards.md.

use macaque_core::eligibility::Candidate;
use macaque_core::guard::GuardAnswer;
use macaque_core::guard::GuardAnswer::{CannotAnswer, Go, HoldsBack};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::PodRef;
use serde_json::json;

use super::*;
use crate::gates::judgement::{answer, server};

const PAGE: &str = "\n <!DOCTYPE HTML><title>Sign in</title>";

fn judged(answer: &HttpAnswer, status: u16, expect: Option<&HttpExpectation>) -> (GuardAnswer, String) {
    let judgement = judge(&server(&[]), answer, status, expect);
    assert_eq!(
        judgement.remedy.is_some(),
        judgement.answer == CannotAnswer,
        "{judgement:?}"
    );
    (judgement.answer, judgement.seen)
}

fn text(body: &str) -> Option<HttpExpectation> {
    Some(HttpExpectation::Body(body.to_owned()))
}

fn json_at(pointer: &str, equals: Value) -> Option<HttpExpectation> {
    let pointer = pointer.to_owned();
    Some(HttpExpectation::Json { pointer, equals })
}

#[test]
fn every_status_has_one_judgement() {
    for status in 200..=599 {
        let expected = match status {
            200 => Go,
            201..=299 | 409 | 412 | 423 => HoldsBack,
            _ => CannotAnswer,
        };
        assert_eq!(judged(&answer(status, "True"), 200, None).0, expected, "{status}");
        assert_eq!(judged(&answer(status, "True"), status, None).0, Go, "{status}");

        let in_page = if expected == Go { Go } else { CannotAnswer };
        assert_eq!(
            judged(&answer(status, PAGE), 200, None).0,
            in_page,
            "{status} with a page"
        );
    }

    let rows = [
        (204, HoldsBack, "it answered 204, not 200"),
        (423, HoldsBack, "it answered 423, not 200"),
        (
            302,
            CannotAnswer,
            "prometheus.example:9090 answered 302: redirects are not followed",
        ),
        (403, CannotAnswer, "prometheus.example:9090 answered 403"),
        (503, CannotAnswer, "prometheus.example:9090 answered 503"),
    ];
    for (status, expected, seen) in rows {
        assert_eq!(
            judged(&answer(status, "secret"), 200, None),
            (expected, seen.to_owned())
        );
    }
}

#[test]
fn a_body_is_compared_without_blanks_around_it_and_by_case() {
    let page = "prometheus.example:9090 answered 200 with a page in HTML";
    let other = "its body is not \"True\"";
    let rows = [
        ("True", Go, "its body is the expected one"),
        ("True\n", Go, "its body is the expected one"),
        (" \r\nTrue\t", Go, "its body is the expected one"),
        ("true", HoldsBack, other),
        ("False", HoldsBack, other),
        ("", HoldsBack, other),
        ("True, but", HoldsBack, other),
        ("\"True\"", HoldsBack, other),
        (PAGE, CannotAnswer, page),
        ("<HTML>True", CannotAnswer, page),
    ];
    for (body, expected, seen) in rows {
        assert_eq!(
            judged(&answer(200, body), 200, text("True").as_ref()),
            (expected, seen.to_owned()),
            "{body:?}"
        );
    }

    let media_type = HttpAnswer {
        content_type: Some("text/html; charset=utf-8".to_owned()),
        ..answer(200, "please sign in")
    };
    assert_eq!(
        judged(&media_type, 200, text("True").as_ref()),
        (CannotAnswer, page.to_owned())
    );
}

#[test]
fn a_body_that_may_have_broken_off_is_no_answer_but_whole_json_is() {
    let cut = HttpAnswer {
        end: BodyEnd::Closed,
        ..answer(200, "True")
    };
    let seen = "the answer of prometheus.example:9090 has no length, so it may have broken off";
    assert_eq!(
        judged(&cut, 200, text("True").as_ref()),
        (CannotAnswer, seen.to_owned())
    );
    assert_eq!(judged(&cut, 200, None).0, Go);

    let whole = HttpAnswer {
        body: br#"{"go":true}"#.to_vec(),
        ..cut
    };
    assert_eq!(judged(&whole, 200, json_at("/go", json!(true)).as_ref()).0, Go);
}

#[test]
fn a_value_in_json_is_compared_and_no_text_of_the_service_is_shown() {
    let rows = [
        (r#"{"go":true}"#, json!(true), Go, "/go is true"),
        (
            r#"{"go":false}"#,
            json!(true),
            HoldsBack,
            "/go is false, not true",
        ),
        (r#"{"go":null}"#, json!(true), HoldsBack, "/go is null, not true"),
        (r#"{"go":"true"}"#, json!(true), HoldsBack, "/go is not true"),
        (
            r#"{"go":"s3cret"}"#,
            json!("yes"),
            HoldsBack,
            "/go is not \"yes\"",
        ),
        (r#"{"go":{"a":1}}"#, json!(true), HoldsBack, "/go is not true"),
        (r#"{"go":1.0}"#, json!(1), Go, "/go is 1"),
        (r#"{"go":2}"#, json!(1), HoldsBack, "/go is 2, not 1"),
        (
            "{}",
            json!(true),
            CannotAnswer,
            r#"the JSON of prometheus.example:9090 has nothing at "/go""#,
        ),
        (
            "true",
            json!(true),
            CannotAnswer,
            r#"the JSON of prometheus.example:9090 has nothing at "/go""#,
        ),
        (
            r#"{"go":tr"#,
            json!(true),
            CannotAnswer,
            "the body of prometheus.example:9090 is not JSON",
        ),
        (
            "",
            json!(true),
            CannotAnswer,
            "the body of prometheus.example:9090 is not JSON",
        ),
        (
            PAGE,
            json!(true),
            CannotAnswer,
            "prometheus.example:9090 answered 200 with a page in HTML",
        ),
    ];
    for (body, equals, expected, seen) in rows {
        let expect = json_at("/go", equals);
        assert_eq!(
            judged(&answer(200, body), 200, expect.as_ref()),
            (expected, seen.to_owned()),
            "{body}"
        );
    }
    assert_eq!(
        judged(&answer(200, "true"), 200, json_at("", json!(true)).as_ref()).0,
        Go
    );
}

#[test]
fn a_redirect_says_where_it_points_without_path_and_query() {
    let redirect = HttpAnswer {
        location: Some("https://login.example:8443/s3cret?token=s3cret".to_owned()),
        ..answer(302, "")
    };
    let judgement = judge(&server(&[]), &redirect, 200, None);
    let remedy = "set url to the final address (it points to https://login.example:8443), or fix the sign-in";
    assert_eq!(judgement.remedy.as_deref(), Some(remedy));
}

#[test]
fn a_preflight_names_the_round_and_its_victims() {
    let victim = |owner| Candidate {
        pod: PodRef {
            namespace: "shop".to_owned(),
            name: "web-1".to_owned(),
            uid: "u-1".to_owned(),
        },
        owner,
        team: None,
        period_end: None,
    };
    let owner = PodOwner {
        kind: "Deployment".to_owned(),
        name: "web".to_owned(),
    };
    let question = GateQuestion {
        slot: Some("2027-03-01T09:30:00Z".parse().unwrap()),
        dry_run: true,
        method: DisruptionMethod::Evict,
        victims: &[victim(Some(owner)), victim(None)],
    };

    let pod = json!({"namespace": "shop", "pod": "web-1", "uid": "u-1", "owner": null});
    let mut owned = pod.clone();
    owned["owner"] = json!({"kind": "Deployment", "name": "web"});
    let expected = json!({
        "slot": "2027-03-01T09:30:00Z",
        "dry_run": true,
        "method": "evict",
        "victims": [owned, pod],
    });
    assert_eq!(
        serde_json::from_str::<Value>(&preflight(&question)).unwrap(),
        expected
    );
}
