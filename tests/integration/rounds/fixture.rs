//! A cluster with the configuration of one round over it; every round is also checked for what always must hold.

use std::sync::Arc;
use std::time::Duration;

use kube_sandbox::Sandbox;
use kube_sandbox::scenario::{deployment, pod};
use macaque::gates::GateConfig;
use macaque::platform::Platform;
use macaque::round::{RoundConfig, list_owners};
use macaque::stop::{StopSwitch, StopToken};
use macaque_core::config::{DisruptionPace, DrawBy, NamespaceScope, TargetConfig, TargetMode, VictimCount};
use macaque_core::eligibility::OwnPod;
use macaque_core::guard::GuardConfig;
use macaque_core::notice::ScopeOwners;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::report::RoundReport;
use macaque_testkit::{TestCluster, evict_one};
use serde_json::{Value, json};

use super::invariants;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, ProxyRequest, RequestMatch};

/// What the requests of an eviction hold in their first line.
pub(crate) const EVICTION: &str = "/eviction";

/// Pauses take a fraction of their time: their length proves nothing but where a test measures it.
pub(crate) const HURRY: u32 = 50;

/// Two workloads without a budget.
pub(crate) fn two_apps() -> Vec<Value> {
    vec![deployment("shop", "web", 2), deployment("shop", "search", 2)]
}

/// A cluster behind a fault proxy, and the configuration of the next round.
pub(crate) struct RoundFixture {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) switch: Arc<StopSwitch>,
    stop: StopToken,
    cluster: TestCluster,
    proxy: FaultProxy,
    config: RoundConfig,
    platform: Platform,
    seed: u64,
}

impl RoundFixture {
    /// These objects, and a configuration that evicts one pod of the namespace `shop`.
    pub(crate) fn with(objects: Vec<Value>) -> Self {
        let cluster = TestCluster::with(objects);
        let proxy = FaultProxy::start(&cluster.sandbox.url());
        cluster.reach_at(&proxy.url());

        let platform = Platform::system().hurried(HURRY);
        let (switch, stop) = StopSwitch::new(&platform);
        Self {
            sandbox: Arc::clone(&cluster.sandbox),
            switch: Arc::new(switch),
            stop,
            cluster,
            proxy,
            config: evict_one(),
            platform,
            seed: 1,
        }
    }

    /// Pauses take their full time.
    pub(crate) fn unhurried(mut self) -> Self {
        self.platform = Platform::system();
        self
    }

    pub(crate) fn method(mut self, method: DisruptionMethod) -> Self {
        self.config.disrupt.method = method;
        self.config.eligibility.method = method;
        self
    }

    pub(crate) fn count(mut self, count: usize) -> Self {
        self.config.disrupt.count = VictimCount::Fixed(count);
        self
    }

    pub(crate) fn victims(mut self, count: VictimCount) -> Self {
        self.config.disrupt.count = count;
        self
    }

    pub(crate) fn attempts(mut self, attempts: usize) -> Self {
        self.config.disrupt.attempts = attempts;
        self
    }

    pub(crate) fn attempts_after_webhook(mut self, attempts: usize) -> Self {
        self.config.disrupt.attempts_after_webhook = attempts;
        self
    }

    pub(crate) fn draw(mut self, draw: DrawBy) -> Self {
        self.config.disrupt.draw = draw;
        self
    }

    pub(crate) fn grace_period(mut self, seconds: u64) -> Self {
        self.config.disrupt.grace_period = Some(Duration::from_secs(seconds));
        self
    }

    pub(crate) fn dry_run(mut self) -> Self {
        self.config.dry_run = true;
        self
    }

    pub(crate) fn namespaces(mut self, names: &[&str]) -> Self {
        let names = names.iter().map(ToString::to_string).collect();
        self.config.eligibility.target.namespaces = NamespaceScope::Named(names);
        self
    }

    pub(crate) fn namespace_selector(mut self, selector: &str) -> Self {
        self.config.eligibility.target.namespaces = NamespaceScope::Selected(selector.parse().unwrap());
        self
    }

    pub(crate) fn all_namespaces(mut self) -> Self {
        self.config.eligibility.target.namespaces = NamespaceScope::All;
        self
    }

    /// A pod is in scope only if somebody says yes.
    pub(crate) fn opt_in(mut self) -> Self {
        self.config.eligibility.target.mode = TargetMode::OptIn;
        self
    }

    /// Whether what teams wish by annotations counts.
    pub(crate) fn annotations(mut self, count: bool) -> Self {
        self.config.eligibility.target.annotations = count;
        self
    }

    pub(crate) fn pace(mut self, pace: DisruptionPace) -> Self {
        self.config.disrupt.pace = pace;
        self
    }

    pub(crate) fn selector(mut self, selector: &str) -> Self {
        self.config.eligibility.target.selector = selector.parse().unwrap();
        self
    }

    /// Edits whose pods are in scope.
    pub(crate) fn target(mut self, edit: impl FnOnce(&mut TargetConfig)) -> Self {
        edit(&mut self.config.eligibility.target);
        self
    }

