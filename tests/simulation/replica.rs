//! A replica of macaque: its lives, one after the other, each with all that a process has.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use macaque::actors::ActorsConfig;
use macaque::actors::clock::Trigger;
use macaque::journal::JournalStore;
use macaque::k8s::ClusterAccess;
use macaque::notify::{Channel, OutgoingMessage};
use macaque::platform::{Platform, SimulatedClock};
use macaque::round::RoundConfig;
use macaque_core::config::{
    ConfigMapRef, DisruptConfig, DisruptionLimits, JournalLocation, RecoveryPolicy, TargetConfig, VictimCount,
};
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::guard::{GuardConfig, RecoveredGuard};
use macaque_core::journal::JournalTiming;
use macaque_core::recovery::RecoveryConfig;

use crate::life::{Life, LifeControl};
use crate::network::Network;
use crate::objects::JOURNAL;
use crate::plan::TrialPlan;
use crate::world::{SLOT, START, World};

/// A replica of macaque.
pub(crate) struct Replica {
    number: usize,
    plan: Arc<TrialPlan>,
    world: World,
    clock: SimulatedClock,
    network: Network,
    control: LifeControl,
    messages: Sender<OutgoingMessage>,
}

impl Replica {
    pub(crate) fn new(
        number: usize,
        plan: &Arc<TrialPlan>,
        world: &World,
        clock: SimulatedClock,
        messages: Sender<OutgoingMessage>,
    ) -> Self {
        let control = LifeControl::new(number, &plan.faults);
        Self {
            number,
            plan: Arc::clone(plan),
            world: world.clone(),
            clock,
            network: Network::new(world, number, plan.faults.clone().into(), control.clone()),
            control,
            messages,
        }
    }

    /// Lives, and is started again after each end as the kubelet would.
    pub(crate) async fn live(self) {
        for life in 0.. {
            self.world.tell(|| format!("replica {} starts", self.number));
            let config = self.actors_config(life);
            let away = Life::begin(
                &self.world,
                self.number,
                self.control.clone(),
                self.clock.clone(),
                &config,
            )
            .await;
            tokio::time::sleep(Duration::from_millis(away)).await;
        }
    }

    fn actors_config(&self, life: u64) -> ActorsConfig {
        let seed = self.plan.seed ^ (life << 8) ^ ((self.number as u64 + 1) << 56);
        let platform = Platform::with_clock(seed, self.clock.clone());
        let recovery = RecoveryConfig::default();

        let trigger = Trigger::Interval {
            every: SLOT,
            since: START,
        };
        let round = self.round_config(&recovery);
        let journal = self.journal(&platform, &recovery);
        let access = ClusterAccess {
            in_process: Some(self.network.server()),
            ..ClusterAccess::default()
        };
        let channels = [Channel::Listener(self.messages.clone())];
        ActorsConfig::new(trigger, round, journal, access, channels, &platform)
    }

    fn journal(&self, platform: &Platform, recovery: &RecoveryConfig) -> JournalStore {
        let location = JournalLocation::ConfigMap(ConfigMapRef {
            namespace: "chaos".to_owned(),
            name: JOURNAL.to_owned(),
        });
        let limits = DisruptionLimits {
            per_hour: self.plan.per_hour,
            ..DisruptionLimits::default()
        };
        let policy = RecoveryPolicy {
            timeout: recovery.timeout,
            recovered: RecoveredGuard::Owner,
            strikes: Some(3),
        };
        let name = format!("macaque-{}", self.number);
        let timing = JournalTiming::default();
        JournalStore::new(location, &name, limits, self.plan.count, timing, platform).with_recovery(policy)
    }

    fn round_config(&self, recovery: &RecoveryConfig) -> RoundConfig {
        RoundConfig {
            calendar: None,
            dry_run: false,
            eligibility: EligibilityConfig {
                target: TargetConfig::all_of("shop"),
                method: self.plan.method,
                own_pod: None,
                metadata: Arc::default(),
            },
            disrupt: DisruptConfig {
                method: self.plan.method,
                count: VictimCount::Fixed(self.plan.count),
                ..DisruptConfig::default()
            },
            recovery: recovery.clone(),
            guards: GuardConfig::default(),
            gates: Vec::new(),
        }
    }
}
