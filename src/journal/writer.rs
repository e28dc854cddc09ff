//! Writes the journal for one incarnation of an actor: read, step, conditional write, and only then act.
//!
//! If the answer to a write is lost, the write may or may not have happened. The step is then repeated on a fresh read
//! of the ConfigMap: taking a step twice has the same effect as once, and a write that arrives late conflicts and
//! fails.

mod publishing;

use std::cell::RefCell;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque_core::config::{ConfigMapRef, DisruptionLimits, JournalLocation};
use macaque_core::eligibility::Exemption;
use macaque_core::journal::{
    Denial, Journal, JournalEvent, LeaseHolder, MessageId, OutboxEntry, PauseRequest, StepContext,
    StoredJournal, UnreadableJournal,
};
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::RoundEnd;

use super::JournalStore;
use crate::facts::{Fact, Facts};
use crate::k8s::{ApiError, Cluster, JournalConfigMap, WriteResult};

/// How many times a step is tried after conflicts and transient errors.
const TRIES: u32 = 6;
/// The unit of the pauses between tries, which get longer.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest pause that throttling can impose.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Writes the journal for one incarnation of the Killer, or for the Watcher.
pub struct JournalWriter {
    store: JournalStore,
    holder: LeaseHolder,
    /// The ConfigMap as last read or written; a conditional write shows whether it is still current.
    cached: RefCell<Option<JournalConfigMap>>,
    facts: Facts,
}

/// The reason why a step was not taken, or may not have been; the caller must not act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The journal does not allow the step.
    #[error("{0}")]
    Denied(Denial),
    /// The journal is missing or cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// The journal could not be read or written.
    #[error("{0}")]
    Api(ApiError),
}

impl JournalError {
    /// The exemption of the victim, if the journal denied only this one and pods beside it.
    pub fn exemption(&self) -> Option<Exemption> {
        match self {
            Self::Denied(denial) => denial.exemption(),
            Self::Unusable(_) | Self::Api(_) => None,
        }
    }
}

impl JournalWriter {
    pub(super) fn new(store: JournalStore, holder: LeaseHolder) -> Self {
        Self {
            store,
            holder,
            cached: RefCell::new(None),
            facts: Facts::default(),
        }
    }

    /// Makes the writer publish what it reads and writes.
    pub fn with_facts(self, facts: Facts) -> Self {
        Self { facts, ..self }
    }

    /// The identity that the writer records in the journal.
    pub fn holder(&self) -> &LeaseHolder {
        &self.holder
    }

    /// The limits that the journal enforces.
    pub fn limits(&self) -> &DisruptionLimits {
        self.store.limits()
    }

    /// How long after its slot a round may be claimed.
    pub fn starting_deadline(&self) -> Duration {
        self.store.timing.deadline
    }

    /// How often to run a takeover pass: several times per lease.
    pub fn takeover_interval(&self) -> Duration {
        self.store.timing.lease / 5
    }

    /// Forgets the copy of the ConfigMap, so that the next step is taken on a fresh one, with its pause.
    pub fn forget_cached(&self) {
        self.cached.replace(None);
    }

    /// The event that claims the round of `slot`.
    pub fn claim(&self, slot: Timestamp, seed: u64) -> JournalEvent {
        let since = self.store.since();
        JournalEvent::Claim { slot, seed, since }
    }

    /// Commits `event`; returns the journal after it.
    ///
    /// # Errors
    /// The event was not written, or may not have been; the caller must not act.
    pub async fn commit(&self, cluster: &Cluster, event: &JournalEvent) -> Result<Journal, JournalError> {
        match &self.store.location {
            JournalLocation::Memory => self.commit_in_memory(cluster, event).await,
            JournalLocation::ConfigMap(place) => self.commit_to(cluster, place, event).await,
        }
    }

