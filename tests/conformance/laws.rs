//! Laws that hold whatever the state and whatever is answered: an eviction never becomes a deletion, and no number
//! of monkeys takes more from a budget than it has.

use std::rc::Rc;

use futures_util::future::join_all;
use kube::Client;
use macaque::round::RoundConfig;
use macaque_core::config::NamespaceScope;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::report::{RoundEnd, RoundReport};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tokio::task::LocalSet;

use crate::play::round;
use crate::proxy::{Answer, Exchange, Fault, Proxy, Rule};
use crate::scenario::orders;
use crate::scene::Scene;
use crate::server::Kind;
use crate::table::objects::{budget, pod};

/// The monkeys that run at once.
const MONKEYS: usize = 8;

/// Cases of the law on answers; each is a sandbox of its own.
const CASES: u32 = 64;

/// Answers to a disruption that no server gives on demand. `Retry-After: 0` keeps the law quick.
fn any_fault() -> impl Strategy<Value = (u16, &'static str, bool, u8)> {
    let code = prop::sample::select(vec![
        200, 201, 202, 204, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 500, 502, 503, 504,
    ]);
    let body = prop::sample::select(vec![
        "",
        "<html>oops</html>",
        "null",
        r#"{"kind":"Status","status":"Failure","message":"Cannot evict pod","reason":"TooManyRequests","code":429}"#,
        r#"{"kind":"Status","status":"Failure","message":"admission webhook \"w\" denied the request: no","code":500}"#,
        r#"{"kind":"Status","status":"Failure","message":"no","reason":"Forbidden","details":{"causes":[{"reason":"DisruptionBudget","message":"The disruption budget web is busy"}]},"code":403}"#,
        r#"{"kind":"Status","status":"Failure","message":"pods \"web-0\" not found","reason":"NotFound","details":{"kind":"pods","name":"web-0"},"code":404}"#,
        r#"{"kind":"Status","status":"Failure","message":"the server does not allow this method","reason":"MethodNotAllowed","details":{},"code":405}"#,
        r#"{"kind":"Status","status":"Success","code":201}"#,
    ]);
    (code, body, any::<bool>(), 1..4_u8)
}

/// A round of which the first answers are such; returns what went over the wire.
async fn beset(
    method: DisruptionMethod,
    faults: &[(u16, &'static str, bool, u8)],
) -> (RoundReport, Vec<Exchange>) {
    let scene = Rc::new(Scene::new(Kind::Sandbox).await);
    scene.set(&[pod("web-0", "web"), pod("web-1", "web")]).await;
    let proxy = Proxy::to(scene.server.client.clone(), Rc::clone(&scene)).await;
    let part = if method == DisruptionMethod::Evict {
        "/eviction"
    } else {
        "DELETE "
    };
    proxy.befall(
        faults
            .iter()
            .map(|&(code, body, acted, times)| {
                let answer = Answer::new(code, "application/json", body).retry_after(0);
                let fault = if acted {
                    Fault::Acted(answer)
                } else {
                    Fault::Instead(answer)
                };
                Rule {
                    part,
                    times: times.into(),
                    fault,
                }
            })
            .collect(),
    );
    let mut orders = in_namespace(&scene, orders());
    orders.disrupt.method = method;
    orders.rules.method = method;
    let report = round(&proxy, &orders, 1).await;
    (report, proxy.take())
}

fn in_namespace(scene: &Scene, mut orders: RoundConfig) -> RoundConfig {
    orders.rules.target.namespaces = NamespaceScope::Named(vec![scene.server.namespace.clone()]);
    orders
}

#[test]
fn no_answer_turns_one_method_into_the_other_or_takes_a_second_victim() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let method = prop::sample::select(DisruptionMethod::ALL.to_vec());
    let faults = prop::collection::vec(any_fault(), 1..4);
    let law = |(method, faults): (DisruptionMethod, Vec<_>)| {
        let (report, exchanges) = LocalSet::new().block_on(&runtime, beset(method, &faults));
        let verb = if method == DisruptionMethod::Evict {
            "POST "
        } else {
            "DELETE "
        };
        let mut taken = Vec::new();
        for exchange in exchanges
            .iter()
            .filter(|exchange| !exchange.line.starts_with("GET "))
        {
            prop_assert!(
                exchange.line.starts_with(verb),
                "{method} became {}",
                exchange.line
            );
            prop_assert_eq!(
                method == DisruptionMethod::Evict,
                exchange.line.contains("/eviction?fieldValidation=Strict")
            );
            taken.push(exchange.line.clone());
        }
        taken.dedup();
        let spent = report.count(Outcome::spends_the_count);
        prop_assert!(spent <= 1, "{report:#?}");
        // A further pod is only asked for once it is settled that the one before was not disrupted.
        let unfinished = usize::from(report.end != RoundEnd::Complete) + report.problems.len();
        prop_assert!(
            taken.len() <= report.attempts.len() + unfinished,
            "{taken:?} {report:#?}"
        );
        Ok(())
    };
    TestRunner::new(config).run(&(method, faults), law).unwrap();
}

/// Several monkeys at once under a budget that spares four of eight.
async fn stampede(kind: Kind) {
    let scene = Rc::new(Scene::new(kind).await);
    let mut given: Vec<_> = (0..8).map(|n| pod(&format!("web-{n}"), "web")).collect();
    given.push(budget("web", "web", json!({"minAvailable": 4})));
    scene.set(&given).await;
    let client: Client = scene.server.client.clone();
    let proxy = Proxy::to(client, Rc::clone(&scene)).await;
    let orders = in_namespace(&scene, orders());
    let rounds = (0..MONKEYS as u64).map(|seed| round(&proxy, &orders, seed));
    let reports = join_all(rounds).await;
    let said_yes = |exchange: &&Exchange| exchange.answer.as_ref().is_some_and(|answer| answer.code == 201);
    let accepted = proxy.take().iter().filter(said_yes).count();
    let mut evicted: Vec<_> = reports
        .iter()
        .flat_map(|report| &report.attempts)
        .filter(|attempt| attempt.outcome == Outcome::Evicted)
        .map(|attempt| attempt.pod.uid.clone())
        .collect();
    let told = evicted.len();
    evicted.sort();
    evicted.dedup();
    let going = scene
        .fates()
        .await
        .iter()
        .filter(|fate| fate.contains("going"))
        .count();
    scene.clear().await;
    assert!(going <= 4, "{going} of a budget of 4: {reports:#?}");
    assert_eq!(evicted.len(), going, "{reports:#?}");
    assert_eq!(told, accepted, "each yes is told once: {reports:#?}");
}

fn stampede_on(kind: Kind) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, stampede(kind));
}

#[test]
fn eight_monkeys_take_no_more_than_the_budget_on_the_sandbox() {
    stampede_on(Kind::Sandbox);
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn eight_monkeys_take_no_more_than_the_budget_on_a_real_api_server() {
    stampede_on(Kind::Real);
}
