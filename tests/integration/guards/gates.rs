//! Gates: what another service says holds a round or a victim back.

use std::path::PathBuf;
use std::sync::{Mutex, mpsc};
use std::time::Duration;

use kube_sandbox::scenario::{deployment, stateful_set};
use macaque::gates::{GateConfig, GateKind, HttpExpectation, HttpMethod, QueryExpectation};
use macaque::guards::FRESH;
use macaque_core::guard::GuardAnswer;
use macaque_core::report::RoundStatus;
use macaque_testkit::fake_gate::{FakeGate, active, firing};
use macaque_testkit::fault_proxy::{Fault, FaultProxy};
use macaque_testkit::server_answer::reply;

use super::asked::GuardFixture;
use super::cluster::{annotate, assert_untouched, fixture, let_pass, nobody_listens};
use super::end;
use crate::rounds::fixture::{EVICTION, RoundFixture, two_apps};
use crate::rounds::outcomes;

fn gate(service: &FakeGate, kind: GateKind) -> GateConfig {
    GateConfig {
        name: "no-page".to_owned(),
        url: service.url(),
        timeout: Duration::from_secs(5),
        ca_file: None::<PathBuf>,
        token_file: None,
        headers: Vec::new(),
        kind,
    }
}

fn prometheus(query: &str) -> GateKind {
    GateKind::Prometheus {
        query: query.to_owned(),
        expect: QueryExpectation::Empty,
        canary: None,
    }
}

fn web(gate: GateConfig) -> RoundFixture {
    fixture(vec![deployment("shop", "web", 2)], |_| {}).gate(gate)
}

#[actix_rt::test]
async fn every_kind_of_gate_holds_the_round_back_until_it_says_go() {
    let of_http = |method| GateKind::Http {
        method,
        expect_status: 200,
        expect: Some(HttpExpectation::Body("go".to_owned())),
    };
    let of_alertmanager = GateKind::Alertmanager {
        matchers: vec!["severity=\"critical\"".to_owned()],
    };
    for (kind, no, go) in [
        (prometheus("ALERTS"), firing(&["HighErrorRate"]), firing(&[])),
        (of_alertmanager, active(&["HighErrorRate"]), active(&[])),
        (of_http(HttpMethod::Get), reply(200, "no"), reply(200, "go")),
    ] {
        let service = FakeGate::start(no);
        let fixture = web(gate(&service, kind.clone()));
        let held = fixture.round().await;
        assert!(end(&held).starts_with("guard no-page holds back: "), "{held:?}");
        assert_eq!(held.status(), RoundStatus::Held, "{kind:?}");
        assert_untouched(&fixture);

        service.set(go);
        assert_eq!(
            outcomes(&fixture.round().await),
            ["deployment/web: evicted"],
            "{kind:?}"
        );
    }
}

#[actix_rt::test]
async fn a_gate_about_the_victim_holds_only_its_owner_back() {
    let service = FakeGate::start(reply(200, "go"));
    service.set_for("web", reply(200, "no"));
    let about_victim = GateKind::Http {
        method: HttpMethod::Post,
        expect_status: 200,
        expect: Some(HttpExpectation::Body("go".to_owned())),
    };
    let fixture = fixture(two_apps(), |_| {}).gate(gate(&service, about_victim));
    let fixture = fixture.drawing_first("deployment/web").await;
    let report = fixture.round().await;

    let [web, search] = &outcomes(&report)[..] else {
        panic!("{report:?}")
    };
    assert!(
        web.starts_with("deployment/web: guard no-page holds back: "),
        "{web}"
    );
    assert_eq!(search, "deployment/search: evicted");
}

#[actix_rt::test]
async fn a_gate_that_is_down_cannot_answer_and_says_so() {
    let service = FakeGate::start(reply(200, "go"));
    let gone = GateConfig {
        url: nobody_listens(),
        ..gate(&service, prometheus("ALERTS"))
    };
    let fixture = web(gone);
    let report = fixture.round().await;
    assert!(
        end(&report).starts_with("guard no-page cannot answer: "),
        "{report:?}"
    );
    assert_eq!(report.status(), RoundStatus::Unanswered);
    assert_untouched(&fixture);
}

#[actix_rt::test]
async fn a_dry_run_asks_the_gates_too() {
    let service = FakeGate::start(firing(&["HighErrorRate"]));
    let fixture = web(gate(&service, prometheus("ALERTS"))).dry_run();
    assert!(end(&fixture.round().await).starts_with("guard no-page holds back: "));
}

#[actix_rt::test]
async fn the_cheapest_guard_is_asked_first_and_those_after_a_hold_are_not_asked() {
    let service = FakeGate::start(firing(&[]));
    let about_victim = gate(&service, prometheus("ALERTS{namespace=\"{{namespace}}\"}"));
    let fixture = web(about_victim).guards(|guards| guards.freeze = true);
    annotate(
        &fixture.sandbox,
        "Namespace",
        "shop",
        "macaque/frozen",
        Some("true"),
    );
    fixture.round().await;
    assert_eq!(service.requests().len(), 0);
    assert_eq!(fixture.sent(EVICTION).len(), 0);
}

#[actix_rt::test]
async fn siblings_are_read_again_where_a_gate_took_more_than_ten_seconds() {
    for (passed, reads) in [(FRESH / 2, 1), (FRESH, 2)] {
        let service = FakeGate::start(firing(&[]));
        let slow = FaultProxy::start(&service.address());
        let (arrived, arrivals) = mpsc::channel();
        let (answer, may_answer) = mpsc::channel();
        let may_answer = Mutex::new(may_answer);
        slow.inject(
            "",
            Fault::meanwhile(move || {
                arrived.send(()).unwrap();
                may_answer.lock().unwrap().recv().unwrap();
            }),
        );
        let gate = GateConfig {
            url: slow.url(),
            timeout: 2 * FRESH,
            ..gate(&service, prometheus("ALERTS"))
        };
        let mut fixture = GuardFixture::with(vec![stateful_set("shop", "db", 2)], &[gate]).await;
        fixture.config.whole = true;
        let db = fixture.pod("db-0").await;

        let time_passes = async {
            while arrivals.try_recv().is_err() {
                tokio::task::yield_now().await;
            }
            let_pass(passed).await;
            answer.send(()).unwrap();
        };
        let mut guards = fixture.guards();
        let (asked, ()) = tokio::join!(guards.ask_before_disruption(&db), time_passes);
        assert_eq!(asked, Ok(()));

        let requests = fixture.proxy.requests().into_iter();
        let lists = requests.filter(|request| request.line().contains("labelSelector="));
        assert_eq!(lists.count(), reads, "after {passed:?}");
    }
}

#[actix_rt::test]
async fn a_gate_of_the_round_is_asked_again_after_ten_seconds_and_not_before() {
    let service = FakeGate::start(firing(&[]));
    let fixture = GuardFixture::with(Vec::new(), &[gate(&service, prometheus("ALERTS"))]).await;
    let mut guards = fixture.guards();

    // Using an answer does not make it younger.
    let half = FRESH / 2;
    for (passed, requests) in [(Duration::ZERO, 1), (half, 1), (FRESH, 2), (half, 2), (half, 3)] {
        let_pass(passed).await;
        let findings = guards.ask_round().await;
        assert_eq!(findings.len(), 1, "an answer that is fresh counts too");
        assert_eq!(findings[0].answer, GuardAnswer::Go, "{findings:?}");
        assert_eq!(service.requests().len(), requests, "after {passed:?} more");
    }
}
