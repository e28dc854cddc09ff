//! The state of macaque in one line: whether it disrupts, and if not, why, since when, until when, and what to do.

use jiff::{SignedDuration, Timestamp};
use macaque_core::history::History;
use macaque_core::journal::{PauseEnd, Quarantine};
use macaque_core::report::RoundStatus;
use macaque_core::schedule::Calendar;
use serde::Serialize;

use super::super::notes::{JournalNotes, StatusNotes};
use super::holds::{cause_of_hold, guard_of};
use super::shown_text;

/// How old a reading of the journal may be before the state may be another by now: it is read once a minute.
const STALE: SignedDuration = SignedDuration::from_mins(5);

/// The state in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(in super::super) struct BannerView {
    /// The state.
    pub(in super::super) state: BannerState,
    /// The state in a sentence.
    pub(in super::super) sentence: String,
    /// Since when, if that is known.
    pub(in super::super) since: Option<Timestamp>,
    /// Until when, if it ends by itself.
    pub(in super::super) until: Option<Timestamp>,
    /// Who caused it.
    pub(in super::super) by: Option<String>,
    /// The reason.
    pub(in super::super) reason: Option<String>,
    /// What to do about it.
    pub(in super::super) remedy: Option<String>,
}

/// The state of macaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(in super::super) enum BannerState {
    /// The journal was not read yet.
    Starting,
    /// The next round disrupts.
    Armed,
    /// The next round is a dry run.
    DryRun,
    /// An operator, or macaque itself, has paused macaque.
    Paused,
    /// The last rounds were held back.
    HeldBack,
    /// No round is due, because it is a quiet time.
    Quiet,
    /// No round is due any more.
    NothingDue,
    /// The journal is missing or cannot be read.
    JournalUnusable,
    /// The journal is not trusted yet.
    JournalDistrusted,
}

impl BannerState {
    /// The state in capitals.
    pub(in super::super) fn headline(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::Armed => "ARMED",
            Self::DryRun => "DRY RUN",
            Self::Paused => "PAUSED",
            Self::HeldBack => "HELD BACK",
            Self::Quiet => "QUIET",
            Self::NothingDue => "NOTHING DUE",
            Self::JournalUnusable => "JOURNAL UNUSABLE",
            Self::JournalDistrusted => "JOURNAL DISTRUSTED",
        }
    }
}

impl BannerView {
    /// What the notes show at `now`: what keeps macaque from disrupting comes first, the gravest before all.
    pub(super) fn of(notes: &StatusNotes, now: Timestamp) -> Self {
        if let Some(since) = notes.unusable_since {
            return Self::unusable(since);
        }
        let Some(read) = &notes.journal else {
            return Self::new(BannerState::Starting, "The journal was not read yet.");
        };

        let calendar = notes.config.calendar.as_ref();
        if let Some(quarantine) = read.journal.quarantine(now) {
            let is_paused = read.pause.as_ref().is_some_and(|pause| !pause.is_over(now));
            return Self::distrusted(quarantine, is_paused, notes.config.names);
        }
        let paused = Self::paused(read, notes.config.names, now);
        let paused = paused.or_else(|| Self::never_due(calendar?, now));
        let paused = paused.or_else(|| Self::quiet(calendar?, now));
        let held = paused.or_else(|| Self::held_back(&notes.history));
        let view = held.unwrap_or_else(|| match notes.config.is_dry_run {
            true => Self::new(
                BannerState::DryRun,
                "Rounds pick victims and report them, and disrupt nothing.",
            ),
            false => Self::new(BannerState::Armed, "The next round may disrupt."),
        });
        view.by_journal_of(read.read, now)
    }

    /// Adds to the sentence that the journal was not read for long, if so.
    fn by_journal_of(mut self, read: Timestamp, now: Timestamp) -> Self {
        if now.duration_since(read) >= STALE {
            let stale = " The journal was not read for a while: the state may be another by now.";
            self.sentence.push_str(stale);
        }
        self
    }

    fn new(state: BannerState, sentence: &str) -> Self {
        Self {
            state,
            sentence: sentence.to_owned(),
            since: None,
            until: None,
            by: None,
            reason: None,
            remedy: None,
        }
    }

