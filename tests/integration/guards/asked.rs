//! Guards that are asked without a round.

use std::time::Duration;

use jiff::Timestamp;
use kube_sandbox::scenario::stateful_set;
use macaque::gates::{GateConfig, Gates};
use macaque::guards::{DEADLINE, GuardContext, RoundGuards};
use macaque::k8s::Cluster;
use macaque::platform::Platform;
use macaque::stop::{StopSwitch, StopToken};
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::guard::{GuardAnswer, GuardConfig};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{Pod, PodRef};
use macaque_testkit::fault_proxy::{Fault, FaultProxy};
use macaque_testkit::{TestCluster, evict_one};
use serde_json::Value;

/// A cluster behind a fault proxy, and what guards are asked through.
pub(crate) struct GuardFixture {
    pub(crate) config: GuardConfig,
    pub(crate) eligibility: EligibilityConfig,
    pub(crate) sandbox: TestCluster,
    pub(crate) proxy: FaultProxy,
    cluster: Cluster,
    gates: Gates,
    _switch: StopSwitch,
    stop: StopToken,
    platform: Platform,
}

impl GuardFixture {
    /// No guard is on but these gates.
    pub(crate) async fn with(objects: Vec<Value>, gates: &[GateConfig]) -> Self {
        let platform = Platform::simulated(1, Timestamp::UNIX_EPOCH);
        let sandbox = TestCluster::with(objects);
        let proxy = FaultProxy::start(&sandbox.sandbox.url());
        sandbox.reach_at(&proxy.url());
        let (switch, stop) = StopSwitch::new(&platform);

        Self {
            config: GuardConfig::off(),
            eligibility: evict_one().eligibility,
            cluster: sandbox.connect(&platform).await,
            sandbox,
            proxy,
            gates: Gates::new(gates, &platform),
            _switch: switch,
            stop,
            platform,
        }
    }

    /// The guards of a round that has asked none yet.
    pub(crate) fn guards(&self) -> RoundGuards<'_> {
        RoundGuards::new(GuardContext {
            cluster: &self.cluster,
            gates: &self.gates,
            facts: None,
            config: &self.config,
            eligibility: &self.eligibility,
            slot: None,
            dry_run: false,
            method: DisruptionMethod::Evict,
            stop: &self.stop,
            platform: &self.platform,
        })
    }

    pub(crate) async fn pod(&self, name: &str) -> Pod {
        let pod = PodRef {
            namespace: "shop".to_owned(),
            name: name.to_owned(),
            uid: String::new(),
        };
        self.cluster.pod(&pod).await.unwrap().unwrap()
    }
}

#[actix_rt::test]
async fn guards_that_hang_take_thirty_seconds_in_all_and_those_after_them_are_not_asked() {
    let sets = ["db", "cache"].map(|app| stateful_set("shop", app, 2));
    let mut fixture = GuardFixture::with(sets.into(), &[]).await;
    fixture.config.whole = true;
    let db = fixture.pod("db-0").await;
    let cache = fixture.pod("cache-0").await;
    fixture.proxy.inject("/scale", Fault::Stall(Duration::MAX));
    let mut guards = fixture.guards();

    // Nothing is waited for but a guard that never answers.
    tokio::time::pause();
    let began = fixture.platform.monotonic();
    let first = guards.ask_victim(&db).await;
    let first_took = fixture.platform.monotonic() - began;
    let second = guards.ask_victim(&cache).await;
    let both_took = fixture.platform.monotonic() - began;
    tokio::time::resume();

    assert_eq!(first_took.as_secs(), DEADLINE.as_secs());
    assert_eq!(both_took, first_took, "of the second guard nothing is asked");
    for findings in [first, second] {
        let [finding] = &findings[..] else {
            panic!("{findings:?}")
        };
        assert_eq!(finding.answer, GuardAnswer::CannotAnswer);
        assert_eq!(finding.seen, "all guards together had used up their 30 s");
    }
    let requests = fixture.proxy.requests().into_iter();
    let mut of_second = requests.filter(|request| request.line().contains("/statefulsets/cache/"));
    assert_eq!(of_second.next(), None, "no guard is asked without time");

    guards.note_victim("another");
    fixture.proxy.clear();
    let again = guards.ask_victim(&cache).await;
    assert_eq!(
        again[0].answer,
        GuardAnswer::Go,
        "after a disruption they have their time again: {again:?}"
    );
}
