//! The kinds of messages, of which each channel gets those that it asks for.

use std::collections::BTreeSet;

use macaque_core::notice::NoticeContent;
use macaque_core::outcome::Outcome;
use macaque_core::report::{RoundEnd, RoundReport, RoundStatus};

use super::outgoing::OutgoingMessage;

/// A kind of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MessageKind {
    /// A round disrupted a pod, or picked one in a dry run.
    Disruption,
    /// A victim was refused.
    Refusal,
    /// A victim or a round was held back: by a guard, a limit or a pause.
    Held,
    /// A round found nothing to disrupt.
    Idle,
    /// A round failed, or the outcome for a victim is unknown.
    Failure,
    /// A recovery is slow, stuck or failed.
    Recovery,
    /// A workload is whole again in time.
    Recovered,
    /// Macaque is paused or resumed.
    Pause,
    /// The window of a day opens or closes.
    Window,
    /// The digest of a week.
    Digest,
}

/// The kinds that a channel gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageKinds(BTreeSet<MessageKind>);

impl MessageKind {
    /// Every kind, in the order of the documents.
    pub const ALL: [Self; 10] = [
        Self::Disruption,
        Self::Refusal,
        Self::Held,
        Self::Idle,
        Self::Failure,
        Self::Recovery,
        Self::Recovered,
        Self::Pause,
        Self::Window,
        Self::Digest,
    ];

    /// The kind as the configuration has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disruption => "disruption",
            Self::Refusal => "refusal",
            Self::Held => "held",
            Self::Idle => "idle",
            Self::Failure => "failure",
            Self::Recovery => "recovery",
            Self::Recovered => "recovered",
            Self::Pause => "pause",
            Self::Window => "window",
            Self::Digest => "digest",
        }
    }

    /// The kind of this name, in any letter case.
    pub fn of_word(word: &str) -> Option<Self> {
        let mut known = Self::ALL.into_iter();
        known.find(|kind| kind.as_str().eq_ignore_ascii_case(word))
    }

    /// The kinds of a round with this report: a round with several victims may be of several.
    pub fn of_round(report: &RoundReport) -> Vec<Self> {
        let mut kinds = Vec::new();
        let has = |accepts: fn(&Outcome) -> bool| report.count(accepts) > 0;
        if has(|outcome| matches!(outcome, Outcome::Evicted | Outcome::Deleted | Outcome::DryRun)) {
            kinds.push(Self::Disruption);
        }
        if has(|outcome| matches!(outcome, Outcome::Refused(_) | Outcome::Gone)) {
            kinds.push(Self::Refusal);
        }
        if report.holds().next().is_some() || matches!(report.end, RoundEnd::Withheld { .. }) {
            kinds.push(Self::Held);
        }
        match report.status() {
            RoundStatus::Idle => kinds.push(Self::Idle),
            RoundStatus::Failed | RoundStatus::Unanswered => kinds.push(Self::Failure),
            _ => {}
        }
        kinds
    }

    /// The kinds of `message`.
    pub fn of(message: &OutgoingMessage) -> Vec<Self> {
        match message {
            OutgoingMessage::Round(round) => Self::of_round(&round.report),
            OutgoingMessage::Recovery(recovery) if recovery.report.paused.is_some() => {
                vec![Self::Recovery, Self::Pause]
            }
            OutgoingMessage::Recovery(recovery) if recovery.is_bad() => vec![Self::Recovery],
            OutgoingMessage::Recovery(_) => vec![Self::Recovered],
            OutgoingMessage::Notice(notice) => vec![Self::of_notice(&notice.notice.content)],
        }
    }

    fn of_notice(content: &NoticeContent) -> Self {
        match content {
            NoticeContent::Paused { .. } | NoticeContent::Resumed { .. } => Self::Pause,
            NoticeContent::WindowOpened { .. } | NoticeContent::WindowClosed { .. } => Self::Window,
            NoticeContent::Digest(_) => Self::Digest,
        }
    }
}

impl MessageKinds {
    /// Every kind.
    pub fn all() -> Self {
        Self(MessageKind::ALL.into())
    }

    /// These kinds.
    pub fn of(kinds: impl IntoIterator<Item = MessageKind>) -> Self {
        Self(kinds.into_iter().collect())
    }

    /// Whether one of these is among them.
    pub fn has_any(&self, kinds: &[MessageKind]) -> bool {
        kinds.iter().any(|kind| self.0.contains(kind))
    }

    /// Whether a channel of these kinds gets `message`: one of the message's kinds is enough.
    pub fn include(&self, message: &OutgoingMessage) -> bool {
        self.has_any(&MessageKind::of(message))
    }
}

/// What people get unless they choose: all but good news, windows and digests.
impl Default for MessageKinds {
    fn default() -> Self {
        let quiet = [MessageKind::Recovered, MessageKind::Window, MessageKind::Digest];
        Self::of(MessageKind::ALL.into_iter().filter(|kind| !quiet.contains(kind)))
    }
}
