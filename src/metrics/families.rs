//! The metrics by name: each with its type, its labels and its help text. They are listed nowhere else.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::exemplar::{CounterWithExemplar, HistogramWithExemplars};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::registrar::{LabeledMetric, Labels, MetricKind, Registrar};

/// The label of an exemplar.
pub(super) type ExemplarLabels = Labels<1>;

/// The upper bounds of the buckets of recoveries, in seconds.
pub(super) const RECOVERY_BUCKETS: [f64; 10] = [1.0, 2.5, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0];
/// The upper bounds of the buckets of requests, in seconds; an eviction may take half a minute.
pub(super) const REQUEST_BUCKETS: [f64; 11] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

/// The Git revision of the build, if the environment of the build named it.
const REVISION: &str = match option_env!("MACAQUE_REVISION") {
    Some(revision) => revision,
    None => "unknown",
};

/// Every metric that has values to be set or counted.
#[derive(Debug)]
pub(super) struct Families {
    pub(super) armed: LabeledMetric<Gauge, 0>,
    pub(super) paused: LabeledMetric<Gauge, 0>,
    pub(super) journal_trusted: LabeledMetric<Gauge, 0>,
    pub(super) rounds: LabeledMetric<Counter, 1>,
    pub(super) last_round: LabeledMetric<Gauge, 0>,
    pub(super) next_slot: LabeledMetric<Gauge, 0>,
    pub(super) candidates: LabeledMetric<Gauge, 1>,
    pub(super) exempted: LabeledMetric<Gauge, 1>,
    pub(super) disruptions: LabeledMetric<CounterWithExemplar<ExemplarLabels>, 3>,
    pub(super) last_disruption: LabeledMetric<Gauge, 1>,
    pub(super) refusals: LabeledMetric<Counter, 2>,
    pub(super) guard_holds: LabeledMetric<Counter, 1>,
    pub(super) limit_remaining: LabeledMetric<Gauge, 1>,
    pub(super) recovery_seconds: LabeledMetric<HistogramWithExemplars<ExemplarLabels>, 2>,
    pub(super) recoveries: LabeledMetric<Counter, 2>,
    pub(super) owner_recoveries: Option<LabeledMetric<Counter, 3>>,
    pub(super) recovering: LabeledMetric<Gauge, 0>,
    pub(super) disrupting: LabeledMetric<Gauge, 1>,
    pub(super) notifications: LabeledMetric<Counter, 2>,
    pub(super) queue_length: LabeledMetric<Gauge, 1>,
    pub(super) actor_restarts: LabeledMetric<Counter, 1>,
    pub(super) requests: LabeledMetric<Histogram, 3>,
    pub(super) process_start: LabeledMetric<Gauge, 0>,
    pub(super) resident_memory: LabeledMetric<Gauge, 0>,
}

