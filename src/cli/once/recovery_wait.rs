//! `once --wait`: follows the recoveries from the victims of the round, each from the moment its disruption was accepted.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodRef};
use macaque_core::recovery::{DisruptedVictim, RecoveryReport, RecoveryVerdict, WHOLE_SPAN};
use macaque_core::report::{AttemptReport, RoundReport};
use serde::Serialize;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

use crate::cli::exit;
use crate::k8s::Cluster;
use crate::platform::Platform;
use crate::recovery::{self, FollowedVictim, RecoveryContext, RecoveryMeans};
use crate::stop::StopToken;

/// Follows recoveries, each in a task of its own, whatever the round does meanwhile.
pub(super) struct RecoveryWait {
    cluster: Rc<Cluster>,
    /// Within which time the owner must be whole again, if not the timeout.
    limit: Option<Duration>,
    stop: StopToken,
    platform: Platform,
    /// By UID of the victim.
    followed: RefCell<BTreeMap<String, JoinHandle<()>>>,
    /// Dropped with the round: after the last result, there are no more.
    results: RefCell<Option<UnboundedSender<WaitResult>>>,
}

/// What the wait for one recovery came to, or came across.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum WaitResult {
    /// The recovery goes on, and its replacement is stuck.
    Stuck(Box<RecoveryReport>),
    /// The recovery ended.
    Ended(Box<RecoveryReport>),
    /// The recovery had not ended when the time to wait was over.
    TimeOver(Box<UnfinishedRecovery>),
    /// The recovery had not ended when macaque was asked to stop.
    Interrupted(Box<UnfinishedRecovery>),
}

/// A recovery that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnfinishedRecovery {
    victim: DisruptedVictim,
    /// What was last known of a replacement that is stuck.
    stuck: Option<RecoveryReport>,
}

/// What the wait for one recovery came to, as programs read it.
#[derive(Serialize)]
pub(super) struct PrintedRecovery<'a> {
    /// The verdict; `waiting` if the recovery goes on.
    status: &'static str,
    #[serde(flatten)]
    fields: RecoveryFields<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum RecoveryFields<'a> {
    Reported(&'a RecoveryReport),
    Waiting {
        slot: Timestamp,
        pod: &'a PodRef,
        owner: &'a PodOwner,
        method: DisruptionMethod,
        expect_ms: u64,
    },
}

impl RecoveryWait {
    /// A wait for recoveries of up to `limit` each, and what it comes to.
    pub(super) fn new(
        cluster: &Rc<Cluster>,
        limit: Option<Duration>,
        stop: &StopToken,
        platform: &Platform,
    ) -> (Self, UnboundedReceiver<WaitResult>) {
        let (sender, results) = unbounded_channel();
        let wait = Self {
            cluster: Rc::clone(cluster),
            limit,
            stop: stop.clone(),
            platform: platform.clone(),
            followed: RefCell::default(),
            results: RefCell::new(Some(sender)),
        };
        (wait, results)
    }

    /// Ends with the round: follows the recoveries that the journal has and that are not followed yet, because there was
    /// no answer to their disruptions, and those no longer that `report` has no disruption for.
    pub(super) fn end_with_round(&self, report: &RoundReport, recoveries: &[FollowedVictim]) {
        for followed in recoveries {
            self.follow(followed.clone());
        }

        for (uid, task) in self.followed.take() {
            let is_disrupted =
                |attempt: &AttemptReport| attempt.pod.uid == uid && attempt.outcome.counts_as_disruption();
            if !report.attempts.iter().any(is_disrupted) {
                task.abort();
            }
        }
        self.results.take();
    }

    /// Follows a recovery, unless it is followed already.
    pub(super) fn follow(&self, followed: FollowedVictim) {
        let uid = followed.victim.pod.uid.clone();
        let Some(results) = self.results.borrow().clone() else {
            return;
        };
        if self.followed.borrow().contains_key(&uid) {
            return;
        }

        let cluster = Rc::clone(&self.cluster);
        let stop = self.stop.clone();
        let platform = self.platform.clone();
        let limit = self.limit;
        let task = actix::spawn(async move {
            let context = RecoveryContext {
                cluster: &cluster,
                means: RecoveryMeans::Watch,
                stop: &stop,
                platform: &platform,
            };
            let stuck = RefCell::new(None);
            // Without a receiver nobody waits any more, here and below.
            let on_trouble = async |report: RecoveryReport| {
                stuck.replace(Some(report.clone()));
                let _ = results.send(WaitResult::Stuck(Box::new(report)));
            };
            let following = recovery::follow(context, &followed, on_trouble);
            let ended = match limit {
                // Whoever is whole in time is known to be later.
                Some(limit) => {
                    let end = followed.accepted + limit + WHOLE_SPAN;
                    platform.until(end, following).await
                }
                None => Some(following.await),
            };
            let open = || {
                let (victim, stuck) = (followed.victim.clone(), stuck.take());
                Box::new(UnfinishedRecovery { victim, stuck })
            };
            let result = match ended {
                Some(Some(report)) => WaitResult::Ended(Box::new(report)),
                Some(None) => WaitResult::Interrupted(open()),
                None => WaitResult::TimeOver(open()),
            };
            let _ = results.send(result);
        });
        self.followed.borrow_mut().insert(uid, task);
    }
}

