//! The EventRecorder beside the other actors, which wait for nothing that it does.

use std::collections::BTreeSet;
use std::time::Duration;

use macaque::actors::ActorsConfig;
use macaque::events::MOST_WAITING;
use macaque::facts::Facts;
use macaque_core::config::NamespaceScope;
use macaque_testkit::fault_proxy::{Exchange, Fault, FaultProxy};
use tempfile::TempDir;

use super::fixture::{WRITE, recording};
use crate::rounds::daemon::{SandboxAddress, TestDaemon};

/// A daemon that writes Events, and reaches the sandbox by `proxy`.
fn daemon(place: &SandboxAddress, proxy: &FaultProxy, home: &TempDir) -> TestDaemon {
    let kubeconfig = home.path().join("proxied");
    let direct = format!("http://{}", place.address);
    let text = place.kubeconfig().replace(&direct, &proxy.url());
    std::fs::write(&kubeconfig, text).unwrap();

    TestDaemon::start(place, |mut config: ActorsConfig| {
        let scope = NamespaceScope::Named(vec!["shop".to_owned()]);
        config.events = recording(&scope, &config.platform);
        config.facts = Facts::new(config.events.listener());
        config.access.kubeconfig = Some(kubeconfig);
        config
    })
}

#[test]
fn the_disruptions_of_a_daemon_are_written_as_they_happen() {
    let place = SandboxAddress::reserve();
    let _sandbox = place.serve();
    let proxy = FaultProxy::start(&place.address.to_string());
    let home = TempDir::new().unwrap();
    let daemon = daemon(&place, &proxy, &home);

    let accepted = |part: &str| -> Vec<Exchange> {
        let accepted = |exchange: &Exchange| {
            let status = exchange.response.as_ref().map(|response| response.status);
            exchange.request.line().contains(part) && status == Some(201)
        };
        proxy.exchanges().into_iter().filter(accepted).collect()
    };
    while accepted(WRITE).len() < 6 {
        daemon.await_rounds(1);
    }
    assert_eq!(daemon.end(), 0);

    let victims: BTreeSet<_> = accepted("/eviction")
        .iter()
        .map(|exchange| exchange.request.target.clone())
        .collect();
    for exchange in accepted(WRITE) {
        let event = exchange.request.json();
        let pod = [&event["regarding"], &event["related"]]
            .into_iter()
            .find(|object| object["kind"] == "Pod");
        let name = pod.unwrap()["name"].as_str().unwrap();
        let is_of = |target: &String| target.contains(&format!("/pods/{name}/eviction"));
        assert!(victims.iter().any(is_of), "{name} was not evicted: {victims:?}");
    }
}

#[test]
fn rounds_go_on_while_no_event_is_answered_and_more_happens_than_can_wait() {
    let place = SandboxAddress::reserve();
    let _sandbox = place.serve();
    let proxy = FaultProxy::start(&place.address.to_string());
    proxy.inject(WRITE, Fault::Stall(Duration::from_secs(3600)));
    let home = TempDir::new().unwrap();
    let daemon = daemon(&place, &proxy, &home);

    daemon.await_rounds(MOST_WAITING + 10);
    assert_eq!(daemon.end(), 0);

    let requests = proxy.requests();
    let count = |part: &str| {
        requests
            .iter()
            .filter(|request| request.line().contains(part))
            .count()
    };
    assert!(
        count(WRITE) < count("/eviction"),
        "Events are far behind the rounds"
    );
}
