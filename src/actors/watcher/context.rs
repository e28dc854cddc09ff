//! What the Watcher works with: its connection to the cluster, its writer of the journal, and the two things it does
//! with them, following a recovery and recording a report.

use std::rc::Rc;
use std::time::Duration;

use macaque_core::journal::{KEPT_OVERDUE, OutboxEntry};
use macaque_core::recovery::RecoveryReport;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::actors::ActorsConfig;
use crate::facts::Facts;
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::Heartbeat;
use crate::journal::{JournalError, JournalWriter};
use crate::k8s::{ApiError, Cluster, ClusterAccess};
use crate::platform::Platform;
use crate::recovery::{self, FollowedVictim, RecoveryContext, RecoveryMeans};
use crate::stop::StopToken;

/// How long to wait before connecting to the cluster again.
const PAUSE: Duration = Duration::from_secs(5);

/// The number that the Watcher's writer has in place of an incarnation, lower than any Killer's: so what it puts into the
/// outbox belongs to the Killer of this process from the next takeover pass on.
const WRITER: u64 = 0;

/// What became of a report.
pub(super) enum RecordResult {
    /// The report is recorded, and this is in the outbox.
    Recorded(Box<OutboxEntry>),
    /// The journal does not have the recovery: it is not there yet, or its end was recorded by another, or nothing was
    /// disrupted.
    NotRecovering,
    /// The journal could not be written.
    Failed(JournalError),
}

/// What the Watcher works with.
pub(super) struct WatcherContext {
    access: ClusterAccess,
    writer: JournalWriter,
    /// The connection, while there is something to follow or to record.
    cluster: Mutex<Option<Rc<Cluster>>>,
    stop: StopToken,
    heartbeat: Heartbeat,
    hang_timeout: Duration,
    platform: Platform,
    facts: Facts,
    fail_points: FailPoints,
}

impl WatcherContext {
    pub(super) fn new(config: &ActorsConfig, stop: StopToken, heartbeat: Heartbeat) -> Self {
        Self {
            access: config.access.clone(),
            writer: config.journal.writer(WRITER).with_facts(config.facts.clone()),
            cluster: Mutex::new(None),
            stop,
            heartbeat,
            hang_timeout: config.timeouts.hang,
            platform: config.platform.clone(),
            facts: config.facts.clone(),
            fail_points: config.fail_points.clone(),
        }
    }

    /// Reads the monotonic clock.
    pub(super) fn now(&self) -> Instant {
        self.platform.monotonic()
    }

    /// Drops the connection to the cluster.
    pub(super) fn disconnect(&self) {
        if let Ok(mut cluster) = self.cluster.try_lock() {
            *cluster = None;
        }
    }

    /// Follows a recovery to its verdict; `None` if macaque was asked to stop, or nothing could be seen for so long that
    /// the journal has forgotten the recovery.
    pub(super) async fn follow(
        &self,
        followed: &FollowedVictim,
        means: RecoveryMeans,
        on_trouble: impl AsyncFn(RecoveryReport),
    ) -> Option<RecoveryReport> {
        let operation = self.heartbeat.begin("following a recovery", self.hang_timeout);
        self.fail_points.pass(FailPoint::BeforeFollow).await;
        // A watch may be silent for so long.
        operation.expect(self.allowance() + self.access.deadlines.watch);

        let end = followed.accepted + followed.timeout + KEPT_OVERDUE;
        let cluster = self.cluster_until(end).await?;
        let context = RecoveryContext {
            cluster: &cluster,
            means,
            stop: &self.stop,
            platform: &self.platform,
        };
        recovery::follow(context, followed, on_trouble).await
    }

    /// Records a report in the journal.
    pub(super) async fn record(&self, report: &RecoveryReport) -> RecordResult {
        let _operation = self.heartbeat.begin("recording a recovery", self.allowance());
        self.fail_points.pass(FailPoint::BeforeRecovered).await;
        let result = match self.commit(report).await {
            Ok(Some(entry)) => RecordResult::Recorded(Box::new(entry)),
            Ok(None) => RecordResult::NotRecovering,
            Err(error) => RecordResult::Failed(error),
        };
        self.fail_points.pass(FailPoint::AfterRecovered).await;
        result
    }

    async fn commit(&self, report: &RecoveryReport) -> Result<Option<OutboxEntry>, JournalError> {
        let cluster = self.cluster().await?;
        self.writer.report_recovery(&cluster, report).await
    }

    /// The connection to the cluster, tried again and again until `end` or a request to stop.
    async fn cluster_until(&self, end: Instant) -> Option<Rc<Cluster>> {
        loop {
            match self.cluster().await {
                Ok(cluster) => return Some(cluster),
                Err(error) if self.now() < end => log::debug!("no recovery can be followed: {error}"),
                Err(_) => return None,
            }
            self.heartbeat.progress();
            self.stop
                .within(Duration::ZERO, self.platform.sleep(PAUSE))
                .await?;
        }
    }

    /// The connection to the cluster, made if there is none.
    async fn cluster(&self) -> Result<Rc<Cluster>, ApiError> {
        let mut cluster = self.cluster.lock().await;
        if let Some(cluster) = &*cluster {
            return Ok(Rc::clone(cluster));
        }
        let connected = Cluster::connect(&self.access, &self.platform).await?;
        let connected = connected
            .with_heartbeat(self.heartbeat.clone())
            .with_facts(self.facts.clone());
        let connected = Rc::new(connected);
        *cluster = Some(Rc::clone(&connected));
        Ok(connected)
    }

    /// How long an operation may go without progress: every request is progress, and one may take this long.
    fn allowance(&self) -> Duration {
        self.access.deadlines.disrupt + self.hang_timeout
    }
}
