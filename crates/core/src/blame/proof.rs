//! The proof of an answer: one sentence, with its times in UTC.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::BlameQuestion;
use super::coverage::CoverageHole;
use super::impact::{Impact, ImpactEnd};
use crate::history::{EntryOutcome, HistoryGap};
use crate::outcome::DisruptionMethod;
use crate::recovery::{RecoveryVerdict, length};

/// What the sentences of the proofs are about.
pub(super) struct Proof<'a> {
    question: &'a BlameQuestion,
    /// When the evidence was read.
    now: Timestamp,
}

impl<'a> Proof<'a> {
    pub(super) fn new(question: &'a BlameQuestion, now: Timestamp) -> Self {
        Self { question, now }
    }

    /// The proof of a "yes": `deployment/web was not whole from 02:58:12Z (shop/web-1 was evicted) until 02:58:17Z`.
    pub(super) fn cause(&self, impact: &Impact<'_>, all: &[Impact<'_>]) -> String {
        let owner = self.owner(impact);
        let pod = &impact.entry.pod;
        let done = done(impact);
        let from = self.time(impact.accepted);
        let broken = format!("{owner} was not whole from {from} ({pod} was {done})");
        let sentence = match impact.end {
            ImpactEnd::Whole(at) => format!("{broken} until {}", self.time(at)),
            ImpactEnd::Open(at) => format!("{broken} until now, {}", self.time(at)),
            ImpactEnd::Changed(at, verdict) => {
                format!("{broken} until {}, when it {}", self.time(at), change(verdict))
            }
            ImpactEnd::Unrecovered(at) => {
                format!("{broken} until {} at least, when it was given up", self.time(at))
            }
            ImpactEnd::Ownerless => format!("{pod} was {done} at {from}"),
            ImpactEnd::Unseen | ImpactEnd::Unknown => {
                format!(
                    "{pod} of {} was {done} at {from}, and nobody saw when that was whole again",
                    self.owner(impact)
                )
            }
        };
        with_others(sentence, all.len(), "disruption")
    }

    /// The proof of a "maybe": `deployment/web was evicted at 02:58:12Z and whole again at 02:58:17Z, 4 min before`.
    pub(super) fn possible(&self, impact: &Impact<'_>, all: &[Impact<'_>]) -> String {
        let pod = &impact.entry.pod;
        let owner = self.owner(impact);
        let done = done(impact);
        let at = self.time(impact.accepted);
        let disrupted = format!("{pod} of {owner} was {done} at {at}");
        let sentence = match impact.end {
            _ if impact.begin > self.question.to => {
                let later = length_between(self.question.to, impact.accepted);
                format!("{pod} was {done} at {at}, {later} after, and clocks may differ by that much")
            }
            _ if impact.accepted > self.question.to => {
                format!("{pod} was {done} between {} and {at}", self.time(impact.begin))
            }
            ImpactEnd::Whole(whole) => {
                let ago = self.ago(whole);
                format!(
                    "{disrupted}, and {owner} was whole again at {}{ago}",
                    self.time(whole)
                )
            }
            ImpactEnd::Changed(changed, verdict) => {
                let ago = self.ago(changed);
                format!(
                    "{disrupted}, and {owner} {} at {}{ago}",
                    change(verdict),
                    self.time(changed)
                )
            }
            ImpactEnd::Unrecovered(given_up) => format!(
                "{owner} did not recover after {pod} was {done} at {at}, and was not watched after {}",
                self.time(given_up)
            ),
            ImpactEnd::Ownerless => {
                let ago = self.ago(impact.accepted);
                format!("{pod} was {done} at {at}{ago}")
            }
            ImpactEnd::Open(_) | ImpactEnd::Unseen | ImpactEnd::Unknown => {
                format!("{disrupted}, and nobody saw when {owner} was whole again")
            }
        };
        with_others(sentence, all.len(), "disruption")
    }

    /// The proof that nobody can tell because of an outcome: `the answer to the eviction of shop/web-1 at … was lost`.
    pub(super) fn unknown(&self, impact: &Impact<'_>, all: &[Impact<'_>]) -> String {
        let pod = &impact.entry.pod;
        let at = self.time(impact.entry.at);
        let act = act(impact.entry.method);
        let sentence = match impact.entry.outcome {
            EntryOutcome::Pending => format!("the outcome of the {act} of {pod} at {at} is not recorded yet"),
            EntryOutcome::Unknown => format!("the answer to the {act} of {pod} at {at} was lost"),
            _ => format!(
                "the answer to the {act} of {pod} at {at} was lost, and who took the pod is not known"
            ),
        };
        with_others(sentence, all.len(), "unknown outcome")
    }

    /// The proof that nobody can tell because something is missing.
    pub(super) fn hole(&self, hole: &CoverageHole) -> String {
        match hole {
            CoverageHole::Unreadable(why) => why.clone(),
            CoverageHole::Quarantined(quarantine) => format!(
                "the journal is in quarantine until {}, because {}",
                self.time(quarantine.until),
                quarantine.why
            ),
            CoverageHole::Future => format!(
                "{} is after {}, when the journal was read",
                self.time(self.question.to),
                self.time(self.now)
            ),
            CoverageHole::Begins(None) => "the history has not begun: nothing was recorded yet".to_owned(),
            CoverageHole::Begins(Some(begins)) => {
                format!(
                    "the history begins at {}, too late for this time",
                    self.time(*begins)
                )
            }
            CoverageHole::Gap(gap) => self.gap(gap),
        }
    }

    fn gap(&self, gap: &HistoryGap) -> String {
        let (disruptions, are) = match gap.count {
            1 => ("disruption", "is"),
            _ => ("disruptions", "are"),
        };
        let to = self.time(gap.to.min(self.now));
        let when = match gap.from {
            Some(from) => format!("between {} and {to}", self.time(from)),
            None => format!("before {to}"),
        };
        format!("{} {disruptions} {when} {are} not in the history", gap.count)
    }

    /// The proof of a "no": `nothing was disrupted in shop between 02:31Z and 03:06Z (the last: …)`.
    pub(super) fn nothing(&self, last: Option<&Impact<'_>>) -> String {
        let earliest = self.question.earliest();
        let mut sentence = "nothing was disrupted".to_owned();
        if let Some(namespace) = &self.question.namespace {
            let _ = write!(sentence, " in {namespace}");
        }
        let [from, to] = [earliest, self.question.to].map(|instant| self.time(instant));
        let _ = write!(sentence, " between {from} and {to}");

        match last {
            Some(last) => {
                let what = match &last.entry.owner {
                    Some(_) => self.owner(last),
                    None => last.entry.pod.to_string(),
                };
                let at = self.time(last.accepted);
                let before = length_between(last.accepted, earliest);
                let _ = write!(sentence, " (the last: {what} at {at}, {before} before)");
            }
            None => sentence.push_str(" (nor before, as far as the history goes back)"),
        }
        sentence
    }

    /// The owner of a victim, with its namespace unless that is asked for.
    fn owner(&self, impact: &Impact<'_>) -> String {
        let entry = impact.entry;
        match (&entry.owner, &self.question.namespace) {
            (Some(owner), Some(_)) => owner.to_string(),
            (Some(owner), None) => format!("{owner} in {}", entry.pod.namespace),
            (None, _) => entry.pod.to_string(),
        }
    }

    /// How long before the span `instant` is, if it is: `, 4 min 3 s before`.
    fn ago(&self, instant: Timestamp) -> String {
        if instant >= self.question.from {
            return String::new();
        }
        format!(", {} before", length_between(instant, self.question.from))
    }

    /// The instant in UTC, with its day unless that is today's: `02:58:12Z`, `2026-11-28 18:02Z`.
    fn time(&self, instant: Timestamp) -> String {
        let [instant, now] = [instant, self.now].map(|instant| instant.to_zoned(TimeZone::UTC));
        let clock = if instant.second() == 0 {
            "%H:%MZ"
        } else {
            "%H:%M:%SZ"
        };
        let format = if instant.date() == now.date() {
            clock.to_owned()
        } else {
            format!("%Y-%m-%d {clock}")
        };
        instant.strftime(&format).to_string()
    }
}

