//! The metrics: counts the facts of this process, and writes them as Prometheus reads them. The only module that uses
//! `prometheus-client`.
//!
//! Counters belong to this process; gauges that the journal knows are the same in every replica. Every label set that is
//! known is there from the start, and no label takes more than a bounded number of values.

mod counting;
mod exposition;
mod families;
mod journal_gauges;
mod label_values;
mod process;
mod registrar;
mod words;

use std::sync::{Mutex, MutexGuard, PoisonError};

use http::HeaderValue;
use hyper::body::Bytes;
use macaque_core::config::DisruptionLimits;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::PodOwner;
use macaque_core::recovery::RecoveryVerdict;

pub use self::exposition::ExpositionFormat;
pub use self::registrar::{MetricDescription, MetricKind};

use self::families::Families;
use self::journal_gauges::JournalGauges;
use self::label_values::{LabelValue, LabelValues};
use self::registrar::{RegisteredMetrics, Registrar};
use crate::facts::MessageResult;
use crate::platform::Platform;

/// The maximum number of namespaces that have a label of their own.
pub const MAX_NAMESPACES: usize = 200;
/// The maximum number of owners that have a label of their own, where recoveries are counted by owner.
pub const MAX_OWNERS: usize = 500;
/// The maximum number of kinds of owners that have a label of their own: a cluster has few that own pods.
const MAX_OWNER_KINDS: usize = 10;
/// The maximum number of HTTP statuses that have a label of their own.
const MAX_CODES: usize = 20;

/// What the metrics are about.
#[derive(Debug, Clone)]
pub struct MetricsConfig {
    /// Whether macaque disrupts, and is no dry run.
    pub armed: bool,
    /// How victims are disrupted.
    pub method: DisruptionMethod,
    /// The limits on disruptions over time.
    pub limits: DisruptionLimits,
    /// The namespaces in scope by name; empty for the whole cluster.
    pub namespaces: Vec<String>,
    /// The names of the guards that are on.
    pub guards: Vec<String>,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// The names of the actors.
    pub actors: Vec<&'static str>,
    /// Whether recoveries are also counted by owner.
    pub owners: bool,
}

/// The metrics of this process.
#[derive(Debug)]
pub struct Metrics {
    families: Families,
    registered: RegisteredMetrics,
    config: Mutex<MetricsConfig>,
    namespaces: LabelValues,
    owners: LabelValues,
    owner_kinds: LabelValues,
    reasons: LabelValues,
    guards: LabelValues,
    channels: LabelValues,
    codes: LabelValues,
    journal: Mutex<JournalGauges>,
    platform: Platform,
}

/// The metrics in one of the formats of Prometheus.
#[derive(Debug, Clone)]
pub struct Exposition {
    /// The media type.
    pub content_type: HeaderValue,
    /// The text.
    pub text: Bytes,
}

impl Default for MetricsConfig {
    fn default() -> Self {
        Self {
            armed: false,
            method: DisruptionMethod::Evict,
            limits: DisruptionLimits::default(),
            namespaces: Vec::new(),
            guards: Vec::new(),
            channels: Vec::new(),
            actors: Vec::new(),
            owners: false,
        }
    }
}

impl Metrics {
    /// Creates the metrics, with every label set that is known at 0.
    pub fn new(config: &MetricsConfig, platform: &Platform) -> Self {
        let mut registrar = Registrar::default();
        let families = Families::register(&mut registrar, config.owners);
        let metrics = Self {
            families,
            registered: registrar.finish(),
            config: Mutex::new(config.clone()),
            namespaces: LabelValues::up_to(MAX_NAMESPACES),
            owners: LabelValues::up_to(MAX_OWNERS),
            owner_kinds: LabelValues::up_to(MAX_OWNER_KINDS),
            reasons: LabelValues::only(words::exemption_reasons()),
            guards: LabelValues::only(config.guards.iter().cloned()),
            channels: LabelValues::only(config.channels.iter().cloned()),
            codes: LabelValues::up_to(MAX_CODES),
            journal: Mutex::default(),
            platform: platform.clone(),
        };
        metrics.create_known();
        metrics
    }

    /// Every metric that these hold, in the order in which they are written.
    pub fn descriptions(&self) -> &[MetricDescription] {
        &self.registered.descriptions
    }

    /// The metrics in this format.
    pub fn write(&self, format: ExpositionFormat) -> Exposition {
        self.refresh();
        Exposition {
            content_type: HeaderValue::from_static(format.content_type()),
            text: self.registered.text(format).into(),
        }
    }

    /// Creates every label set that is known before anything happened.
    fn create_known(&self) {
        let families = &self.families;
        let config = self.config().clone();
        families.armed.with([]).set(config.armed.into());
        families.config_reloaded.with([]).set(1);
        families
            .config_reloaded_at
            .with([])
            .set(self.platform.now().as_second());
        families
            .process_start
            .with([])
            .set(self.platform.now().as_second());
        for gauge in [&families.last_round, &families.next_slot] {
            gauge.with([]).set(0);
        }

        for verdict in words::ROUND_VERDICTS {
            families.rounds.with([verdict.into()]);
        }
        for reason in self.reasons.all() {
            families.exempted.with([reason]);
        }
        for guard in self.guards.all() {
            families.guard_holds.with([guard]);
        }
        for actor in &config.actors {
            families.actor_restarts.with([(*actor).into()]);
        }
        for channel in self.channels.all() {
            for result in MessageResult::ALL {
                families
                    .notifications
                    .with([channel.clone(), result.as_str().into()]);
            }
            families.queue_length.with([channel]);
        }
        for namespace in &config.namespaces {
            self.namespace(namespace);
        }
    }

    fn config(&self) -> MutexGuard<'_, MetricsConfig> {
        self.config.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The value of the label for this namespace, whose label sets are there then.
    fn namespace(&self, name: &str) -> LabelValue {
        let (namespace, is_new) = self.namespaces.value(name);
        if !is_new {
            return namespace;
        }

        let families = &self.families;
        let (armed, method) = {
            let config = self.config();
            (config.armed, config.method)
        };
        let of = |word: &'static str| [namespace.clone(), word.into()];
        for outcome in words::expected_outcomes(armed, method) {
            let method = method.as_str().into();
            families
                .disruptions
                .with([namespace.clone(), method, outcome.into()]);
        }
        for by in words::REFUSED_BY {
            families.refusals.with(of(by));
        }
        for verdict in RecoveryVerdict::ALL {
            families.recoveries.with(of(verdict.as_str()));
        }
        for gauge in [
            &families.candidates,
            &families.disrupting,
            &families.last_disruption,
        ] {
            gauge.with([namespace.clone()]);
        }
        namespace
    }

    /// Creates the label sets of a recovery that is to come, so that the first one is seen as an increase.
    fn expect_recovery(&self, namespace: &str, owner: &PodOwner) {
        let (kind, _) = self.owner_kinds.value(&owner.kind);
        self.families
            .recovery_seconds
            .with([self.namespace(namespace), kind]);

        if let Some(family) = &self.families.owner_recoveries {
            for verdict in RecoveryVerdict::ALL {
                let [namespace, owner] = self.owner(namespace, owner);
                family.with([namespace, owner, verdict.as_str().into()]);
            }
        }
    }

    /// The values of the labels for this owner.
    fn owner(&self, namespace: &str, owner: &PodOwner) -> [LabelValue; 2] {
        let name = owner.to_string();
        let (whole, _) = self.owners.value(&format!("{namespace}/{name}"));
        let name = if whole == label_values::OTHER {
            whole
        } else {
            name.into()
        };
        [self.namespace(namespace), name]
    }
}