impl Families {
    /// Registers every metric; the recoveries by owner only if they are asked for.
    pub(super) fn register(registrar: &mut Registrar, by_owner: bool) -> Self {
        registrar.info(
            "macaque_build_info",
            &["version", "revision"],
            [env!("CARGO_PKG_VERSION").into(), REVISION.into()],
            "The version of macaque and the revision of its source; the value is always 1",
        );
        Self {
            armed: registrar.gauge(
                "macaque_armed",
                &[],
                "Whether rounds disrupt pods (1), or are dry runs (0)",
            ),
            paused: registrar.gauge(
                "macaque_paused",
                &[],
                "Whether macaque is paused, by an operator or by itself (1). Of the journal: the same in every replica",
            ),
            journal_trusted: registrar.gauge(
                "macaque_journal_trusted",
                &[],
                "Whether the journal can be used (1), or is missing, unreadable or in quarantine (0)",
            ),
            rounds: registrar.counter(
                "macaque_rounds_total",
                &["verdict"],
                "Rounds that ended in this process, by verdict: disrupted; spared, a dry run that picked a victim; \
                 refused, every victim; held, by a guard; unanswered, a guard could not answer; idle, no candidate; \
                 withheld, by a pause, a limit or the clock; failed",
            ),
            last_round: registrar.gauge(
                "macaque_last_round_timestamp_seconds",
                &[],
                "The slot of the last round, 0 if there was none. Of the journal: the same in every replica",
            ),
            next_slot: registrar.gauge(
                "macaque_next_slot_timestamp_seconds",
                &[],
                "The slot of the next round, 0 if none is left",
            ),
            candidates: registrar.gauge(
                "macaque_candidates",
                &["namespace"],
                "Pods that the last round of this process could pick, by namespace",
            ),
            exempted: registrar.gauge(
                "macaque_exempted_pods",
                &["reason"],
                "Pods that the last round of this process could not pick, by the rule that exempts them",
            ),
            disruptions: registrar.add(
                MetricKind::Counter,
                "macaque_disruptions_total",
                &["namespace", "method", "outcome"],
                CounterWithExemplar::default,
                "Victims that this process tried, by outcome: evicted or deleted, which was verified; refused; held, by a \
                 guard; gone already; unknown, for no reliable answer came; spared, by a dry run",
            ),
            last_disruption: registrar.gauge(
                "macaque_last_disruption_timestamp_seconds",
                &["namespace"],
                "When a pod of the namespace was last disrupted, 0 if that is not known. Of the journal: the same in every \
                 replica",
            ),
            refusals: registrar.counter(
                "macaque_refusals_total",
                &["namespace", "by"],
                "Disruptions of this process that were refused, by whom: a PodDisruptionBudget, an admission webhook, a \
                 ValidatingAdmissionPolicy, RBAC, or other",
            ),
            guard_holds: registrar.counter(
                "macaque_guard_holds_total",
                &["guard"],
                "Victims and rounds of this process that a guard held back, or could not answer for",
            ),
            limit_remaining: registrar.gauge(
                "macaque_limit_remaining",
                &["limit"],
                "How many more disruptions a limit allows now. Of the journal: the same in every replica",
            ),
            recovery_seconds: registrar.add(
                MetricKind::Histogram,
                "macaque_recovery_seconds",
                &["namespace", "owner_kind"],
                || HistogramWithExemplars::new(RECOVERY_BUCKETS.into_iter()),
                "How long owners took to be whole again, by the recoveries that this process reported; those that did not \
                 recover are not among them",
            ),
            recoveries: registrar.counter(
                "macaque_recoveries_total",
                &["namespace", "verdict"],
                "Recoveries that this process reported, by verdict: recovered, slow, unrecovered, shrunk, rolled, \
                 completed, ownerless or unwatched",
            ),
            owner_recoveries: by_owner.then(|| {
                registrar.counter(
                    "macaque_owner_recoveries_total",
                    &["namespace", "owner", "verdict"],
                    "Recoveries that this process reported, by owner and verdict",
                )
            }),
            recovering: registrar.gauge(
                "macaque_recovering",
                &[],
                "Owners that are not known to be whole again yet. Of the journal: the same in every replica",
            ),
            disrupting: registrar.gauge(
                "macaque_disrupting",
                &["namespace"],
                "Whether an owner in the namespace is not whole again, or was not within the last 2 minutes (1). Of the \
                 journal: the same in every replica",
            ),
            notifications: registrar.counter(
                "macaque_notifications_total",
                &["channel", "result"],
                "Tries of this process to deliver a message, by result: sent, retried later, dropped, or rejected by the \
                 service",
            ),
            queue_length: registrar.gauge(
                "macaque_notification_queue_length",
                &["channel"],
                "Messages of this process that wait for a channel",
            ),
            actor_restarts: registrar.counter(
                "macaque_actor_restarts_total",
                &["actor"],
                "How often the Supervisor of this process has started an actor again",
            ),
            requests: registrar.add(
                MetricKind::Histogram,
                "macaque_api_request_duration_seconds",
                &["verb", "resource", "code"],
                || Histogram::new(REQUEST_BUCKETS),
                "How long requests of this process to the API server took; code is the HTTP status, or none if no answer \
                 came",
            ),
            process_start: registrar.gauge(
                "process_start_time_seconds",
                &[],
                "When this process started, in seconds since 1970",
            ),
            resident_memory: registrar.gauge(
                "process_resident_memory_bytes",
                &[],
                "The memory of this process that is resident, in bytes",
            ),
        }
    }
}
