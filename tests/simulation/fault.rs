//! The faults that a trial may have, each at its place.

use std::fmt;

use macaque::actors::role::ActorRole;
use rand::RngExt as _;
use rand::rngs::ChaCha12Rng;
use rand::seq::IndexedRandom as _;

use crate::world::SLOT;

/// How many requests of a process a fault may be at: more than it sends before the faults end.
const REQUESTS: u32 = 70;
/// How many of its requests that write.
const WRITES: u32 = 16;
/// How many of its requests that disrupt a pod: one and its repetition, or those of two rounds.
const DISRUPTIONS: u32 = 2;
/// How many of its watches.
const WATCHES: u32 = 4;
/// How many polls of a process a crash or a suspension may be at.
const POLLS: u32 = 200;
/// The span in which the world and the server fail, in milliseconds of the trial.
pub(crate) const FAULTY: u64 = 130_000;
/// The slots in that span.
const SLOTS: [u64; 2] = [SLOT.as_millis() as u64, 2 * SLOT.as_millis() as u64];
/// How long a round lasts when nothing goes wrong.
const ROUND: u64 = 100;
/// The longest that an API server works on a request, in milliseconds (`requestTimeoutUpperBound` in
/// `apiserver/pkg/endpoints/handlers/rest.go`).
const LONGEST_REQUEST: u64 = 34_000;
/// By how many seconds a clock is set: within the skew that is allowed, beyond it, by an hour, and by longer than
/// any limit looks back.
const JUMPS: [i64; 8] = [-259_200, -3600, -45, -20, 20, 45, 3600, 259_200];
/// By how many parts in a million it drifts.
const DRIFTS: [i32; 4] = [-50_000, -1_000, 1_000, 50_000];
/// The actors that may fail; half of the time it is the Killer.
const ACTORS: [ActorRole; 6] = [
    ActorRole::Killer,
    ActorRole::Killer,
    ActorRole::Killer,
    ActorRole::Clock,
    ActorRole::Watcher,
    ActorRole::Notifier,
];
/// The refusals and errors that come before the server has acted.
const CODES: [u16; 8] = [401, 403, 409, 429, 500, 502, 503, 504];
/// The errors that come although the server has acted.
const LATE_CODES: [u16; 3] = [500, 502, 504];

/// A fault, and where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Something happens to a request of a replica; of two such faults, the first.
    Request(usize, RequestNumber, RequestFault),
    /// A replica fails at a poll or a request.
    Replica(usize, Moment, ReplicaFault),
    /// The wall clock of a replica is set by so many seconds, at this time.
    Jump(usize, u64, i64),
    /// The wall clock of a replica gains so many parts in a million from this time on.
    Drift(usize, u64, i32),
    /// Something happens in the cluster at this time.
    World(u64, WorldFault),
}

/// Which request of a replica: by its number since the trial began, among all or among some of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestNumber {
    /// Among all requests.
    Overall(u32),
    /// Among those that write.
    Write(u32),
    /// Among those that disrupt a pod.
    Disruption(u32),
    /// Among watches.
    Watch(u32),
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestFault {
    /// The connection is reset, and the server never gets it.
    LostBefore,
    /// The server acts, and the connection is reset.
    LostAfter,
    /// The server never gets it, and nothing is heard of it.
    SilentBefore,
    /// The server acts, and nothing is heard of it.
    SilentAfter,
    /// The connection is reset, and the server acts so many milliseconds later.
    ActsLater(u64),
    /// The request takes so many milliseconds to the server, and its answer as many.
    Slow(u64),
    /// A proxy sends it a second time, so many milliseconds after the first.
    Twice(u64),
    /// The answer breaks off.
    Truncated,
    /// The answer is not HTTP's.
    Garbage,
    /// The answer is a page of a proxy, with the code 200.
    Page,
    /// An answer with this code, and the server did not act.
    Code(u16),
    /// An answer with this code, although the server acted.
    CodeAfter(u16),
    /// The answer says that it was done, and the server did not act.
    YesAlone,
    /// A watch breaks after so many milliseconds.
    WatchCut(u64),
    /// Nothing comes of a watch any more after so many milliseconds.
    WatchSilent(u64),
}