    pub(crate) fn include(mut self, rule: &'static str) -> Self {
        self.config.eligibility.target.include.push(rule);
        self
    }

    pub(crate) fn min_age(mut self, seconds: u64) -> Self {
        self.config.eligibility.target.min_age = Duration::from_secs(seconds);
        self
    }

    /// Edits which guards are on; at first all are off.
    pub(crate) fn guards(mut self, edit: impl FnOnce(&mut GuardConfig)) -> Self {
        edit(&mut self.config.guards);
        self
    }

    pub(crate) fn gate(mut self, gate: GateConfig) -> Self {
        self.config.gates.push(gate);
        self
    }

    pub(crate) fn own_pod(mut self, namespace: &str, name: &str) -> Self {
        self.config.eligibility.own_pod = Some(OwnPod {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        });
        self
    }

    pub(crate) fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Every request whose first line holds `part` suffers `fault`.
    pub(crate) fn always(self, part: &'static str, fault: Fault) -> Self {
        self.proxy.inject(part, fault);
        self
    }

    /// Every request suffers the fault that `choose` has for it, if any.
    pub(crate) fn choosing(
        self,
        choose: impl FnMut(&ProxyRequest) -> Option<Fault> + Send + 'static,
    ) -> Self {
        self.proxy.inject_by(choose);
        self
    }

    /// The first request whose first line holds `part` suffers `fault`.
    pub(crate) fn once(self, part: &'static str, fault: Fault) -> Self {
        self.proxy.inject(RequestMatch::containing(part).once(), fault);
        self
    }

    /// The requests whose first line holds `part` suffer `fault`, but not the first of them.
    pub(crate) fn after_the_first(self, part: &'static str, fault: Fault) -> Self {
        self.proxy
            .inject(RequestMatch::containing(part).skipping(1), fault);
        self
    }

    /// Something happens just before the server hears of the first request whose first line holds `part`.
    pub(crate) fn meanwhile(self, part: &'static str, happening: impl Fn() + Send + Sync + 'static) -> Self {
        self.meanwhile_after(part, 0, happening)
    }

    /// Something happens just before the server hears of one request whose first line holds `part`, after so many
    /// others.
    pub(crate) fn meanwhile_after(
        self,
        part: &'static str,
        others: usize,
        happening: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let matching = RequestMatch::containing(part).skipping(others).once();
        self.proxy.inject(matching, Fault::meanwhile(happening));
        self
    }

    /// Nobody listens at the address of the API server any more.
    pub(crate) fn away(self) -> Self {
        let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = unused.local_addr().unwrap();
        self.cluster.reach_at(&format!("http://{address}"));
        self
    }

    /// Takes a seed that draws a pod of `owner` first.
    pub(crate) async fn drawing_first(mut self, owner: &str) -> Self {
        let mut dry = self.config.clone();
        dry.dry_run = true;
        for seed in 0..100 {
            let report = self.run(&dry, seed).await;
            let first = report.attempts[0].owner.as_ref();
            if first.is_some_and(|first| first.to_string() == owner) {
                self.seed = seed;
                return self;
            }
        }

        panic!("no seed draws {owner} first");
    }

    /// Runs a round by the configuration.
    pub(crate) async fn round(&self) -> RoundReport {
        let before = self.proxy.requests().len();
        let report = self.run(&self.config, self.seed).await;
        invariants::check(&self.config, &report, &self.proxy.requests()[before..]);
        report
    }

    /// The owners in scope, as a digest lists them.
    pub(crate) async fn scope_owners(&self) -> ScopeOwners {
        let cluster = self.cluster.connect(&self.platform).await;
        let RoundConfig {
            eligibility, dry_run, ..
        } = &self.config;
        list_owners(&cluster, eligibility, &self.stop, &self.platform, *dry_run).await
    }

    /// The configuration of the next round.
    pub(crate) fn config(&self) -> &RoundConfig {
        &self.config
    }

    async fn run(&self, config: &RoundConfig, seed: u64) -> RoundReport {
        self.cluster
            .run_round(config, seed, &self.stop, &self.platform)
            .await
    }

    /// Puts a pod of another UID in the place of `name`.
    pub(crate) fn replacing(&self, name: &'static str) -> impl Fn() + Send + Sync + 'static {
        let sandbox = Arc::clone(&self.sandbox);
        move || {
            let mut successor = pod("shop", name, "db");
            successor["metadata"]["uid"] = json!("another");
            sandbox.apply(&[successor]).unwrap();
        }
    }

    /// The requests so far whose first line holds `part`.
    pub(crate) fn sent(&self, part: &str) -> Vec<ProxyRequest> {
        let mut sent = self.proxy.requests();
        sent.retain(|request| request.line().contains(part));
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
        let answer = self.proxy.ask_server(ProxyRequest::get(path)).await.unwrap();
        let mut list: Value = serde_json::from_slice(&answer.body).unwrap();
        serde_json::from_value(list["items"].take()).unwrap()
    }
}
