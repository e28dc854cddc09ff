//! The EventRecorder beside the other actors, which wait for nothing that it does.

use std::time::Duration;

use macaque::actors::ActorsConfig;
use macaque::events::{EventRecording, MOST_WAITING};
use macaque::facts::Facts;
use macaque_core::config::NamespaceScope;
use macaque_testkit::fault_proxy::{Fault, FaultProxy};
use tempfile::TempDir;

use super::fixture::{INSTANCE, WRITE, chaos_config};
use crate::rounds::daemon::{SandboxAddress, TestDaemon};

/// A daemon that writes Events, and reaches the sandbox by `proxy`.
fn daemon(place: &SandboxAddress, proxy: &FaultProxy, home: &TempDir) -> TestDaemon {
    let kubeconfig = home.path().join("proxied");
    let direct = format!("http://{}", place.address);
    let text = place.kubeconfig().replace(&direct, &proxy.url());
    std::fs::write(&kubeconfig, text).unwrap();

    TestDaemon::start(place, |mut config: ActorsConfig| {
        let scope = NamespaceScope::Named(vec!["shop".to_owned()]);
        config.events = EventRecording::new(&chaos_config(scope), INSTANCE, &config.platform);
        config.facts = Facts::new(config.events.listener());
        config.access.kubeconfig = Some(kubeconfig);
        config
    })
}

#[test]
fn every_disruption_of_a_daemon_is_written_on_victim_and_owner() {
    let place = SandboxAddress::reserve();
    let _sandbox = place.serve();
    let proxy = FaultProxy::start(&place.address.to_string());
    let home = TempDir::new().unwrap();
    let daemon = daemon(&place, &proxy, &home);

    daemon.await_rounds(3);
    assert_eq!(daemon.end(), 0);

    let exchanges = proxy.take_exchanges().into_iter();
    let count = |part: &str| {
        let accepted = exchanges.clone().filter(|exchange| {
            let status = exchange.response.as_ref().map(|response| response.status);
            exchange.request.line().contains(part) && status == Some(201)
        });
        accepted.count()
    };
    let evictions = count("/eviction");
    assert!(evictions > 0);
    assert_eq!(count(WRITE), 2 * evictions);
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
