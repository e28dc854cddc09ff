//! Counts facts, and brings the gauges that depend on the time up to date.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use macaque_core::journal::{Journal, LimitWindow, PauseRequest};
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::{AttemptReport, ExemptionTallies, RoundEnd, RoundReport};
use prometheus_client::metrics::gauge::Gauge;

use super::families::ExemplarLabels;
use super::journal_gauges::{JournalGauges, disruptions};
use super::label_values::{LabelValue, LabelValues};
use super::registrar::{LabeledMetric, Labels};
use super::{Metrics, MetricsConfig, process, words};
use crate::facts::{Fact, FactListener};

/// The HTTP status of a request that no answer came to.
const NO_ANSWER: &str = "none";

impl FactListener for Metrics {
    fn note(&self, fact: Fact<'_>) {
        let families = &self.families;
        match fact {
            Fact::SlotPlanned(slot) => {
                families
                    .next_slot
                    .with([])
                    .set(slot.map_or(0, Timestamp::as_second));
            }
            Fact::PodsChecked { candidates, exempted } => self.show_pods(candidates, exempted),
            Fact::VictimTried {
                slot,
                method,
                attempt,
                ..
            } => self.count_victim(slot, method, attempt),
            Fact::NamespaceForbidden(name) => {
                let labels = [self.namespace(name), words::RBAC.into()];
                families.refusals.with(labels).inc();
            }
            Fact::RoundFinished(report) => self.count_round(report),
            Fact::RecoveryReported(report) => self.count_recovery(report),
            Fact::JournalRead { journal, pause, now } => self.show_journal(journal, pause, now),
            Fact::HistoryRead(_)
            | Fact::GuardAnswered(_)
            | Fact::TurnsPlanned { .. }
            | Fact::ClockCompared(_) => {}
            Fact::JournalUnusable => self.journal().note_unusable(),
            Fact::RequestEnded {
                verb,
                resource,
                code,
                took,
            } => self.count_request(verb, resource, code, took),
            Fact::MessageHandled { channel, result } => {
                let (channel, _) = self.channels.value(channel);
                families
                    .notifications
                    .with([channel, result.as_str().into()])
                    .inc();
            }
            Fact::MessagesWaiting { channel, count } => {
                let (channel, _) = self.channels.value(channel);
                families.queue_length.with([channel]).set(number(count));
            }
            Fact::ConfigInForce {
                is_dry_run,
                method,
                namespaces,
                limits,
                guards,
                ..
            } => {
                let before = self.config().clone();
                let config = MetricsConfig {
                    armed: !is_dry_run,
                    method,
                    limits: limits.clone(),
                    namespaces: namespaces.names().to_vec(),
                    ..before
                };
                self.show_config(config, guards);
            }
            Fact::ReloadEnded { is_success } => self.show_reload(is_success),
            Fact::ActorRestarted(actor) => {
                families.actor_restarts.with([actor.into()]).inc();
            }
        }
    }
}

impl Metrics {
    /// Brings the gauges up to date that depend on the time.
    pub(super) fn refresh(&self) {
        let families = &self.families;
        let now = self.platform.now();
        if let Some(bytes) = process::resident_memory() {
            families.resident_memory.with([]).set(bytes);
        }

        let journal = self.journal();
        families.paused.with([]).set(journal.is_paused(now).into());
        families
            .journal_trusted
            .with([])
            .set(journal.is_trusted(now).into());
        families.recovering.with([]).set(number(journal.recovering(now)));
        if let Some(slot) = journal.last_round {
            families.last_round.with([]).set(slot.as_second());
        }
        for (window, remaining) in &journal.remaining {
            let limit = window.limit_name().into();
            families.limit_remaining.with([limit]).set(number(*remaining));
        }
        let disrupting = journal
            .disrupting(now)
            .map(|namespace| (self.namespace(namespace), 1));
        let disrupting: BTreeMap<_, _> = disrupting.collect();
        show(&families.disrupting, &self.namespaces, &disrupting);
    }

    /// Shows a configuration that is in force from now on.
    fn show_config(&self, config: MetricsConfig, guards: &[String]) {
        let families = &self.families;
        families.armed.with([]).set(config.armed.into());
        for guard in guards {
            families.guard_holds.with([self.guards.admit(guard)]);
        }
        for window in LimitWindow::ALL {
            // One that is still set is shown again by the next read of the journal.
            families.limit_remaining.without(&[window.limit_name().into()]);
        }
        let namespaces = config.namespaces.clone();
        *self.config() = config;
        for namespace in &namespaces {
            self.namespace(namespace);
        }
    }

    /// Shows whether the configuration file is in force.
    fn show_reload(&self, is_success: bool) {
        let families = &self.families;
        families.config_reloaded.with([]).set(is_success.into());
        if is_success {
            let now = self.platform.now().as_second();
            families.config_reloaded_at.with([]).set(now);
        }
    }

