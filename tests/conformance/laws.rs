//! Laws that hold whatever the state and whatever is answered: an eviction never becomes a deletion, and no number
//! of monkeys takes more from a budget than it has.

use std::rc::Rc;

use futures_util::future::join_all;
use kube::Client;
use macaque::round::RoundConfig;
use macaque_core::config::NamespaceScope;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::report::{RoundEnd, RoundReport};
use macaque_testkit::fault_proxy::{Exchange, Fault, RequestMatch};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::json;
use tokio::task::LocalSet;

use crate::round_proxy::{RoundProxy, ScenarioFault, response};
use crate::run_scenario::round;
use crate::scenario::round_config;
use crate::server::ServerKind;
use crate::table::objects::{budget, pod};
use crate::test_namespace::TestNamespace;

/// The rounds that run at once.
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

/// A round with these faults in its first disruptions: its report and its exchanges.
async fn round_with_faults(
    method: DisruptionMethod,
    faults: &[(u16, &'static str, bool, u8)],
) -> (RoundReport, Vec<Exchange>) {
    let namespace = Rc::new(TestNamespace::new(ServerKind::Sandbox).await);
    namespace
        .create_all(&[pod("web-0", "web"), pod("web-1", "web")])
        .await;
    let proxy = RoundProxy::start(namespace.server.client.clone(), Rc::clone(&namespace));
    let part = if method == DisruptionMethod::Evict {
        "/eviction"
    } else {
        "DELETE "
    };

    for &(code, body, acted, times) in faults {
        let answer = response(code, "application/json", body).retry_after(0);
        let fault = if acted {
            Fault::AnswerAfter(answer)
        } else {
            Fault::Answer(answer)
        };
        let matching = RequestMatch::containing(part).times(times.into());
        proxy.inject(matching, ScenarioFault::Proxy(fault));
    }

    let mut round_config = in_namespace(&namespace, round_config());
    round_config.disrupt.method = method;
    round_config.eligibility.method = method;
    let report = round(&proxy, &round_config, 1).await;

    (report, proxy.take_exchanges())
}

fn in_namespace(namespace: &TestNamespace, mut round_config: RoundConfig) -> RoundConfig {
    round_config.eligibility.target.namespaces = NamespaceScope::Named(vec![namespace.name().to_owned()]);
    round_config
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
        let (report, exchanges) = LocalSet::new().block_on(&runtime, round_with_faults(method, &faults));
        let verb = if method == DisruptionMethod::Evict {
            "POST"
        } else {
            "DELETE"
        };
        let mut taken = Vec::new();
        for exchange in exchanges
            .iter()
            .filter(|exchange| exchange.request.method != "GET")
        {
            prop_assert!(
                exchange.request.method == verb,
                "{method} became {}",
                exchange.request.line()
            );
            prop_assert_eq!(
                method == DisruptionMethod::Evict,
                exchange
                    .request
                    .target
                    .contains("/eviction?fieldValidation=Strict")
            );
            taken.push(exchange.request.line());
        }
        taken.dedup();
        let spent = report.count(Outcome::counts_as_disruption);
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

/// Several rounds at once under a budget that keeps four of eight pods.
async fn concurrent_rounds(kind: ServerKind) {
    let namespace = Rc::new(TestNamespace::new(kind).await);
    let mut given: Vec<_> = (0..8).map(|n| pod(&format!("web-{n}"), "web")).collect();
    given.push(budget("web", "web", json!({"minAvailable": 4})));
    namespace.create_all(&given).await;
    let client: Client = namespace.server.client.clone();
    let proxy = RoundProxy::start(client, Rc::clone(&namespace));
    let round_config = in_namespace(&namespace, round_config());
    let rounds = (0..MONKEYS as u64).map(|seed| round(&proxy, &round_config, seed));
    let reports = join_all(rounds).await;
    let said_yes = |exchange: &&Exchange| {
        exchange
            .response
            .as_ref()
            .is_some_and(|answer| answer.status == 201)
    };
    let accepted = proxy.take_exchanges().iter().filter(said_yes).count();
    let mut evicted: Vec<_> = reports
        .iter()
        .flat_map(|report| &report.attempts)
        .filter(|attempt| attempt.outcome == Outcome::Evicted)
        .map(|attempt| attempt.pod.uid.clone())
        .collect();
    let reported = evicted.len();
    evicted.sort();
    evicted.dedup();
    let going = namespace
        .fates()
        .await
        .iter()
        .filter(|fate| fate.contains("going"))
        .count();
    namespace.clear().await;

    assert!(going <= 4, "{going} of a budget of 4: {reports:#?}");
    assert_eq!(evicted.len(), going, "{reports:#?}");
    assert_eq!(
        reported, accepted,
        "each accepted eviction is reported once: {reports:#?}"
    );
}

fn concurrent_rounds_on(kind: ServerKind) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, concurrent_rounds(kind));
}

#[test]
fn eight_monkeys_take_no_more_than_the_budget_on_the_sandbox() {
    concurrent_rounds_on(ServerKind::Sandbox);
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn eight_monkeys_take_no_more_than_the_budget_on_a_real_api_server() {
    concurrent_rounds_on(ServerKind::Real);
}