    fn unusable(since: Timestamp) -> Self {
        let sentence = "The journal is missing or cannot be used: nothing is disrupted.";
        Self {
            since: Some(since),
            remedy: Some("`macaque check` says what is wrong, and what would be right.".to_owned()),
            ..Self::new(BannerState::JournalUnusable, sentence)
        }
    }

    fn distrusted(quarantine: &Quarantine, is_paused: bool, names: bool) -> Self {
        let sentence = "The journal may lack disruptions that count for the limits: nothing is disrupted.";
        let remedy = if is_paused {
            "macaque is paused, too: `macaque resume` would lift the pause, and accept the journal as it is."
        } else {
            "Wait, or let `macaque resume` accept the journal as it is."
        };
        Self {
            until: Some(quarantine.until),
            reason: names.then(|| shown_text::text(&quarantine.why)),
            remedy: Some(remedy.to_owned()),
            ..Self::new(BannerState::JournalDistrusted, sentence)
        }
    }

    fn paused(read: &JournalNotes, names: bool, now: Timestamp) -> Option<Self> {
        let pause = read.pause.as_ref().filter(|pause| !pause.is_over(now))?;
        let until = match pause.end {
            PauseEnd::Until(until) => Some(until),
            PauseEnd::Indefinite | PauseEnd::Unreadable(_) | PauseEnd::Restart => None,
        };
        let sentence = match pause.end {
            PauseEnd::Unreadable(_) => {
                "Nothing is disrupted. The end of the pause cannot be read, so it has none."
            }
            _ => "Nothing is disrupted.",
        };
        let remedy = match pause.end {
            PauseEnd::Until(_) => None,
            PauseEnd::Restart => Some("A restart lifts the pause, as the journal is in memory."),
            PauseEnd::Indefinite | PauseEnd::Unreadable(_) => Some("`macaque resume` lifts the pause."),
        };
        let by = pause.by.as_deref().filter(|_| names);
        let reason = pause.reason.as_deref().filter(|_| names);
        Some(Self {
            since: read.paused_since,
            until,
            by: by.map(shown_text::text),
            reason: reason.map(shown_text::text),
            remedy: remedy.map(str::to_owned),
            ..Self::new(BannerState::Paused, sentence)
        })
    }

    fn never_due(calendar: &Calendar, now: Timestamp) -> Option<Self> {
        let (why, remedy) = calendar.never_due(now)?;
        Some(Self {
            remedy: Some(remedy.to_owned()),
            ..Self::new(BannerState::NothingDue, why)
        })
    }

    fn quiet(calendar: &Calendar, now: Timestamp) -> Option<Self> {
        let local = now.to_zoned(calendar.zone().clone()).datetime();
        let quiet = calendar.quiet().covering(local)?;
        Some(Self {
            until: calendar.next_round(now),
            reason: Some(quiet.to_string()),
            ..Self::new(
                BannerState::Quiet,
                "It is a quiet time, in which no round is due.",
            )
        })
    }

    /// The guards or gates that held the last rounds back.
    fn held_back(history: &History) -> Option<Self> {
        let is_held = |status| matches!(status, RoundStatus::Held | RoundStatus::Unanswered);
        let last = history.rounds().last().filter(|round| is_held(round.status))?;
        let held = history.rounds().iter().rev();
        let held: Vec<_> = held.take_while(|round| is_held(round.status)).collect();

        let mut sentence = match held.len() {
            1 => "The last round disrupted nothing.".to_owned(),
            count => format!("The last {count} rounds disrupted nothing."),
        };
        if last.status == RoundStatus::Unanswered {
            sentence.push_str(" A guard could not answer.");
        }
        let cause = last.why.as_deref().and_then(cause_of_hold);
        let cause = cause.or_else(|| cause_by_victims(history, last.slot));
        Some(Self {
            since: held.last().map(|round| round.slot),
            by: cause.map(shown_text::name),
            ..Self::new(BannerState::HeldBack, &sentence)
        })
    }
}

/// The guards that held the victims of a round back.
fn cause_by_victims(history: &History, slot: Timestamp) -> Option<String> {
    let entries = history.entries().iter().filter(|entry| entry.slot == slot);
    let mut guards: Vec<_> = entries.filter_map(|entry| guard_of(&entry.outcome)).collect();
    guards.sort_unstable();
    guards.dedup();
    let noun = if guards.len() == 1 { "guard" } else { "guards" };
    (!guards.is_empty()).then(|| format!("{noun} {}", guards.join(", ")))
}
