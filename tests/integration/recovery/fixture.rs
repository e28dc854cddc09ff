//! A cluster behind a fault proxy, whose victims are followed until their owners are whole again.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use kube_sandbox::{AccessDenial, Sandbox, SandboxOptions};
use macaque::guards::siblings::SiblingReader;
use macaque::k8s::{Cluster, ClusterAccess, RequestDeadlines, WorkloadRef};
use macaque::platform::{Platform, SimulatedClock};
use macaque::recovery::{self, FollowedVictim, RecoveryContext, RecoveryMeans};
use macaque::stop::{StopSwitch, StopToken};
use macaque_core::instants::after;
use macaque_core::journal::{LeaseHolder, RecoveryRecord};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::Pod;
use macaque_core::recovery::{AcceptedBy, DisruptedVictim, RecoveryBaseline, RecoveryReport, WatchedSince};
use macaque_core::schedule::timer::ClockReading;
use macaque_core::selector::Selector;
use macaque_testkit::TestCluster;
use macaque_testkit::fault_proxy::FaultProxy;
use serde_json::Value;
use tokio::time::Instant;

/// How long a recovery is watched where it succeeds: longer than any test takes.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long pods of the sandbox take to become ready, and to leave.
pub(crate) const STEP: Duration = Duration::from_millis(300);

/// A sandbox whose controllers work, behind a fault proxy.
pub(crate) struct RecoveryFixture {
    pub(crate) cluster: TestCluster,
    pub(crate) proxy: FaultProxy,
    pub(crate) connection: Cluster,
    pub(crate) switch: StopSwitch,
    pub(crate) platform: Platform,
    /// The clock of the machine, which a test may set.
    pub(crate) clock: SimulatedClock,
    pub(crate) timeout: Duration,
    pub(crate) means: RecoveryMeans,
    stop: StopToken,
}

/// A victim, and when its disruption was accepted.
pub(crate) struct Accepted {
    pub(crate) victim: DisruptedVictim,
    pub(crate) at: Instant,
    awake: ClockReading,
}

/// How a recovery ended.
pub(crate) struct Followed {
    pub(crate) report: RecoveryReport,
    /// The reasons for which its replacement was said to be stuck, in their order.
    pub(crate) stuck: Vec<String>,
}

impl RecoveryFixture {
    /// A cluster with these objects.
    pub(crate) async fn with(objects: Vec<Value>) -> Self {
        Self::with_silence(objects, RequestDeadlines::default().watch).await
    }

    /// A cluster with these objects, in which a watch may be silent for so long.
    pub(crate) async fn with_silence(objects: Vec<Value>, silence: Duration) -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            objects,
            ready_after: STEP,
            linger: STEP,
            ..SandboxOptions::default()
        });
        let cluster = TestCluster::of(sandbox.unwrap());
        let proxy = FaultProxy::start(&cluster.sandbox.url());
        cluster.reach_at(&proxy.url());

        let clock = SimulatedClock::starting_at(Timestamp::now());
        let platform = Platform::with_clock(0, clock.clone());
        let access = ClusterAccess {
            deadlines: RequestDeadlines {
                watch: silence,
                ..RequestDeadlines::default()
            },
            ..cluster.access()
        };
        let connection = Cluster::connect(&access, &platform).await.unwrap();
        let (switch, stop) = StopSwitch::new(&platform);
        Self {
            cluster,
            proxy,
            connection,
            switch,
            platform,
            clock,
            timeout: TIMEOUT,
            means: RecoveryMeans::Watch,
            stop,
        }
    }

    pub(crate) fn deny(&self, verb: &str, resource: &str) {
        self.cluster.sandbox.deny(AccessDenial::new(verb, resource));
    }

    /// The live pods whose names begin so.
    pub(crate) async fn pods(&self, begin: &str) -> Vec<Pod> {
        let all = Selector::default();
        let page = self.connection.pods(Some("shop"), &all, None).await;
        let mut pods = page.unwrap().pods;
        pods.retain(|pod| pod.id.name.starts_with(begin) && pod.is_live());
        pods
    }

    /// Deletes the first pod whose name begins so.
    pub(crate) async fn disrupt(&self, begin: &str) -> Accepted {
        let pod = self.pods(begin).await.swap_remove(0);
        let reader = SiblingReader {
            cluster: &self.connection,
            stop: &self.stop,
            platform: &self.platform,
        };
        let siblings = reader.of(&pod).await.unwrap().unwrap();
        let api_version = WorkloadRef::of(&pod).unwrap().api_version;
        let expect = Duration::from_secs(30);
        let baseline = RecoveryBaseline::of(&pod, &siblings, &api_version, expect);

        let method = DisruptionMethod::Delete;
        let awake = self.platform.reading();
        // On a busy machine the answer is read long after.
        let at = self.platform.monotonic();
        let answer = self.connection.disrupt(&pod.id, method, None).await.unwrap();
        assert_eq!(answer.code, 200, "{answer:?}");
        let victim = DisruptedVictim {
            slot: self.platform.now(),
            owner: pod.owner.clone().unwrap(),
            team: None,
            pod: pod.id,
            method,
            accepted: self.connection.server_time(),
            origin: AcceptedBy::Answer,
            baseline,
        };
        Accepted { victim, at, awake }
    }

    /// Follows a recovery to its end.
    pub(crate) async fn follow(&self, accepted: &Accepted) -> Followed {
        let followed = self.follow_until_stopped(accepted, WatchedSince::Acceptance);
        followed.await.unwrap()
    }

    /// Follows a recovery; `None` if the switch was used.
    pub(crate) async fn follow_until_stopped(
        &self,
        accepted: &Accepted,
        since: WatchedSince,
    ) -> Option<Followed> {
        self.follow_victim(&FollowedVictim {
            victim: accepted.victim.clone(),
            accepted: accepted.at,
            since,
            timeout: self.timeout,
            awake: accepted.awake,
        })
        .await
    }

    /// The victim as whoever finds it in the journal would follow it, by what the last answer showed.
    pub(crate) fn found(&self, accepted: &Accepted) -> FollowedVictim {
        let record = RecoveryRecord {
            victim: accepted.victim.clone(),
            until: after(accepted.victim.accepted, Duration::from_secs(3600)),
            holder: LeaseHolder {
                process: "macaque-0".to_owned(),
                incarnation: 1,
            },
            lease_until: accepted.victim.accepted,
            trouble: None,
            reported: Vec::new(),
            threads: BTreeMap::new(),
        };
        FollowedVictim::adopt(&record, &self.connection)
    }

    /// Follows a victim; `None` if the switch was used.
    pub(crate) async fn follow_victim(&self, followed: &FollowedVictim) -> Option<Followed> {
        let context = RecoveryContext {
            cluster: &self.connection,
            means: self.means,
            stop: &self.stop,
            platform: &self.platform,
        };
        let stuck = RefCell::new(Vec::new());
        let on_trouble = async |report: RecoveryReport| {
            assert_eq!(report.verdict, None);
            stuck.borrow_mut().push(report.trouble.unwrap().reason);
        };
        let report = recovery::follow(context, followed, on_trouble).await?;
        Some(Followed {
            report,
            stuck: stuck.into_inner(),
        })
    }

    /// The requests so far whose first line holds `part`.
    pub(crate) fn requests_with(&self, part: &str) -> usize {
        let requests = self.proxy.requests();
        requests
            .iter()
            .filter(|request| request.line().contains(part))
            .count()
    }
}
