//! A cluster with one round's orders over it, told fluently; every round is also held to what always must be so.

use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use kube_sandbox::scenario::{deployment, pod};
use kube_sandbox::{Sandbox, SandboxOptions};
use macaque::k8s::{Cluster, ClusterAccess};
use macaque::round::{self, RoundConfig, StopSwitch, StopToken};
use macaque_core::config::{DisruptConfig, DrawBy, IncludedRule, NamespaceScope, TargetConfig};
use macaque_core::eligibility::{EligibilityRules, OwnPod};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::report::RoundReport;
use macaque_core::selector::Selector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::invariants;
use super::wire::{Fault, Sent, Wire};

/// What the requests of an eviction hold in their first line.
pub(crate) const EVICTION: &str = "/eviction";

/// Two workloads without a budget.
pub(crate) fn two_apps() -> Vec<Value> {
    vec![deployment("shop", "web", 2), deployment("shop", "search", 2)]
}

/// A cluster in which nothing moves by itself, a wire to it, and the orders for the next round.
pub(crate) struct RoundFixture {
    pub(crate) sandbox: Rc<Sandbox>,
    pub(crate) switch: Rc<StopSwitch>,
    stop: StopToken,
    wire: Wire,
    home: TempDir,
    round_config: RoundConfig,
    seed: u64,
}

