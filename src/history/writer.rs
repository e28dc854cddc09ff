//! Writes the history: reads what is stored, merges what waits, and writes it on condition that nobody wrote meanwhile.

use std::cell::Cell;
use std::time::Duration;

use macaque_core::config::ConfigMapRef;
use macaque_core::history::History;
use macaque_core::permissions;
use tokio::time::Instant;

use super::{HistoryRecording, PackedHistory, StoredHistory, UnusableHistory, missing, pack, unpack};
use crate::facts::{Fact, Facts};
use crate::heartbeat::Heartbeat;
use crate::k8s::{ApiError, Cluster, ClusterAccess, HistoryConfigMap, WriteResult};
use crate::platform::Platform;
use crate::stop::StopToken;

/// How many times a write is tried after conflicts.
const TRIES: u32 = 6;
/// The unit of the pauses after conflicts, which get longer.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the history may still be written once macaque was asked to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How many intervals pass before the next try where somebody must do something first.
const INTERVALS_AFTER_FAULT: u32 = 10;

/// Writes the history, as the one who writes it in this process. It is connected to the cluster only while it writes, and
/// holds no history in between.
pub struct HistoryWriter {
    recording: HistoryRecording,
    place: ConfigMapRef,
    access: ClusterAccess,
    facts: Facts,
    /// When the history may be read or written next.
    next: Cell<Instant>,
    /// Whether it was read at all.
    is_read: Cell<bool>,
    stop: StopToken,
    heartbeat: Heartbeat,
    platform: Platform,
}

/// The reason why the history was not written.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum WriteFault {
    /// There is no ConfigMap.
    #[error("{}", missing(.0))]
    Missing(ConfigMapRef),
    /// A permission is missing.
    #[error("{why}; {remedy}")]
    Forbidden { why: ApiError, remedy: String },
    /// A newer macaque wrote what is stored.
    #[error("in {place}, {why}; {}", why.remedy())]
    Newer {
        place: ConfigMapRef,
        why: UnusableHistory,
    },
    /// Others wrote at the same time, again and again.
    #[error("conflict: other replicas updated {0} {TRIES} times in a row")]
    Conflict(ConfigMapRef),
    /// The API server gave no usable answer.
    #[error(transparent)]
    Api(ApiError),
}

impl WriteFault {
    /// Whether somebody must do something before a write can succeed.
    fn is_lasting(&self) -> bool {
        match self {
            Self::Missing(_) | Self::Forbidden { .. } | Self::Newer { .. } => true,
            Self::Conflict(_) | Self::Api(_) => false,
        }
    }
}

impl HistoryWriter {
    /// Creates a writer that has read and written nothing yet; `None` if no history is written.
    pub fn new(
        recording: &HistoryRecording,
        access: ClusterAccess,
        facts: Facts,
        stop: StopToken,
        heartbeat: Heartbeat,
        platform: &Platform,
    ) -> Option<Self> {
        Some(Self {
            recording: recording.clone(),
            place: recording.place.clone()?,
            access,
            facts,
            next: Cell::new(platform.monotonic()),
            is_read: Cell::new(false),
            stop,
            heartbeat,
            platform: platform.clone(),
        })
    }

    /// Waits until the history is to be read for the first time, or something is to be written; returns `false` once macaque
    /// was asked to stop.
    pub async fn next(&self) -> bool {
        let due = async {
            self.recording.recent.news(self.is_read.get()).await;
            self.platform.sleep_until(self.next.get()).await;
        };
        self.stop.within(Duration::ZERO, due).await.is_some() && !self.stop.is_requested()
    }

    /// Whether something is to be written.
    pub fn is_needed(&self) -> bool {
        self.recording.recent.is_unwritten()
    }

    /// Reads the history, and writes it if something waits. Once macaque was asked to stop, it does so for a few seconds at
    /// most.
    pub async fn write(&self) {
        let written = self.stop.within(GRACE, Box::pin(self.update())).await;
        let written = written.unwrap_or(Err(WriteFault::Api(ApiError::Stopped)));

        let is_lasting = written.as_ref().is_err_and(WriteFault::is_lasting);
        let intervals = if is_lasting { INTERVALS_AFTER_FAULT } else { 1 };
        let pause = self.recording.interval * intervals;
        self.next.set(self.platform.monotonic() + pause);

        match written {
            Ok(()) => {
                self.is_read.set(true);
                self.recording.recent.forget_faults();
            }
            Err(fault) => self.note_fault(&format!("the history is not written: {fault}")),
        }
    }

