//! The faults of the trials of recoveries: the rows of their table.

use std::fmt;
use std::time::Duration;

use macaque::failpoint::FailPoint;
use macaque_testkit::fault_proxy::{Fault, ProxyRequest, ProxyResponse};
use serde_json::json;

use crate::fault::ActorFault;

/// The fail points of a recovery.
pub(crate) const WATCHER: [FailPoint; 3] = [
    FailPoint::BeforeFollow,
    FailPoint::BeforeRecovered,
    FailPoint::AfterRecovered,
];

/// What goes wrong in one trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecoveryFault {
    /// Nothing.
    None,
    /// To the first Watcher of each replica's first process that passes a fail point.
    Watcher(FailPoint, ActorFault),
    Killed,
    Suspended,
    Terminated,
    ServerAway,
    ServerUnsteady,
    WatchCut,
    WatchSilent,
    WatchExpired,
    WatchGarbage,
    WatchForbidden,
}

impl RecoveryFault {
    /// Every row, in the order of the table.
    pub(crate) fn all() -> Vec<Self> {
        let faults = [
            ActorFault::Panic,
            ActorFault::Block,
            ActorFault::Hang,
            ActorFault::Abort,
        ];
        let watchers = WATCHER
            .into_iter()
            .flat_map(|point| faults.map(|fault| Self::Watcher(point, fault)));
        std::iter::once(Self::None)
            .chain(watchers)
            .chain([
                Self::Killed,
                Self::Suspended,
                Self::Terminated,
                Self::ServerAway,
                Self::ServerUnsteady,
                Self::WatchCut,
                Self::WatchSilent,
                Self::WatchExpired,
                Self::WatchGarbage,
                Self::WatchForbidden,
            ])
            .collect()
    }

    /// What the network does to a request while the fault lasts.
    pub(crate) fn injected(self, request: &ProxyRequest) -> Option<Fault> {
        let is_watch = request.target.contains("watch=");
        let random = |most: u64| Duration::from_millis(rand::random_range(0..most));
        match self {
            Self::ServerAway => Some(Fault::DropBefore),
            Self::ServerUnsteady => rand::random_bool(0.5).then_some(Fault::DropAfter),
            Self::WatchCut if is_watch => Some(Fault::CutStream(random(1500))),
            Self::WatchSilent if is_watch => Some(Fault::MuteStream(random(1500))),
            Self::WatchExpired if is_watch => {
                let message = "too old resource version: 1 (2)";
                let gone = ProxyResponse::failure(410, message, json!({ "reason": "Expired" }));
                Some(Fault::Answer(gone))
            }
            Self::WatchGarbage if is_watch => {
                Some(Fault::Answer(ProxyResponse::new(200, "\u{1}{]garbage\n")))
            }
            Self::WatchForbidden if is_watch => {
                let message = "pods is forbidden: User \"macaque\" cannot watch resource \"pods\"";
                let forbidden = ProxyResponse::failure(403, message, json!({ "reason": "Forbidden" }));
                Some(Fault::Answer(forbidden))
            }
            _ => None,
        }
    }
}

impl fmt::Display for RecoveryFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Watcher(point, fault) => return write!(f, "{point:?}: {}", fault.words()),
            Self::None => "recovery: none",
            Self::Killed => "SIGKILL of a replica in mid-recovery",
            Self::Suspended => "SIGSTOP of a replica in mid-recovery, and SIGCONT later",
            Self::Terminated => "SIGTERM of a replica in mid-recovery",
            Self::ServerAway => "no API server for three seconds",
            Self::ServerUnsteady => "half of the connections reset after the server acted",
            Self::WatchCut => "watches cut again and again",
            Self::WatchSilent => "watches that fall silent",
            Self::WatchExpired => "410 for watches",
            Self::WatchGarbage => "garbage for watches",
            Self::WatchForbidden => "403 for watches",
        })
    }
}
