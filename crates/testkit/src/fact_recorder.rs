//! A listener that records the facts that macaque publishes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use macaque::facts::{Fact, FactListener, Facts, MessageResult};
use macaque_core::guard::GuardFinding;
use macaque_core::history::History;
use macaque_core::pod::OwnerRef;
use macaque_core::recovery::RecoveryReport;
use macaque_core::report::{AttemptReport, RoundReport};

/// A listener that records facts, in the order in which they come.
#[derive(Default)]
pub struct FactRecorder {
    recorded: Mutex<Vec<RecordedFact>>,
}

/// A fact that was recorded.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "as in the fact of the same name")]
pub enum RecordedFact {
    SlotPlanned(Option<Timestamp>),
    PodsChecked {
        candidates: BTreeMap<String, usize>,
        exempted: BTreeMap<String, usize>,
    },
    VictimTried {
        slot: Timestamp,
        seed: u64,
        attempt: Box<AttemptReport>,
    },
    NamespaceForbidden(String),
    RoundFinished(Box<RoundReport>),
    RecoveryReported(Box<RecoveryReport>),
    JournalRead {
        sequence: u64,
        /// The slot of the last round, and when it was claimed.
        claim: Option<(Timestamp, Timestamp)>,
        is_paused: bool,
    },
    HistoryRead(Box<History>),
    GuardAnswered(GuardFinding),
    TurnsPlanned(BTreeMap<OwnerRef, Timestamp>),
    ClockCompared(SignedDuration),
    JournalUnusable,
    RequestEnded {
        verb: &'static str,
        resource: &'static str,
        code: Option<u16>,
        took: Duration,
    },
    MessageHandled {
        channel: String,
        result: MessageResult,
    },
    MessagesWaiting {
        channel: String,
        count: usize,
    },
    ConfigInForce {
        is_dry_run: bool,
        namespaces: Vec<String>,
    },
    ReloadEnded {
        is_success: bool,
    },
    ActorRestarted(&'static str),
}

impl FactRecorder {
    /// A recorder, and the facts that it listens to.
    pub fn new() -> (Arc<Self>, Facts) {
        let recorder = Arc::new(Self::default());
        let facts = Facts::new([Arc::clone(&recorder) as Arc<dyn FactListener>]);
        (recorder, facts)
    }

    /// What `pick` takes of the facts so far.
    pub fn of<T>(&self, pick: impl Fn(&RecordedFact) -> Option<T>) -> Vec<T> {
        self.recorded.lock().unwrap().iter().filter_map(pick).collect()
    }

    /// The victims that were tried so far.
    pub fn tried(&self) -> Vec<AttemptReport> {
        self.of(|fact| match fact {
            RecordedFact::VictimTried { attempt, .. } => Some(AttemptReport::clone(attempt)),
            _ => None,
        })
    }

    /// The rounds that finished so far.
    pub fn finished(&self) -> Vec<RoundReport> {
        self.of(|fact| match fact {
            RecordedFact::RoundFinished(report) => Some(RoundReport::clone(report)),
            _ => None,
        })
    }
}

impl FactListener for FactRecorder {
    fn note(&self, fact: Fact<'_>) {
        self.recorded.lock().unwrap().push(fact.into());
    }
}

impl From<Fact<'_>> for RecordedFact {
    fn from(fact: Fact<'_>) -> Self {
        match fact {
            Fact::SlotPlanned(slot) => Self::SlotPlanned(slot),
            Fact::PodsChecked { candidates, exempted } => Self::PodsChecked {
                candidates: candidates.clone(),
                exempted: exempted
                    .iter()
                    .map(|(rule, tally)| (rule.clone(), tally.count))
                    .collect(),
            },
            Fact::VictimTried {
                slot, seed, attempt, ..
            } => Self::VictimTried {
                slot,
                seed,
                attempt: Box::new(attempt.clone()),
            },
            Fact::NamespaceForbidden(namespace) => Self::NamespaceForbidden(namespace.to_owned()),
            Fact::RoundFinished(report) => Self::RoundFinished(Box::new(report.clone())),
            Fact::RecoveryReported(report) => Self::RecoveryReported(Box::new(report.clone())),
            Fact::JournalRead { journal, pause, .. } => Self::JournalRead {
                sequence: journal.sequence(),
                claim: journal.round().map(|round| (round.slot, round.claimed)),
                is_paused: pause.is_some(),
            },
            Fact::HistoryRead(history) => Self::HistoryRead(Box::new(history.clone())),
            Fact::GuardAnswered(finding) => Self::GuardAnswered(finding.clone()),
            Fact::TurnsPlanned { next, .. } => Self::TurnsPlanned(next.clone()),
            Fact::ClockCompared(skew) => Self::ClockCompared(skew),
            Fact::JournalUnusable => Self::JournalUnusable,
            Fact::RequestEnded {
                verb,
                resource,
                code,
                took,
            } => Self::RequestEnded {
                verb,
                resource,
                code,
                took,
            },
            Fact::MessageHandled { channel, result } => Self::MessageHandled {
                channel: channel.to_owned(),
                result,
            },
            Fact::MessagesWaiting { channel, count } => Self::MessagesWaiting {
                channel: channel.to_owned(),
                count,
            },
            Fact::ConfigInForce {
                is_dry_run,
                namespaces,
                ..
            } => Self::ConfigInForce {
                is_dry_run,
                namespaces: namespaces.names().to_vec(),
            },
            Fact::ReloadEnded { is_success } => Self::ReloadEnded { is_success },
            Fact::ActorRestarted(role) => Self::ActorRestarted(role),
        }
    }
}
