//! Promises of the gates over HTTP: what a service is asked, and that whatever is no clear answer stops the disruption
//! within its time. What each answer means is tested beside the code.

mod check;
mod faults;
mod secrets;

use std::time::Duration;

use macaque::gates::{
    ExaminedGate, GateConfig, GateKind, GateQuestion, Gates, HttpExpectation, HttpMethod, QueryExpectation,
};
use macaque::platform::Platform;
use macaque_core::eligibility::Candidate;
use macaque_core::guard::GuardAnswer::{self, CannotAnswer, Go, HoldsBack};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodRef};
use serde_json::{Value, json};

use macaque_testkit::fake_gate::{FakeGate, active, firing};
use macaque_testkit::server_answer::reply;

/// Longer than any answer of a test takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);

/// A gate at `url`.
fn gate(url: &str, kind: GateKind) -> GateConfig {
    GateConfig {
        name: "no-page".to_owned(),
        url: url.to_owned(),
        timeout: LONG,
        ca_file: None,
        token_file: None,
        headers: Vec::new(),
        kind,
    }
}

fn prometheus(query: &str, canary: Option<&str>) -> GateKind {
    GateKind::Prometheus {
        query: query.to_owned(),
        expect: QueryExpectation::Empty,
        canary: canary.map(str::to_owned),
    }
}

fn alertmanager(matchers: &[&str]) -> GateKind {
    GateKind::Alertmanager {
        matchers: matchers.iter().map(|matcher| (*matcher).to_owned()).collect(),
    }
}

/// A gate that lets go if the service says `True`.
fn says_true(method: HttpMethod) -> GateKind {
    GateKind::Http {
        method,
        expect_status: 200,
        expect: Some(HttpExpectation::Body("True".to_owned())),
    }
}

/// Every kind of gate.
fn kinds() -> [GateKind; 3] {
    [
        prometheus("ALERTS", None),
        alertmanager(&[]),
        says_true(HttpMethod::Get),
    ]
}

fn victim(namespace: &str, owner: &str) -> Candidate {
    Candidate {
        team: None,
        pod: PodRef {
            namespace: namespace.to_owned(),
            name: "web-1".to_owned(),
            uid: "u-1".to_owned(),
        },
        owner: Some(PodOwner {
            kind: "Deployment".to_owned(),
            name: owner.to_owned(),
        }),
        period_end: None,
    }
}

/// What the gate says of `victims`, with its remedy.
async fn examined(config: &GateConfig, victims: &[Candidate]) -> ExaminedGate {
    let gates = Gates::new(std::slice::from_ref(config), &Platform::system());
    let question = GateQuestion {
        slot: None,
        dry_run: false,
        method: DisruptionMethod::Evict,
        victims,
    };
    gates.all().next().unwrap().examine(&question, LONG).await
}

/// The answer of the gate and what it saw.
async fn asked(config: &GateConfig) -> (GuardAnswer, String) {
    let finding = examined(config, &[]).await.finding;
    (finding.answer, finding.seen)
}

