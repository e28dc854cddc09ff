//! Keeps the journal: reads it, takes a step, writes it on the condition that nobody wrote meanwhile, and only then
//! lets anybody act. What a step is, [`macaque_core::journal`] decides.
//!
//! A write whose answer was lost may or may not have happened. It is simply tried again from what stands there now:
//! a step taken twice is a step taken once, and one that lands late finds the journal changed and lands nowhere.

mod store;

use std::cell::RefCell;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;

pub use self::store::JournalStore;
use crate::k8s::{ApiError, Cluster, JournalConfigMap, WriteResult};
use macaque_core::config::{ConfigMapRef, JournalLocation};
use macaque_core::journal::{
    Denial, Journal, JournalEvent, LeaseHolder, PauseRequest, StepContext, StoredJournal,
};
use macaque_core::report::RoundEnd;

/// How often a step is tried, whether others wrote first or no clear answer came.
const TRIES: u32 = 6;
/// The pause before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(50);
/// The longest pause that a throttle can impose.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The journal in the hands of one life of the Killer.
pub struct JournalWriter {
    books: JournalStore,
    holder: LeaseHolder,
    /// The page as it was read or written last: a conditional write tells whether it still stands.
    page: RefCell<Option<JournalConfigMap>>,
}

/// Why a step was not taken: nothing must be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// The journal does not allow it.
    #[error("{0}")]
    Denied(Denial),
    /// There is no journal, or it cannot be used.
    #[error("{0}")]
    Unusable(String),
    /// It could not be read or written.
    #[error("{0}")]
    Api(ApiError),
}

impl From<JournalError> for RoundEnd {
    fn from(setback: JournalError) -> Self {
        let why = setback.to_string();
        match setback {
            JournalError::Denied(_) => Self::Withheld { why },
            JournalError::Unusable(_) | JournalError::Api(_) => Self::Failed { why },
        }
    }
}

impl JournalWriter {
    /// Who writes.
    pub fn holder(&self) -> &LeaseHolder {
        &self.holder
    }

    /// How often to look round in the journal: several times a lease.
    pub fn patrols(&self) -> Duration {
        self.books.timing.lease / 5
    }

    /// The claim to the round of `slot`.
    pub fn claim(&self, slot: Timestamp, seed: u64) -> JournalEvent {
        let since = self.books.since;
        JournalEvent::Claim { slot, seed, since }
    }

    /// Writes `event` down; the journal as it is then.
    ///
    /// # Errors
    /// It is not written down, or nobody knows; nothing must be done then.
    pub async fn enter(&self, cluster: &Cluster, event: &JournalEvent) -> Result<Journal, JournalError> {
        match &self.books.place {
            JournalLocation::Memory => self.enter_in_memory(cluster, event),
            JournalLocation::ConfigMap(place) => self.enter_on_page(cluster, place, event).await,
        }
    }

    fn enter_in_memory(&self, cluster: &Cluster, event: &JournalEvent) -> Result<Journal, JournalError> {
        let mut journal = self
            .books
            .shared
            .memory
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let next = journal
            .step(event, &self.moment(cluster, None))
            .map_err(JournalError::Denied)?;
        journal.clone_from(&next);
        Ok(next)
    }

    async fn enter_on_page(
        &self,
        cluster: &Cluster,
        place: &ConfigMapRef,
        event: &JournalEvent,
    ) -> Result<Journal, JournalError> {
        let mut tries = 1;
        loop {
            match self.try_on_page(cluster, place, event).await {
                Err(StepFailure::Overtaken) if tries < TRIES => pause(PAUSE * tries).await,
                Err(StepFailure::Overtaken) => {
                    return Err(JournalError::Unusable(format!(
                        "the journal, {place}, was written by others {TRIES} times in a row"
                    )));
                }
                Err(StepFailure::Setback(JournalError::Api(error)))
                    if tries < TRIES && error.is_transient() =>
                {
                    log::debug!("{error}; trying the journal again");
                    pause(match &error {
                        ApiError::Throttled { retry_after, .. } => (*retry_after).min(LONGEST_PAUSE),
                        _ => PAUSE * 2_u32.pow(tries),
                    })
                    .await;
                }
                Err(StepFailure::Setback(setback)) => return Err(setback),
                Ok(journal) => return Ok(journal),
            }
            tries += 1;
        }
    }