    /// Reads the history, and writes it if something waits; a conflict is tried again.
    async fn update(&self) -> Result<(), WriteFault> {
        let cluster = Cluster::connect(&self.access, &self.platform).await;
        let cluster = cluster.map_err(WriteFault::Api)?;
        let cluster = cluster
            .with_heartbeat(self.heartbeat.clone())
            .with_facts(self.facts.clone());

        for tries in 1..=TRIES {
            if self.try_update(&cluster).await? {
                return Ok(());
            }
            // Jitter, so that replicas that collided do not collide again.
            let jitter = 0.5 + self.platform.random_fraction() / 2.0;
            self.platform.sleep((PAUSE * tries).mul_f64(jitter)).await;
        }
        Err(WriteFault::Conflict(self.place.clone()))
    }

    /// Reads the history, and writes it if something waits; returns whether nobody else wrote meanwhile.
    async fn try_update(&self, cluster: &Cluster) -> Result<bool, WriteFault> {
        let [may_read, may_write] = permissions::on_config_map(&self.place).map(|grant| grant.remedy());
        let read = cluster.history(&self.place).await;
        let config_map = read.map_err(|error| fault_of(error, may_read))?;
        let config_map = config_map.ok_or_else(|| WriteFault::Missing(self.place.clone()))?;
        let (mut history, is_damaged) = self.stored(&config_map)?;

        let recent = self.recording.recent.copy();
        history.merge(&recent.history);
        history.bound();
        if recent.is_unwritten || is_damaged {
            let written = self.put(cluster, config_map, &pack(&mut history)).await;
            if !written.map_err(|error| fault_of(error, may_write))? {
                return Ok(false);
            }
        }

        self.recording.recent.note_written(&recent);
        self.facts.publish(Fact::HistoryRead(&history));
        Ok(true)
    }

    /// The history in the ConfigMap, and whether it must be written again. One that is corrupt is begun anew, and one that was
    /// edited is kept.
    fn stored(&self, config_map: &HistoryConfigMap) -> Result<(History, bool), WriteFault> {
        let place = &self.place;
        let packed = config_map.packed();
        let stored = unpack(packed.as_deref(), config_map.seal(), self.platform.now());
        let StoredHistory { history, is_edited } = match stored {
            Ok(stored) => stored,
            Err(why @ UnusableHistory::Newer(_)) => {
                let place = place.clone();
                return Err(WriteFault::Newer { place, why });
            }
            Err(why) => {
                self.note_fault(&format!(
                    "the history in {place} cannot be used: {why}; a new one is begun"
                ));
                return Ok((History::new(), true));
            }
        };

        if is_edited {
            self.note_fault(&format!(
                "the history in {place} was edited by something other than macaque: it is kept, and what happened before \
                 now is no longer known to be complete"
            ));
        }
        Ok((history, is_edited))
    }

    /// Writes the history, unless it is stored already: another replica may have written all of it. Returns whether nobody
    /// else wrote meanwhile.
    async fn put(
        &self,
        cluster: &Cluster,
        config_map: HistoryConfigMap,
        packed: &PackedHistory,
    ) -> Result<bool, ApiError> {
        let PackedHistory { bytes, seal } = packed;
        if config_map.seal() == Some(seal.as_str()) {
            return Ok(true);
        }
        let written = cluster
            .write_history(&self.place, config_map, bytes, seal)
            .await?;
        Ok(matches!(written, WriteResult::Written(_)))
    }

    /// Logs what is wrong, unless it was logged already.
    fn note_fault(&self, words: &str) {
        let level = if self.recording.recent.note_fault(words) {
            log::Level::Warn
        } else {
            log::Level::Debug
        };
        log::log!(level, "{words}");
    }
}

/// The reason that `error` gives; `remedy` grants the permission that it may be about.
fn fault_of(error: ApiError, remedy: String) -> WriteFault {
    match error {
        why @ ApiError::Forbidden { .. } => WriteFault::Forbidden { why, remedy },
        error => WriteFault::Api(error),
    }
}