/// The first line of the only request, and its body.
fn only_request(service: &FakeGate) -> (String, String) {
    let requests = service.requests();
    assert_eq!(requests.len(), 1, "{requests:?}");
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[actix_rt::test]
async fn a_gate_holds_back_while_its_service_says_so_and_lets_go_after() {
    let service = FakeGate::start(firing(&["KubePodCrashLooping", "KubeNodeNotReady"]));
    let config = gate(&service.url(), prometheus("ALERTS", None));
    let seen = "2 alerts: KubePodCrashLooping, KubeNodeNotReady".to_owned();
    assert_eq!(asked(&config).await, (HoldsBack, seen));

    service.set(firing(&[]));
    let finding = examined(&config, &[]).await.finding;
    assert_eq!((finding.answer, finding.seen.as_str()), (Go, "no series"));
    assert_eq!(
        (finding.guard.as_str(), finding.setting.as_str()),
        ("no-page", "guards.prometheus no-page")
    );
    assert!(finding.millis.is_some());
}

#[actix_rt::test]
async fn a_query_is_asked_in_the_url_and_a_long_one_in_the_body() {
    let short = r#"ALERTS{severity="critical"} > 0"#;
    let long = format!("{short} or {}", "x".repeat(3000));
    for query in [short, &long] {
        let service = FakeGate::start(firing(&[]));
        let url = format!("{}/prometheus/", service.url());
        assert_eq!(asked(&gate(&url, prometheus(query, None))).await.0, Go);

        let (line, body) = only_request(&service);
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("query", query)
            .finish();
        if query == short {
            assert_eq!(line, format!("GET /prometheus/api/v1/query?{form} HTTP/1.1"));
        } else {
            assert_eq!(
                (line.as_str(), body),
                ("POST /prometheus/api/v1/query HTTP/1.1", form)
            );
        }
    }
}

#[actix_rt::test]
async fn a_query_about_a_victim_holds_its_names_as_text() {
    let service = FakeGate::start(firing(&[]));
    let query = r#"ALERTS{namespace="{{namespace}}",deployment="{{owner}}"}"#;
    let config = gate(&service.url(), prometheus(query, None));
    let hostile = victim(r#"shop"} or vector(1) #"#, "web");
    assert_eq!(examined(&config, &[hostile]).await.finding.answer, Go);

    let (line, _) = only_request(&service);
    let target = line.split(' ').nth(1).unwrap();
    let form = target.split_once('?').unwrap().1;
    let (_, sent) = form_urlencoded::parse(form.as_bytes()).next().unwrap();
    assert_eq!(
        sent,
        r#"ALERTS{namespace="shop\x22} or vector(1) #",deployment="web"}"#
    );
}

#[actix_rt::test]
async fn a_query_about_a_victim_without_one_is_not_sent() {
    let service = FakeGate::start(firing(&[]));
    let config = gate(&service.url(), prometheus(r#"up{n="{{namespace}}"}"#, None));
    let seen = "no victim is picked yet, and the query is about one".to_owned();
    assert_eq!(asked(&config).await, (CannotAnswer, seen));
    assert!(service.requests().is_empty());
}

#[actix_rt::test]
async fn a_metric_that_vanished_holds_back_by_its_canary() {
    let service = FakeGate::start(firing(&[]));
    let config = gate(&service.url(), prometheus("ALERTS", Some("Watchdog")));
    let seen = "the canary is empty: the metrics may have vanished".to_owned();
    assert_eq!(asked(&config).await, (HoldsBack, seen));

    service.set_for("query=Watchdog", firing(&["Watchdog"]));
    assert_eq!(asked(&config).await, (Go, "no series".to_owned()));
}

#[actix_rt::test]
async fn alertmanager_is_asked_for_active_alerts_by_the_matchers() {
    let service = FakeGate::start(active(&[]));
    let config = gate(
        &service.url(),
        alertmanager(&[r#"severity="critical""#, "team=~\"a|b\""]),
    );
    assert_eq!(asked(&config).await, (Go, "no alerts".to_owned()));

    let (line, _) = only_request(&service);
    let target = "/api/v2/alerts?active=true&silenced=false&inhibited=false\
                  &filter=severity%3D%22critical%22&filter=team%3D%7E%22a%7Cb%22";
    assert_eq!(line, format!("GET {target} HTTP/1.1"));

    service.set(active(&["A"]));
    assert_eq!(asked(&config).await, (HoldsBack, "1 alert: A".to_owned()));
}

#[actix_rt::test]
async fn a_service_is_asked_by_get_or_told_the_victims_by_post() {
    let service = FakeGate::start(reply(200, "True\n"));
    let url = format!("{}/go?team=a", service.url());
    assert_eq!(asked(&gate(&url, says_true(HttpMethod::Get))).await.0, Go);
    assert_eq!(
        only_request(&service),
        ("GET /go?team=a HTTP/1.1".to_owned(), String::new())
    );

    let service = FakeGate::start(reply(200, "False"));
    let config = gate(&service.url(), says_true(HttpMethod::Post));
    let finding = examined(&config, &[victim("shop", "web")]).await.finding;
    assert_eq!(
        (finding.answer, finding.seen.as_str()),
        (HoldsBack, "its body is not \"True\"")
    );

    let (line, body) = only_request(&service);
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(line, "POST / HTTP/1.1");
    assert_eq!(
        body["victims"][0]["owner"],
        json!({"kind": "Deployment", "name": "web"})
    );
}