/// What was done to the victim: `evicted`.
fn done(impact: &Impact<'_>) -> &'static str {
    match impact.entry.method {
        DisruptionMethod::Evict => "evicted",
        DisruptionMethod::Delete => "deleted",
    }
}

/// The disruption as a noun.
fn act(method: DisruptionMethod) -> &'static str {
    match method {
        DisruptionMethod::Evict => "eviction",
        DisruptionMethod::Delete => "deletion",
    }
}

/// What became of an owner that cannot be compared any more.
fn change(verdict: RecoveryVerdict) -> &'static str {
    match verdict {
        RecoveryVerdict::Completed => "completed",
        RecoveryVerdict::Ownerless => "was deleted",
        _ => "was rolled out",
    }
}

/// How long `to` is after `from`, in whole seconds.
fn length_between(from: Timestamp, to: Timestamp) -> String {
    let between = Duration::try_from(to.duration_since(from)).unwrap_or_default();
    length(Duration::from_secs(between.as_secs()))
}

/// The sentence about one disruption, with how many more there are.
fn with_others(sentence: String, all: usize, what: &str) -> String {
    match all.saturating_sub(1) {
        0 => sentence,
        1 => format!("{sentence}; and 1 more {what}"),
        more => format!("{sentence}; and {more} more {what}s"),
    }
}