/// When a replica fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Before its process would be polled for the so manieth time: at an await.
    Poll(u32),
    /// While this request is on its way to the server.
    Sent(RequestNumber),
    /// After the server has acted on this request, before the answer arrives.
    Acted(RequestNumber),
}

/// What happens to a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReplicaFault {
    /// It crashes, and is started again after so many milliseconds.
    Crash(u64),
    /// It is suspended for so many milliseconds.
    Suspend(u64),
    /// Its machine sleeps for so many milliseconds, in which the monotonic clock stands.
    Sleep(u64),
    /// It is asked to stop, and is started again so many milliseconds after its end.
    Stop(u64),
    /// One of its actors fails, and is started again after so many milliseconds.
    ActorFails(ActorRole, u64),
}

/// What happens in the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorldFault {
    /// The API server is away for so many milliseconds.
    ServerRestart(u64),
    /// The history of changes is dropped, as etcd does.
    Compaction,
    /// A pod is evicted by somebody else.
    Drain,
    /// A pod is deleted by somebody else.
    PodDeleted,
    /// The pod that becomes ready next is not ready any more after so many milliseconds, for so many.
    Unready(u64, u64),
    /// A Deployment gets a new revision.
    Rollout,
    /// A Deployment is scaled by so many.
    Scale(i64),
    /// The journal is deleted, and created anew after so many milliseconds.
    JournalDeleted(u64),
    /// The journal as it is at this time is put back so many milliseconds later.
    JournalRestored(u64),
    /// Half of the journal is cut off, and put back after so many milliseconds.
    JournalTruncated(u64),
    /// A label of the journal's ConfigMap is changed.
    JournalEdited,
    /// Somebody pauses macaque for so many milliseconds.
    Pause(u64),
}

impl Fault {
    /// Draws a fault of one of so many replicas.
    pub(crate) fn draw(rng: &mut ChaCha12Rng, replicas: usize) -> Self {
        let replica = rng.random_range(0..replicas);
        // Half of them during a round.
        let at = match SLOTS.choose(rng) {
            Some(slot) if rng.random() => slot + rng.random_range(0..ROUND),
            _ => rng.random_range(20_000..FAULTY),
        };
        match rng.random_range(0..20) {
            0..9 => {
                let fault = RequestFault::draw(rng);
                let number = if fault.is_of_watch() {
                    RequestNumber::Watch(rng.random_range(0..WATCHES))
                } else {
                    RequestNumber::draw(rng)
                };
                Self::Request(replica, number, fault)
            }
            9..14 => Self::Replica(replica, Moment::draw(rng), ReplicaFault::draw(rng)),
            14 => Self::Jump(replica, at, *JUMPS.choose(rng).unwrap()),
            15 => Self::Drift(replica, at, *DRIFTS.choose(rng).unwrap()),
            _ => Self::World(at, WorldFault::draw(rng)),
        }
    }

    /// Draws two faults at one disruption: of its request, and of the process that sends it. Two that meet by chance are rare.
    pub(crate) fn draw_at_disruption(rng: &mut ChaCha12Rng, replicas: usize) -> [Self; 2] {
        let replica = rng.random_range(0..replicas);
        let number = RequestNumber::Disruption(rng.random_range(0..DISRUPTIONS));
        let fault = RequestFault::draw_of_any_request(rng);
        let moment = if fault.keeps_server_from_acting() || rng.random() {
            Moment::Sent(number)
        } else {
            Moment::Acted(number)
        };
        [
            Self::Request(replica, number, fault),
            Self::Replica(replica, moment, ReplicaFault::draw(rng)),
        ]
    }

    /// Whether somebody changes the journal's ConfigMap: two at once would undo each other's changes.
    pub(crate) fn is_by_hand(self) -> bool {
        self.is_distrusted()
            || matches!(
                self,
                Self::World(_, WorldFault::JournalEdited | WorldFault::Pause(_))
            )
    }

