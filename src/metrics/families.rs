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

/// The revision of the source, if the environment of the build names it.
const REVISION: &str = match option_env!("BUILD_REVISION") {
    Some(revision) if !revision.is_empty() => revision,
    _ => "unknown",
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
    pub(super) config_reloaded: LabeledMetric<Gauge, 0>,
    pub(super) config_reloaded_at: LabeledMetric<Gauge, 0>,
    pub(super) requests: LabeledMetric<Histogram, 3>,
    pub(super) process_start: LabeledMetric<Gauge, 0>,
    pub(super) resident_memory: LabeledMetric<Gauge, 0>,
}

impl Families {
    /// Registers every metric; the recoveries by owner only if they are asked for.
    ///
    /// The help of a counter says that each process counts by itself, that of a gauge of the journal that it does not.
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
                "1 if rounds disrupt pods, 0 if they are dry runs",
            ),
            paused: registrar.gauge(
                "macaque_paused",
                &[],
                "1 while macaque is paused, by an operator or by itself. From the journal: max over replicas",
            ),
            journal_trusted: registrar.gauge(
                "macaque_journal_trusted",
                &[],
                "0 while the journal is missing, unreadable or in quarantine, so that nothing is disrupted; else 1",
            ),
            rounds: registrar.counter(
                "macaque_rounds_total",
                &["verdict"],
                "Rounds by verdict: disrupted, spared (a dry run picked a victim), refused, held (by a guard), unanswered \
                 (by a guard), idle (no candidate), withheld (by a pause, a limit or a distrusted journal) or failed. Per process: \
                 sum over replicas",
            ),
            last_round: registrar.gauge(
                "macaque_last_round_timestamp_seconds",
                &[],
                "The slot of the last round; 0 if none is known. From the journal: max over replicas",
            ),
            next_slot: registrar.gauge(
                "macaque_next_slot_timestamp_seconds",
                &[],
                "The slot of the next round; 0 if there is none",
            ),
            candidates: registrar.gauge(
                "macaque_candidates",
                &["namespace"],
                "Pods that the last round of this process could pick",
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
                "Victims by outcome: evicted or deleted (both verified), refused, gone (already), held (by a guard), \
                 unknown (no reliable answer) or spared (a dry run). Per process: sum over replicas",
            ),
            last_disruption: registrar.gauge(
                "macaque_last_disruption_timestamp_seconds",
                &["namespace"],
                "When a pod was last disrupted; 0 if that is not known. From the journal: max over replicas",
            ),
            refusals: registrar.counter(
                "macaque_refusals_total",
                &["namespace", "by"],
                "Disruptions that were refused, by whom: budget, webhook, policy, rbac or other. Per process: sum over \
                 replicas",
            ),
            guard_holds: registrar.counter(
                "macaque_guard_holds_total",
                &["guard"],
                "Victims and rounds that a guard held back, or could not answer for. Per process: sum over replicas",
            ),
            limit_remaining: registrar.gauge(
                "macaque_limit_remaining",
                &["limit"],
                "How many more disruptions the limit allows. From the journal: min over replicas",
            ),
            recovery_seconds: registrar.add(
                MetricKind::Histogram,
                "macaque_recovery_seconds",
                &["namespace", "owner_kind"],
                || HistogramWithExemplars::new(RECOVERY_BUCKETS.into_iter()),
                "How long owners took to be whole again; one that did not recover is not observed. Per process: sum over \
                 replicas",
            ),
            recoveries: registrar.counter(
                "macaque_recoveries_total",
                &["namespace", "verdict"],
                "Recoveries by verdict: recovered, slow, unrecovered, shrunk, rolled, completed, ownerless or unwatched. \
                 Per process: sum over replicas",
            ),
            owner_recoveries: by_owner.then(|| {
                registrar.counter(
                    "macaque_owner_recoveries_total",
                    &["namespace", "owner", "verdict"],
                    "Recoveries by owner and verdict, if metrics.owners is set. Per process: sum over replicas",
                )
            }),
            recovering: registrar.gauge(
                "macaque_recovering",
                &[],
                "Recoveries that are being watched. From the journal: max over replicas",
            ),
            disrupting: registrar.gauge(
                "macaque_disrupting",
                &["namespace"],
                "1 while an owner of a victim is not whole again, and for 2 minutes after. From the journal: max over \
                 replicas",
            ),
            notifications: registrar.counter(
                "macaque_notifications_total",
                &["channel", "result"],
                "Messages by result: sent, retried, dropped or rejected. Per process: sum over replicas",
            ),
            queue_length: registrar.gauge(
                "macaque_notification_queue_length",
                &["channel"],
                "Messages that wait for the channel in this process",
            ),
            actor_restarts: registrar.counter(
                "macaque_actor_restarts_total",
                &["actor"],
                "How often the Supervisor has started the actor again. Per process: sum over replicas",
            ),
            config_reloaded: registrar.gauge(
                "macaque_config_last_reload_successful",
                &[],
                "0 while the configuration file has changed and the one before it is in force (the log says why); else 1",
            ),
            config_reloaded_at: registrar.gauge(
                "macaque_config_last_reload_success_timestamp_seconds",
                &[],
                "When the configuration file was last found to be in force after a change, or this process started",
            ),
            requests: registrar.add(
                MetricKind::Histogram,
                "macaque_api_request_duration_seconds",
                &["verb", "resource", "code"],
                || Histogram::new(REQUEST_BUCKETS),
                "How long requests to the API server took; code is the HTTP status, or none if no answer came. Per \
                 process: sum over replicas",
            ),
            process_start: registrar.gauge(
                "process_start_time_seconds",
                &[],
                "When this process started, in seconds since 1970",
            ),
            resident_memory: registrar.gauge(
                "process_resident_memory_bytes",
                &[],
                "Resident memory of this process in bytes",
            ),
        }
    }
}
