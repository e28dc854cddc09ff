//! A replica of macaque: its lives, one after the other, each with all that a process has.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use macaque::actors::ActorsConfig;
use macaque::actors::clock::Trigger;
use macaque::actors::config_changes::ConfigChanges;
use macaque::actors::recipient::StableRecipient;
use macaque::actors::role::{ActorRole, OptionalRoles};
use macaque::actors::supervisor::{ActorTimeouts, RestartPolicy};
use macaque::events::EventRecording;
use macaque::facts::Facts;
use macaque::failpoint::FailPoints;
use macaque::health::HealthState;
use macaque::history::HistoryRecording;
use macaque::journal::JournalStore;
use macaque::k8s::ClusterAccess;
use macaque::notify::{Channel, DeliveryRetry, MessageContext, OutgoingMessage};
use macaque::platform::{Platform, SimulatedClock};
use macaque::proxy::ProxyPolicy;
use macaque::round::RoundConfig;
use macaque_core::config::{
    ConfigMapRef, DisruptConfig, DisruptionLimits, JournalLocation, RecoveryPolicy, TargetConfig, VictimCount,
};
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::guard::{GuardConfig, RecoveredGuard};
use macaque_core::journal::JournalTiming;
use macaque_core::recovery::RecoveryConfig;
use macaque_core::schedule::WeeklyTime;
use macaque_core::schedule::timer::TimerConfig;

use crate::life::{Life, LifeControl};
use crate::network::Network;
use crate::objects::JOURNAL;
use crate::plan::TrialPlan;
use crate::world::{START, World};

/// The time from one slot to the next.
pub(crate) const SLOT: Duration = Duration::from_secs(60);

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
            let away = Life::begin(&self.world, self.number, self.control.clone(), config).await;
            tokio::time::sleep(Duration::from_millis(away)).await;
        }
    }

    fn actors_config(&self, life: u64) -> ActorsConfig {
        let seed = self.plan.seed ^ (life << 8) ^ ((self.number as u64 + 1) << 56);
        let platform = Platform::with_clock(seed, self.clock.clone());
        let recovery = RecoveryConfig::default();

        ActorsConfig {
            trigger: Trigger::Interval {
                every: SLOT,
                since: START,
            },
            timer: TimerConfig::default(),
            round: Arc::new(self.round_config(&recovery)),
            journal: self.journal(&platform, &recovery),
            access: ClusterAccess {
                in_process: Some(self.network.server()),
                ..ClusterAccess::default()
            },
            channels: Arc::new([Channel::Listener(self.messages.clone())]),
            proxies: ProxyPolicy::Direct,
            messages: MessageContext::default(),
            digest: WeeklyTime::default(),
            retry: DeliveryRetry::default(),
            restarts: RestartPolicy::default(),
            timeouts: ActorTimeouts::default(),
            stop: StableRecipient::default(),
            changes: ConfigChanges::default(),
            reload: None,
            facts: Facts::default(),
            events: EventRecording::off(&platform),
            history: HistoryRecording::off(&platform),
            health: Arc::new(HealthState::new(
                ActorRole::of_process(OptionalRoles::default()).map(ActorRole::as_str),
                &platform,
            )),
            platform,
            fail_points: FailPoints::default(),
        }
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