    /// Commits what became of a recovery; returns the message that is in the outbox because of it, or `None` if the
    /// journal does not have the recovery: not yet, or not any more.
    ///
    /// # Errors
    /// The report was not written, or may not have been.
    pub async fn report_recovery(
        &self,
        cluster: &Cluster,
        report: &RecoveryReport,
    ) -> Result<Option<OutboxEntry>, JournalError> {
        // By a cached copy, a recovery that another actor has recorded meanwhile would seem to be over.
        self.forget_cached();
        let event = JournalEvent::ReportRecovery(Box::new(report.clone()));
        let journal = self.commit(cluster, &event).await?;

        let id = MessageId::of_recovery(report);
        let entry = journal.message(&id);
        let own = entry.filter(|entry| entry.holder.process == self.holder.process);
        if let Some(report) = own.and_then(OutboxEntry::recovery_report)
            && self.store.note_published(id)
        {
            self.facts.publish(Fact::RecoveryReported(report));
        }
        Ok(own.cloned())
    }

    async fn commit_in_memory(
        &self,
        cluster: &Cluster,
        event: &JournalEvent,
    ) -> Result<Journal, JournalError> {
        let step = || self.store.step_in_memory(event, &self.holder, cluster.skew());
        let mut stepped = step();
        // A machine that slept since the last answer knows the server's time no more, as its monotonic clock stood.
        if matches!(stepped, Err(Denial::ClockSkewed { .. })) && cluster.version().await.is_ok() {
            stepped = step();
        }

        let (before, after, pause) = stepped?;
        self.publish_read(cluster, &after, pause.as_ref());
        self.publish_given_up(event, &before, &after);
        Ok(after)
    }

    /// Commits to the ConfigMap, and retries conflicts and transient errors.
    async fn commit_to(
        &self,
        cluster: &Cluster,
        place: &ConfigMapRef,
        event: &JournalEvent,
    ) -> Result<Journal, JournalError> {
        let mut tries = 1;

        loop {
            let pause = match self.try_commit(cluster, place, event).await {
                Ok(Some(journal)) => return Ok(journal),

                Ok(None) if tries < TRIES => PAUSE * tries,
                Ok(None) => return Err(conflict(place)),

                Err(JournalError::Api(error)) if tries < TRIES && error.is_transient() => {
                    log::debug!("{error}; trying to write the journal again");
                    match &error {
                        ApiError::Throttled { retry_after, .. } => (*retry_after).min(LONGEST_PAUSE),
                        _ => PAUSE * 2_u32.pow(tries),
                    }
                }

                Err(error) => {
                    self.publish_failure(&error);
                    return Err(error);
                }
            };

            self.pause(pause).await;
            tries += 1;
        }
    }

    /// Tries to commit once; `None` if the ConfigMap changed or the cached copy may be out of date.
    async fn try_commit(
        &self,
        cluster: &Cluster,
        place: &ConfigMapRef,
        event: &JournalEvent,
    ) -> Result<Option<Journal>, JournalError> {
        let cached = self.cached.take();
        let is_fresh = cached.is_none();
        // Read before the journal is: another actor of this process may write meanwhile.
        let known = self.store.known_sequence();
        let config_map = match cached {
            Some(config_map) => config_map,
            None => read(cluster, place).await?,
        };

        let stored = config_map.stored();
        let trusted = self.trusted(cluster, place, &config_map, &stored, known, is_fresh);
        let Some(journal) = trusted.await? else {
            return Ok(None);
        };

        let pause = config_map.pause();
        let next = match journal.step(event, &self.context(cluster.skew(), pause.clone())) {
            Ok(next) => next.with_uid(&stored.uid),
            Err(denial) if is_fresh => {
                self.publish_read(cluster, &journal, pause.as_ref());
                return Err(denial.into());
            }
            // The cached copy may be out of date, so a refusal based on it does not count.
            Err(_) => return Ok(None),
        };

        if next == journal {
            if is_fresh {
                self.publish_read(cluster, &next, pause.as_ref());
            }
            self.cached.replace(Some(config_map));
            return Ok(Some(next));
        }

        let new_pause = next.pause_to_write(&journal, pause.as_ref());
        let is_written = self
            .write(cluster, place, &config_map, &next, new_pause.as_ref())
            .await?;
        if !is_written {
            return Ok(None);
        }

        self.publish_read(cluster, &next, new_pause.or(pause).as_ref());
        self.publish_given_up(event, &journal, &next);
        Ok(Some(next))
    }