    async fn try_on_page(
        &self,
        cluster: &Cluster,
        place: &ConfigMapRef,
        event: &JournalEvent,
    ) -> Result<Journal, StepFailure> {
        let kept = self.page.take();
        let is_fresh = kept.is_none();
        let page = match kept {
            Some(page) => page,
            None => self.read(cluster, place).await?,
        };
        let sheet = page.sheet();
        let journal = self.trusted(cluster, place, &page, &sheet).await?;
        let pause = page.paused().and_then(PauseRequest::from_annotation);
        let next = match journal.step(event, &self.moment(cluster, pause)) {
            Ok(next) => next.of(&sheet.uid),
            Err(denial) if is_fresh => {
                return Err(StepFailure::Setback(JournalError::Denied(denial)));
            }
            // What was read a while ago is no ground to refuse.
            Err(_) => return Err(StepFailure::Overtaken),
        };
        if next != journal {
            self.write(cluster, place, &page, &next).await?;
        } else {
            self.page.replace(Some(page));
        }
        Ok(next)
    }

    async fn read(&self, cluster: &Cluster, place: &ConfigMapRef) -> Result<JournalConfigMap, StepFailure> {
        let page = cluster.journal(place).await.map_err(JournalError::Api)?;
        page.ok_or_else(|| {
            StepFailure::Setback(JournalError::Unusable(format!(
                "the journal is missing, and nothing is disrupted without it; create it: kubectl -n {} create \
                 configmap {}",
                place.namespace, place.name
            )))
        })
    }

    /// The journal on the page, if it goes on from what was seen before; else that is written down first.
    async fn trusted(
        &self,
        cluster: &Cluster,
        place: &ConfigMapRef,
        page: &JournalConfigMap,
        sheet: &StoredJournal,
    ) -> Result<Journal, StepFailure> {
        let unusable = |why| JournalError::Unusable(format!("the journal, {place}, cannot be used: {why}"));
        let journal = sheet.read().map_err(unusable)?;
        let known = self.books.shared.known.load(Ordering::SeqCst);
        let why = if journal.sequence() < known {
            format!(
                "it is older than what was read before: number {} after {known}",
                journal.sequence()
            )
        } else if journal.sequence() > 0 && journal.uid() != sheet.uid {
            "it was written to another ConfigMap, and copied or restored to this one".to_owned()
        } else {
            self.note(&journal);
            return Ok(journal);
        };
        log::error!("the journal, {place}, is not trusted: {why}");
        let moment = self.moment(cluster, None);
        let held = journal
            .step(&JournalEvent::Quarantine { why, known }, &moment)
            .map_err(JournalError::Denied)?;
        self.write(cluster, place, page, &held.of(&sheet.uid)).await?;
        Err(StepFailure::Overtaken)
    }

    async fn write(
        &self,
        cluster: &Cluster,
        place: &ConfigMapRef,
        page: &JournalConfigMap,
        next: &Journal,
    ) -> Result<(), StepFailure> {
        let (text, seal) = next.write();
        match cluster
            .write_journal(place, page, &text, &seal)
            .await
            .map_err(JournalError::Api)?
        {
            WriteResult::Written(page) => {
                self.note(next);
                self.page.replace(Some(page));
                Ok(())
            }
            WriteResult::Conflict => Err(StepFailure::Overtaken),
        }
    }

    fn note(&self, journal: &Journal) {
        self.books
            .shared
            .known
            .fetch_max(journal.sequence(), Ordering::SeqCst);
    }

    fn moment(&self, cluster: &Cluster, pause: Option<PauseRequest>) -> StepContext<'_> {
        StepContext {
            now: Timestamp::now(),
            skew: cluster.skew(),
            holder: &self.holder,
            pause,
            count: self.books.count,
            limits: &self.books.limits,
            timing: &self.books.timing,
        }
    }
}

/// Why one try came to nothing.
enum StepFailure {
    /// Others wrote first: it is worth another try.
    Overtaken,
    Setback(JournalError),
}

impl From<JournalError> for StepFailure {
    fn from(setback: JournalError) -> Self {
        Self::Setback(setback)
    }
}

async fn pause(length: Duration) {
    // Replicas that got into each other's way should not do so again.
    tokio::time::sleep(length.mul_f64(0.5 + rand::random::<f64>() / 2.0)).await;
}