    fn show_pods(&self, candidates: &BTreeMap<String, usize>, exempted: &ExemptionTallies) {
        let mut by_namespace = BTreeMap::new();
        for (namespace, count) in candidates {
            *by_namespace.entry(self.namespace(namespace)).or_default() += number(*count);
        }
        show(&self.families.candidates, &self.namespaces, &by_namespace);

        let mut by_reason = BTreeMap::new();
        for (reason, tally) in exempted {
            let (reason, _) = self.reasons.value(reason);
            *by_reason.entry(reason).or_default() += number(tally.count);
        }
        show(&self.families.exempted, &self.reasons, &by_reason);
    }

    fn count_victim(&self, slot: Timestamp, method: DisruptionMethod, attempt: &AttemptReport) {
        let families = &self.families;
        let name = &attempt.pod.namespace;
        let namespace = self.namespace(name);
        let outcome = words::outcome(&attempt.outcome);
        let labels = [namespace.clone(), method.as_str().into(), outcome.into()];
        let (exemplar, now) = self.exemplar(slot);
        families.disruptions.with(labels).inc_by(1, exemplar, now);

        match &attempt.outcome {
            Outcome::Refused(refusal) => {
                let by = words::refused_by(refusal).into();
                families.refusals.with([namespace, by]).inc();
            }
            Outcome::Held(hold) => self.count_hold(&hold.guard),
            Outcome::Evicted | Outcome::Deleted | Outcome::Unknown { .. } => {
                if let Some(owner) = &attempt.owner {
                    self.expect_recovery(name, owner);
                }
            }
            Outcome::Gone | Outcome::DryRun => {}
        }
    }

    fn count_round(&self, report: &RoundReport) {
        let verdict = words::round_verdict(report);
        self.families.rounds.with([verdict.into()]).inc();
        self.journal().note_round(Some(report.slot));
        if let RoundEnd::Held(hold) = &report.end {
            self.count_hold(&hold.guard);
        }
    }

    fn count_hold(&self, guard: &str) {
        let (guard, _) = self.guards.value(guard);
        self.families.guard_holds.with([guard]).inc();
    }

    fn count_recovery(&self, report: &RecoveryReport) {
        let Some(verdict) = report.verdict else {
            return;
        };
        let families = &self.families;
        let name = &report.pod.namespace;
        let namespace = self.namespace(name);
        let word: LabelValue = verdict.as_str().into();

        families.recoveries.with([namespace.clone(), word.clone()]).inc();
        if let Some(family) = &families.owner_recoveries {
            let [namespace, owner] = self.owner(name, &report.owner);
            family.with([namespace, owner, word]).inc();
        }
        if let Some(whole_ms) = report.times.whole_ms.filter(|_| verdict.is_recovered()) {
            let (kind, _) = self.owner_kinds.value(&report.owner.kind);
            let (exemplar, now) = self.exemplar(report.slot);
            let took = Duration::from_millis(whole_ms).as_secs_f64();
            families
                .recovery_seconds
                .with([namespace, kind])
                .observe(took, exemplar, now);
        }
    }

    fn show_journal(&self, journal: &Journal, pause: Option<&PauseRequest>, now: Timestamp) {
        self.journal().read(journal, pause, &self.config().limits, now);

        for reservation in disruptions(journal) {
            let namespace = self.namespace(&reservation.pod.namespace);
            let gauge = self.families.last_disruption.with([namespace]);
            gauge
                .inner()
                .fetch_max(reservation.at.as_second(), Ordering::Relaxed);
        }
        for record in journal.open_recoveries(now) {
            self.expect_recovery(&record.victim.pod.namespace, &record.victim.owner);
        }
    }

    fn count_request(&self, verb: &'static str, resource: &'static str, code: Option<u16>, took: Duration) {
        let code = match code {
            Some(code) => self.codes.value(&code.to_string()).0,
            None => NO_ANSWER.into(),
        };
        let requests = self.families.requests.with([verb.into(), resource.into(), code]);
        requests.observe(took.as_secs_f64());
    }

    /// The exemplar that names the round of this slot, and when it was noted.
    fn exemplar(&self, slot: Timestamp) -> (Option<ExemplarLabels>, Option<SystemTime>) {
        let labels = Labels {
            names: &["round"],
            values: [slot.to_string().into()],
        };
        (Some(labels), Some(self.platform.now().into()))
    }

    fn journal(&self) -> MutexGuard<'_, JournalGauges> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sets a gauge for every value of its label: to 0 where `shown` says nothing.
fn show(gauge: &LabeledMetric<Gauge, 1>, values: &LabelValues, shown: &BTreeMap<LabelValue, i64>) {
    for value in values.all() {
        let count = shown.get(&value).copied().unwrap_or_default();
        gauge.with([value]).set(count);
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
