//! Waiting and comparing: cases side by side, conditions that come, and the pods that were lost and reported.

use std::collections::BTreeSet;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use macaque::notify::{OutgoingMessage, RoundMessage};

/// Longer than anything here takes on a busy machine: a test that waits so long has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The pods that the cluster lost, and those of the reports that were delivered.
pub(crate) struct LostPods {
    pub(crate) lost: Vec<String>,
    pub(crate) reported: BTreeSet<String>,
    pub(crate) slots: BTreeSet<Timestamp>,
}

impl LostPods {
    /// The pods that were lost and in no report.
    pub(crate) fn unreported(&self) -> Vec<String> {
        let unreported = self.lost.iter().filter(|uid| !self.reported.contains(*uid));
        unreported.cloned().collect()
    }

    /// How many were lost beyond one a slot.
    pub(crate) fn beyond_the_slots(&self) -> usize {
        self.lost.len().saturating_sub(self.slots.len())
    }
}

/// The next message about a round.
pub(crate) fn next_round(
    messages: &Receiver<OutgoingMessage>,
    patience: Duration,
) -> Result<RoundMessage, RecvTimeoutError> {
    loop {
        if let Some(round) = messages.recv_timeout(patience)?.into_round() {
            return Ok(round);
        }
    }
}

/// The number of messages about rounds that wait, and of the evictions in them.
pub(crate) fn count(messages: &Receiver<OutgoingMessage>) -> (usize, usize) {
    let mut rounds = 0;
    let mut evictions = 0;
    loop {
        match next_round(messages, Duration::ZERO) {
            Ok(message) => {
                rounds += 1;
                evictions += message
                    .victims
                    .iter()
                    .filter(|victim| victim.outcome == "evicted")
                    .count();
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return (rounds, evictions),
        }
    }
}

/// Runs `test` for all cases side by side: most of it is waiting.
pub(crate) fn side_by_side<T: Copy + Send>(cases: &[T], test: impl Fn(T) + Sync) {
    let test = &test;
    std::thread::scope(|scope| {
        for case in cases.iter().copied() {
            scope.spawn(move || test(case));
        }
    });
}

/// Polls until `holds`.
pub(crate) fn await_that(what: &str, holds: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