    /// The stored journal, if it continues what was `known` before it was read, and macaque wrote it last. Otherwise writes
    /// a quarantine, unless the copy is not fresh, and returns `None`.
    async fn trusted(
        &self,
        cluster: &Cluster,
        place: &ConfigMapRef,
        config_map: &JournalConfigMap,
        stored: &StoredJournal,
        known: u64,
        is_fresh: bool,
    ) -> Result<Option<Journal>, JournalError> {
        let unusable = |why| JournalError::Unusable(unusable(place, &why));
        let journal = stored.read().map_err(unusable)?;

        if journal.sequence() < known && !is_fresh {
            // Another actor of this process has written since.
            return Ok(None);
        }
        let Some(why) = stored.distrust(&journal, known) else {
            self.store.note_sequence(&journal);
            return Ok(Some(journal));
        };

        log::error!("the journal in {place} is not trusted: {why}");
        let quarantine = JournalEvent::Quarantine { why, known };
        let context = self.context(cluster.skew(), config_map.pause());
        let quarantined = journal.step(&quarantine, &context)?.with_uid(&stored.uid);
        self.write(cluster, place, config_map, &quarantined, None).await?;
        Ok(None)
    }

    /// Writes `next`, and the pause that it calls for, if the ConfigMap is still the one that was read; returns
    /// whether it was.
    async fn write(
        &self,
        cluster: &Cluster,
        place: &ConfigMapRef,
        config_map: &JournalConfigMap,
        next: &Journal,
        pause: Option<&PauseRequest>,
    ) -> Result<bool, JournalError> {
        let (text, seal) = next.write();
        let paused = pause.map(|pause| config_map.with_pause(pause));
        let config_map = paused.as_ref().unwrap_or(config_map);
        match cluster.write_journal(place, config_map, &text, &seal).await? {
            WriteResult::Written(config_map) => {
                self.store.note_sequence(next);
                self.cached.replace(Some(config_map));
                Ok(true)
            }
            WriteResult::Conflict => Ok(false),
        }
    }

    fn context(&self, skew: Option<SignedDuration>, pause: Option<PauseRequest>) -> StepContext<'_> {
        self.store.context(&self.holder, skew, pause)
    }

    async fn pause(&self, length: Duration) {
        // Jitter, so that replicas that collided do not collide again.
        let platform = &self.store.platform;
        let jitter = 0.5 + platform.random_fraction() / 2.0;
        platform.sleep(length.mul_f64(jitter)).await;
    }
}

async fn read(cluster: &Cluster, place: &ConfigMapRef) -> Result<JournalConfigMap, JournalError> {
    let config_map = cluster.journal(place).await?;
    config_map.ok_or_else(|| JournalError::Unusable(missing(place)))
}

/// What it means that there is no journal in `place`.
pub fn missing(place: &ConfigMapRef) -> String {
    let ConfigMapRef { namespace, name } = place;
    format!(
        "the journal is missing, and nothing is disrupted without it; create it: kubectl -n {namespace} create configmap \
         {name}"
    )
}

/// What it means that the journal in `place` cannot be read.
pub fn unusable(place: &ConfigMapRef, why: &UnreadableJournal) -> String {
    format!("the journal in {place} cannot be used: {why}")
}

fn conflict(place: &ConfigMapRef) -> JournalError {
    JournalError::Unusable(format!(
        "conflict: other replicas updated the journal in {place} {TRIES} times in a row"
    ))
}

impl From<Denial> for JournalError {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<ApiError> for JournalError {
    fn from(error: ApiError) -> Self {
        Self::Api(error)
    }
}

impl From<JournalError> for RoundEnd {
    fn from(error: JournalError) -> Self {
        let why = error.to_string();
        match error {
            JournalError::Denied(denial) if !denial.is_fault() => Self::Withheld { why },
            JournalError::Denied(_) | JournalError::Unusable(_) | JournalError::Api(_) => {
                Self::Failed { why }
            }
        }
    }
}
