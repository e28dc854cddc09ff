//! What each answer of Alertmanager means.

use macaque_core::guard::GuardAnswer::{CannotAnswer, Go, HoldsBack};
use serde_json::{Value, json};

use super::*;
use crate::gates::judgement::{answer, server};

#[test]
fn every_answer_has_one_judgement() {
    let alert = |name: &str| json!({"labels": {"alertname": name, "severity": "critical"}, "status": {"state": "active"}});
    let alerts = |names: &[&str]| {
        answer(
            200,
            &names
                .iter()
                .map(|name| alert(name))
                .collect::<Value>()
                .to_string(),
        )
    };
    let elsewhere = "prometheus.example:9090 answered 200, but not as Alertmanager answers";
    let rows = [
        (answer(200, "[]"), Go, "no alerts"),
        (answer(200, "[]\n"), Go, "no alerts"),
        (alerts(&["A"]), HoldsBack, "1 alert: A"),
        (
            alerts(&["A", "B", "A", "C", "D"]),
            HoldsBack,
            "5 alerts: A, B, C, …",
        ),
        (answer(200, r#"[{"labels":{}}]"#), HoldsBack, "1 alert"),
        (answer(200, "[7]"), CannotAnswer, elsewhere),
        (answer(200, "[{}]"), CannotAnswer, elsewhere),
        (answer(200, "[{\"labels\":"), CannotAnswer, elsewhere),
        (answer(200, "{}"), CannotAnswer, elsewhere),
        (answer(200, "null"), CannotAnswer, elsewhere),
        (answer(200, ""), CannotAnswer, elsewhere),
        (answer(200, "<html></html>"), CannotAnswer, elsewhere),
        (
            answer(204, ""),
            CannotAnswer,
            "prometheus.example:9090 answered 204, but not as Alertmanager answers",
        ),
        (
            answer(400, "\"bad matcher\\nformat\""),
            CannotAnswer,
            "prometheus.example:9090 answered 400: bad matcher format",
        ),
        (
            answer(307, "[]"),
            CannotAnswer,
            "prometheus.example:9090 answered 307: redirects are not followed",
        ),
        (
            answer(401, "[]"),
            CannotAnswer,
            "prometheus.example:9090 answered 401",
        ),
        (
            answer(500, "[]"),
            CannotAnswer,
            "prometheus.example:9090 answered 500",
        ),
    ];
    for (answer, expected, seen) in rows {
        let judgement = judge(&server(&[]), &answer);
        assert_eq!((judgement.answer, judgement.seen.as_str()), (expected, seen));
        assert_eq!(judgement.remedy.is_some(), expected == CannotAnswer, "{seen}");
    }
}