    /// Whether macaque may not trust the journal any more: somebody else writes what it holds.
    pub(crate) fn is_distrusted(self) -> bool {
        self.is_tampering() || matches!(self, Self::World(_, WorldFault::JournalTruncated(_)))
    }

    /// Whether it loses what the journal knows.
    pub(crate) fn is_tampering(self) -> bool {
        matches!(
            self,
            Self::World(_, WorldFault::JournalDeleted(_) | WorldFault::JournalRestored(_))
        )
    }

    /// The kind of the fault, for the table.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Request(_, _, fault) => fault.kind(),
            Self::Replica(_, _, fault) => fault.kind(),
            Self::Jump(..) => "a clock is set",
            Self::Drift(..) => "a clock drifts",
            Self::World(_, fault) => fault.kind(),
        }
    }
}

impl RequestFault {
    fn draw(rng: &mut ChaCha12Rng) -> Self {
        let late = rng.random_range(1..LONGEST_REQUEST);
        match rng.random_range(0..15) {
            0 => Self::WatchCut(late),
            1 => Self::WatchSilent(late),
            _ => Self::draw_of_any_request(rng),
        }
    }

    fn draw_of_any_request(rng: &mut ChaCha12Rng) -> Self {
        let late = rng.random_range(1..LONGEST_REQUEST);
        match rng.random_range(0..13) {
            0 => Self::LostBefore,
            1 => Self::LostAfter,
            2 => Self::SilentBefore,
            3 => Self::SilentAfter,
            4 => Self::ActsLater(late),
            5 => Self::Slow(late / 2),
            6 => Self::Twice(late),
            7 => Self::Truncated,
            8 => Self::Garbage,
            9 => Self::Page,
            10 => Self::Code(*CODES.choose(rng).unwrap()),
            11 => Self::CodeAfter(*LATE_CODES.choose(rng).unwrap()),
            _ => Self::YesAlone,
        }
    }

    /// Whether it concerns watches alone.
    fn is_of_watch(self) -> bool {
        matches!(self, Self::WatchCut(_) | Self::WatchSilent(_))
    }

    /// Whether the server does not act on the request when it should.
    fn keeps_server_from_acting(self) -> bool {
        matches!(
            self,
            Self::LostBefore | Self::SilentBefore | Self::Code(_) | Self::YesAlone | Self::ActsLater(_)
        )
    }

    /// Whether nothing happens to a watch that has its number.
    pub(crate) fn spares_watches(self) -> bool {
        matches!(self, Self::Truncated | Self::YesAlone)
    }

    /// The kind of the fault, for the table.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::LostBefore => "a request is lost",
            Self::LostAfter => "an answer is lost",
            Self::SilentBefore => "a request is lost in silence",
            Self::SilentAfter => "an answer is lost in silence",
            Self::ActsLater(_) => "the server acts later",
            Self::Slow(_) => "a request is slow",
            Self::Twice(_) => "a request comes twice",
            Self::Truncated => "an answer is truncated",
            Self::Garbage => "an answer is garbage",
            Self::Page => "an answer is a page of HTML",
            Self::Code(_) => "an error before the server acts",
            Self::CodeAfter(_) => "an error after the server acted",
            Self::YesAlone => "an answer says yes, and the server does not act",
            Self::WatchCut(_) => "a watch breaks",
            Self::WatchSilent(_) => "a watch falls silent",
        }
    }
}

impl RequestNumber {
    /// Draws a number among all requests, among writes, or, every third time, among disruptions.
    fn draw(rng: &mut ChaCha12Rng) -> Self {
        match rng.random_range(0..6) {
            0..3 => Self::Overall(rng.random_range(0..REQUESTS)),
            3 => Self::Write(rng.random_range(0..WRITES)),
            _ => Self::Disruption(rng.random_range(0..DISRUPTIONS)),
        }
    }
}

