//! Strikes: an owner that does not recover is one, and enough of them in a row pause macaque.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::pause::ITSELF;
use super::{Journal, PauseEnd, PauseRequest, StepContext};
use crate::recovery::RecoveryReport;
use crate::server_text::bounded;

/// The maximum number of strikes that are kept: as many as may be configured before a pause.
const MAX_STRIKES: usize = 100;
/// How many owners the reason of a pause names.
const MAX_NAMED: usize = 5;
/// The maximum length of an owner's name in it, in characters.
const MAX_NAME: usize = 120;

/// The pause that the last strike called for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StrikePause {
    /// The UID of the victim that did not recover.
    uid: String,
    /// The reason, in words.
    reason: String,
}

impl Journal {
    /// The owners that did not recover, in a row, since the last one that did: one line for each.
    pub fn strikes(&self) -> &[String] {
        &self.strikes
    }

    /// The pause that enough strikes in a row called for, and that nobody has lifted yet.
    pub fn strike_pause(&self) -> Option<PauseRequest> {
        let pause = self.strike_pause.as_ref()?;
        Some(PauseRequest {
            end: PauseEnd::Indefinite,
            by: Some(ITSELF.to_owned()),
            reason: Some(pause.reason.clone()),
        })
    }

    /// The pause to write together with this journal, which follows `before`, where `present` is the pause that is
    /// there: that of a strike which this step recorded. A pause without an end stays as it is.
    pub fn pause_to_write(&self, before: &Self, present: Option<&PauseRequest>) -> Option<PauseRequest> {
        let is_new = self.strike_pause != before.strike_pause;
        self.strike_pause()
            .filter(|_| is_new && !present.is_some_and(PauseRequest::is_endless))
    }

    /// Forgets the strikes once the pause that they called for was lifted.
    pub(super) fn forget_lifted_strikes(&mut self, present: Option<&PauseRequest>, now: Timestamp) {
        let is_paused = present.is_some_and(|pause| !pause.is_over(now));
        if self.strike_pause.is_some() && !is_paused {
            self.clear_strikes();
        }
    }

    /// Forgets the strikes: an owner has recovered.
    pub(super) fn clear_strikes(&mut self) {
        self.strikes.clear();
        self.strike_pause = None;
    }

    /// Counts an owner that did not recover; returns the reason for which macaque is paused now, if this strike does
    /// it.
    pub(super) fn note_strike(
        &mut self,
        report: &RecoveryReport,
        context: &StepContext<'_>,
    ) -> Option<String> {
        let owner = format!("{} in {}", report.owner, report.pod.namespace);
        self.strikes.push(owner.chars().take(MAX_NAME).collect());
        if self.strikes.len() > MAX_STRIKES {
            self.strikes.remove(0);
        }

        context
            .recovery
            .strikes
            .filter(|limit| self.strikes.len() >= *limit)?;
        let reason = reason(&self.strikes);
        self.strike_pause = Some(StrikePause {
            uid: report.pod.uid.clone(),
            reason: reason.clone(),
        });
        let is_endless = context.pause.as_ref().is_some_and(PauseRequest::is_endless);
        (!is_endless).then_some(reason)
    }
}

/// The reason of a pause after these strikes.
fn reason(strikes: &[String]) -> String {
    let named = &strikes[strikes.len().saturating_sub(MAX_NAMED)..];
    let count = strikes.len();
    let lead = match count {
        1 => "a victim did not recover".to_owned(),
        _ if count > named.len() => format!("{count} victims in a row did not recover, the last of"),
        _ => format!("{count} victims in a row did not recover"),
    };
    bounded(&format!("{lead}: {}", named.join("; ")))
}