impl WaitResult {
    /// The victim.
    pub(super) fn pod(&self) -> &PodRef {
        match self {
            Self::Stuck(report) | Self::Ended(report) => &report.pod,
            Self::TimeOver(open) | Self::Interrupted(open) => &open.victim.pod,
        }
    }

    /// Whether the recovery goes on.
    pub(super) fn is_waiting(&self) -> bool {
        match self {
            Self::Ended(_) => false,
            Self::Stuck(_) | Self::TimeOver(_) | Self::Interrupted(_) => true,
        }
    }

    /// What the wait came to, if the recovery goes on, in one sentence.
    pub(super) fn sentence_if_waiting(&self, limit: Option<Duration>) -> Option<String> {
        let (open, why) = match self {
            Self::Stuck(_) | Self::Ended(_) => return None,
            Self::TimeOver(open) => {
                let limit = limit.unwrap_or_default();
                (open, format!("was not whole again within {limit:?}"))
            }
            Self::Interrupted(open) => {
                let why = "had not recovered when the wait was interrupted: what becomes of it is not known";
                (open, why.to_owned())
            }
        };
        let victim = &open.victim;
        Some(format!("{} in {} {why}", victim.owner, victim.pod.namespace))
    }

    /// The exit code that tells it.
    fn exit_code(&self) -> i32 {
        match self {
            Self::TimeOver(_) => exit::UNRECOVERED,
            Self::Interrupted(_) => exit::CLUSTER,
            Self::Stuck(report) | Self::Ended(report) => match report.verdict {
                Some(verdict) if verdict.is_bad() => exit::UNRECOVERED,
                None | Some(RecoveryVerdict::Unwatched) => exit::CLUSTER,
                Some(_) => exit::OK,
            },
        }
    }

    /// The result as programs read it.
    pub(super) fn printed(&self) -> PrintedRecovery<'_> {
        match self {
            Self::Stuck(report) | Self::Ended(report) => PrintedRecovery::of_report(report),
            Self::TimeOver(open) | Self::Interrupted(open) => match &open.stuck {
                Some(report) => PrintedRecovery::of_report(report),
                None => PrintedRecovery::waiting(&open.victim),
            },
        }
    }
}

impl<'a> PrintedRecovery<'a> {
    fn of_report(report: &'a RecoveryReport) -> Self {
        Self {
            status: report.verdict.map_or("waiting", RecoveryVerdict::as_str),
            fields: RecoveryFields::Reported(report),
        }
    }

    fn waiting(victim: &'a DisruptedVictim) -> Self {
        Self {
            status: "waiting",
            fields: RecoveryFields::Waiting {
                slot: victim.slot,
                pod: &victim.pod,
                owner: &victim.owner,
                method: victim.method,
                expect_ms: victim.baseline.expect_ms,
            },
        }
    }
}

/// The exit code that tells how the victims of `report` recovered; a victim that nobody could watch may not have.
pub(super) fn exit_code(report: &RoundReport, results: &[WaitResult]) -> i32 {
    let codes: BTreeSet<_> = results.iter().map(WaitResult::exit_code).collect();
    let is_known = |uid: &str| results.iter().any(|result| result.pod().uid == uid);
    let mut replaced = report
        .attempts
        .iter()
        .filter(|attempt| attempt.outcome.counts_as_disruption() && attempt.owner.is_some());
    if codes.contains(&exit::UNRECOVERED) {
        exit::UNRECOVERED
    } else if codes.contains(&exit::CLUSTER) || replaced.any(|attempt| !is_known(&attempt.pod.uid)) {
        exit::CLUSTER
    } else {
        exit::OK
    }
}