impl Moment {
    fn draw(rng: &mut ChaCha12Rng) -> Self {
        match rng.random_range(0..4) {
            0 => Self::Sent(RequestNumber::draw(rng)),
            1 => Self::Acted(RequestNumber::draw(rng)),
            _ => Self::Poll(rng.random_range(0..POLLS)),
        }
    }
}

impl ReplicaFault {
    fn draw(rng: &mut ChaCha12Rng) -> Self {
        let length = rng.random_range(100..60_000);
        // Most beyond every lease.
        let beyond_leases = rng.random_range(300_000..400_000);
        match rng.random_range(0..10) {
            0..3 => Self::Crash(rng.random_range(100..90_000)),
            3 => Self::Suspend(length),
            4 => Self::Suspend(beyond_leases),
            5 => Self::Sleep(length),
            6 => Self::Sleep(beyond_leases),
            7 => Self::Stop(rng.random_range(100..30_000)),
            _ => Self::ActorFails(*ACTORS.choose(rng).unwrap(), rng.random_range(100..5_000)),
        }
    }

    /// The kind of the fault, for the table.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Crash(_) => "a process crashes",
            Self::Suspend(_) => "a process is suspended",
            Self::Sleep(_) => "a machine sleeps",
            Self::Stop(_) => "a process is asked to stop",
            Self::ActorFails(..) => "an actor fails",
        }
    }
}

impl WorldFault {
    fn draw(rng: &mut ChaCha12Rng) -> Self {
        let length = rng.random_range(100..60_000);
        match rng.random_range(0..13) {
            0 => Self::ServerRestart(length / 2),
            1 => Self::Compaction,
            2 => Self::Drain,
            3 => Self::PodDeleted,
            4 => Self::Rollout,
            5 => Self::Scale(*[-1, 1, 2].choose(rng).unwrap()),
            6 => Self::JournalDeleted(length),
            7 => Self::JournalRestored(length),
            8 => Self::JournalTruncated(length),
            9 => Self::JournalEdited,
            10 => Self::Pause(length * 2),
            _ => {
                // So soon that its owner was not whole for long enough, perhaps between two lists.
                if rng.random() {
                    Self::Unready(rng.random_range(500..4_400), rng.random_range(4_500..9_000))
                } else {
                    Self::Unready(rng.random_range(3_700..4_200), rng.random_range(400..1_200))
                }
            }
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Self::ServerRestart(_) => "the API server restarts",
            Self::Compaction => "old versions are compacted",
            Self::Drain => "somebody evicts a pod",
            Self::PodDeleted => "somebody deletes a pod",
            Self::Unready(..) => "a pod is not ready for a while",
            Self::Rollout => "a workload is rolled out",
            Self::Scale(_) => "a workload is scaled",
            Self::JournalDeleted(_) => "the journal is deleted, and created anew",
            Self::JournalRestored(_) => "an old copy of the journal is put back",
            Self::JournalTruncated(_) => "the journal is truncated, and repaired",
            Self::JournalEdited => "the journal's ConfigMap is edited",
            Self::Pause(_) => "somebody pauses macaque, and resumes",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(replica, number, fault) => {
                write!(f, "{number} of replica {replica}: {fault:?}")
            }
            Self::Replica(replica, moment, fault) => write!(f, "replica {replica} at {moment:?}: {fault:?}"),
            Self::Jump(replica, at, by) => {
                write!(f, "the clock of replica {replica} is set by {by} s at {at} ms")
            }
            Self::Drift(replica, at, parts) => {
                write!(
                    f,
                    "the clock of replica {replica} gains {parts} ppm from {at} ms on"
                )
            }
            Self::World(at, fault) => write!(f, "{fault:?} at {at} ms"),
        }
    }
}

impl fmt::Display for RequestNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overall(number) => write!(f, "request {number}"),
            Self::Write(number) => write!(f, "write {number}"),
            Self::Disruption(number) => write!(f, "disruption {number}"),
            Self::Watch(number) => write!(f, "watch {number}"),
        }
    }
}