impl RoundFixture {
    /// A objects, and orders to evict one pod of the namespace `shop`.
    pub(crate) fn with(objects: Vec<Value>) -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            objects: objects,
            ..SandboxOptions::default()
        });
        let sandbox = Rc::new(sandbox.unwrap());
        sandbox.pause();
        let wire = Wire::to(sandbox.url().strip_prefix("http://").unwrap());
        let home = TempDir::new().unwrap();
        let kubeconfig = sandbox
            .kubeconfig()
            .replace(&sandbox.url(), &format!("http://{}", wire.address));
        std::fs::write(home.path().join("kubeconfig"), kubeconfig).unwrap();
        let (switch, stop) = StopSwitch::new();
        Self {
            sandbox,
            switch: Rc::new(switch),
            stop,
            wire,
            home,
            round_config: round_config(),
            seed: 1,
        }
    }

    pub(crate) fn method(mut self, method: DisruptionMethod) -> Self {
        self.round_config.disrupt.method = method;
        self.round_config.rules.method = method;
        self
    }

    pub(crate) fn count(mut self, count: usize) -> Self {
        self.round_config.disrupt.count = count;
        self
    }

    pub(crate) fn attempts(mut self, attempts: usize) -> Self {
        self.round_config.disrupt.attempts = attempts;
        self
    }

    pub(crate) fn draw(mut self, draw: DrawBy) -> Self {
        self.round_config.disrupt.draw = draw;
        self
    }

    pub(crate) fn grace_period(mut self, seconds: u64) -> Self {
        self.round_config.disrupt.grace_period = Some(Duration::from_secs(seconds));
        self
    }

    pub(crate) fn dry_run(mut self) -> Self {
        self.round_config.dry_run = true;
        self
    }

    pub(crate) fn namespaces(mut self, names: &[&str]) -> Self {
        let names = names.iter().map(ToString::to_string).collect();
        self.round_config.rules.target.namespaces = NamespaceScope::Named(names);
        self
    }

    pub(crate) fn all_namespaces(mut self) -> Self {
        self.round_config.rules.target.namespaces = NamespaceScope::All;
        self
    }

    pub(crate) fn selector(mut self, selector: &str) -> Self {
        self.round_config.rules.target.selector = selector.parse().unwrap();
        self
    }

    pub(crate) fn include(mut self, include: IncludedRule) -> Self {
        self.round_config.rules.target.include.push(include);
        self
    }

    pub(crate) fn min_age(mut self, seconds: u64) -> Self {
        self.round_config.rules.target.min_age = Duration::from_secs(seconds);
        self
    }

    pub(crate) fn identity(mut self, namespace: &str, pod: &str) -> Self {
        let (namespace, pod) = (namespace.to_owned(), pod.to_owned());
        self.round_config.rules.identity = Some(OwnPod { namespace, pod });
        self
    }

    pub(crate) fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Every request whose first line holds `part` suffers `fault`.
    pub(crate) fn always(self, part: &'static str, fault: Fault) -> Self {
        self.wire.befall(part, 0, usize::MAX, fault);
        self
    }

    /// The first request whose first line holds `part` suffers `fault`.
    pub(crate) fn once(self, part: &'static str, fault: Fault) -> Self {
        self.wire.befall(part, 0, 1, fault);
        self
    }

    /// The requests whose first line holds `part` suffer `fault`, but not the first of them.
    pub(crate) fn after_the_first(self, part: &'static str, fault: Fault) -> Self {
        self.wire.befall(part, 1, usize::MAX, fault);
        self
    }

    /// Something happens just before the server hears of the first request whose first line holds `part`.
    pub(crate) fn meanwhile(self, part: &'static str, happening: impl Fn() + 'static) -> Self {
        self.meanwhile_after(part, 0, happening)
    }

    /// The same, but not before so many others.
    pub(crate) fn meanwhile_after(
        self,
        part: &'static str,
        others: usize,
        happening: impl Fn() + 'static,
    ) -> Self {
        self.wire
            .befall(part, others, 1, Fault::Meanwhile(Box::new(happening)));
        self
    }

    /// Nobody listens at the address of the API server any more.
    pub(crate) fn away(self) -> Self {
        let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = unused.local_addr().unwrap();
        let kubeconfig = self
            .sandbox
            .kubeconfig()
            .replace(&self.sandbox.url(), &format!("http://{address}"));
        std::fs::write(self.home.path().join("kubeconfig"), kubeconfig).unwrap();
        self
    }

    /// Takes a seed that draws a pod of `owner` first.
    pub(crate) async fn drawing_first(mut self, owner: &str) -> Self {
        let mut dry = self.round_config.clone();
        dry.dry_run = true;
        for seed in 0..100 {
            let report = self.play(&dry, seed).await;
            let first = report.attempts[0].owner.as_ref();
            if first.is_some_and(|first| first.to_string() == owner) {
                self.seed = seed;
                return self;
            }
        }
        panic!("no seed draws {owner} first");
    }

    /// Plays a round by the orders.
    pub(crate) async fn round(&self) -> RoundReport {
        let before = self.wire.sent().len();
        let report = self.play(&self.round_config, self.seed).await;
        invariants::check(&self.round_config, &report, &self.wire.sent()[before..]);
        report
    }

    async fn play(&self, round_config: &RoundConfig, seed: u64) -> RoundReport {
        let access = ClusterAccess {
            kubeconfig: Some(self.home.path().join("kubeconfig")),
            context: None,
            ..ClusterAccess::default()
        };
        let cluster = Cluster::connect(&access).await.unwrap();
        round::run_alone(&cluster, round_config, Timestamp::now(), seed, &self.stop).await
    }

    /// Puts a pod of another UID in the place of `name`.
    pub(crate) fn replacing(&self, name: &'static str) -> impl Fn() + 'static {
        let sandbox = Rc::clone(&self.sandbox);
        move || {
            let mut successor = pod("shop", name, "db");
            successor["metadata"]["uid"] = json!("another");
            sandbox.apply(&[successor]).unwrap();
        }
    }

    /// The requests so far whose first line holds `part`.
    pub(crate) fn sent(&self, part: &str) -> Vec<Sent> {
        let mut sent = self.wire.sent();
        sent.retain(|request| request.line.contains(part));
        sent
    }

    /// The pods of a namespace that nobody is deleting, by name.
    pub(crate) async fn pods(&self, namespace: &str) -> Vec<String> {
        let list = self.list(&format!("/api/v1/namespaces/{namespace}/pods")).await;
        let alive = list
            .into_iter()
            .filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        alive
            .map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The items of a list, as the server has them.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: sandbox\r\n\r\n");
        let answer = self.wire.ask(&request).await.unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let mut list: Value = serde_json::from_str(body).unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }
}

/// Orders to evict one pod of the namespace `shop`.
pub(crate) fn round_config() -> RoundConfig {
    RoundConfig {
        dry_run: false,
        rules: EligibilityRules {
            target: TargetConfig {
                namespaces: NamespaceScope::Named(vec!["shop".to_owned()]),
                selector: Selector::default(),
                min_age: Duration::from_secs(60),
                include: Vec::new(),
            },
            method: DisruptionMethod::Evict,
            identity: None,
        },
        disrupt: DisruptConfig::default(),
    }
}
