//! A pause, as the annotations of the journal's ConfigMap say it: an operator's, or macaque's own.

use std::fmt;

use jiff::Timestamp;

use super::{PAUSED, PAUSED_BY, PAUSED_REASON};
use crate::server_text::bounded;

/// By whom macaque is paused that paused itself.
pub(super) const ITSELF: &str = "macaque";

/// A request to pause all disruptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseRequest {
    /// When the pause ends.
    pub end: PauseEnd,
    /// The user who paused, if known.
    pub by: Option<String>,
    /// The reason, if one was given.
    pub reason: Option<String>,
}

/// The end of a pause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PauseEnd {
    /// Paused until an operator resumes.
    Indefinite,
    /// Paused until this instant.
    Until(Timestamp),
    /// The annotation's value cannot be read, which counts as a pause.
    Unreadable(String),
    /// Paused until this process ends: its journal is in memory, and no annotation says so.
    Restart,
}

impl PauseRequest {
    /// A pause without an end, by nobody known and for no reason given.
    pub const INDEFINITE: Self = Self {
        end: PauseEnd::Indefinite,
        by: None,
        reason: None,
    };

    /// Reads the pause from the annotations, of which `value_of` knows the values. `macaque/paused` alone decides:
    /// without it, and with the value `false`, there is no pause, and a value that cannot be read is one. The user and
    /// the reason are shown, as one line of bounded length, and change nothing.
    pub fn read<'a>(value_of: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let end = match value_of(PAUSED)?.trim() {
            "true" => PauseEnd::Indefinite,
            "false" => return None,
            other => match other.parse() {
                Ok(until) => PauseEnd::Until(until),
                Err(_) => PauseEnd::Unreadable(other.chars().take(40).collect()),
            },
        };
        Some(Self {
            end,
            by: value_of(PAUSED_BY).and_then(one_line),
            reason: value_of(PAUSED_REASON).and_then(one_line),
        })
    }

    /// The reason, with what is wrong with the end if that cannot be read.
    pub(super) fn reason_in_words(&self) -> Option<String> {
        let PauseEnd::Unreadable(_) = &self.end else {
            return self.reason.clone();
        };
        let fault = format!("annotation {PAUSED}{}", self.fault());
        Some(match &self.reason {
            Some(reason) => format!("{reason} ({fault})"),
            None => fault,
        })
    }

    /// What is wrong with the annotation's value, as a clause.
    fn fault(&self) -> String {
        match &self.end {
            PauseEnd::Unreadable(value) => {
                format!(", whose value {value:?} is neither true nor an instant such as 2026-12-24T15:00:00Z")
            }
            PauseEnd::Indefinite | PauseEnd::Until(_) | PauseEnd::Restart => String::new(),
        }
    }

    /// Whether macaque paused itself, because owners did not recover.
    pub fn is_by_macaque(&self) -> bool {
        self.by.as_deref() == Some(ITSELF)
    }

    /// Whether the pause lasts until somebody ends it.
    pub fn is_endless(&self) -> bool {
        !matches!(self.end, PauseEnd::Until(_))
    }

    /// Whether the pause is over at `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        matches!(self.end, PauseEnd::Until(until) if until <= now)
    }
}

/// The text as one line of bounded length; `None` if nothing is left of it.
fn one_line(text: &str) -> Option<String> {
    let spaced: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    let words: Vec<_> = spaced.split_whitespace().collect();
    (!words.is_empty()).then(|| bounded(&words.join(" ")))
}

/// Shows the pause as `paused by jane: INC-4711 (annotation macaque/paused); …`.
impl fmt::Display for PauseRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("paused")?;
        if let PauseEnd::Until(until) = &self.end {
            write!(f, " until {until}")?;
        }

        if self.end == PauseEnd::Restart {
            let by = self.by.as_deref().unwrap_or("macaque");
            let reason = self.reason.as_deref().unwrap_or("without a reason");
            return write!(
                f,
                " by {by}: {reason}; the journal is in memory, and a restart lifts it"
            );
        }

        let fault = self.fault();
        match (&self.by, &self.reason) {
            (None, None) => write!(f, " by the annotation {PAUSED}{fault}")?,
            (Some(by), None) => write!(f, " by {by} (annotation {PAUSED}{fault})")?,
            (None, Some(reason)) => write!(f, ": {reason} (annotation {PAUSED}{fault})")?,
            (Some(by), Some(reason)) => write!(f, " by {by}: {reason} (annotation {PAUSED}{fault})")?,
        }

        match self.end {
            PauseEnd::Until(_) | PauseEnd::Restart => Ok(()),
            PauseEnd::Indefinite | PauseEnd::Unreadable(_) => f.write_str("; `macaque resume` lifts it"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::server_text::MAX_SERVER_TEXT;

    fn read(annotations: &[(&str, &str)]) -> Option<PauseRequest> {
        let annotations: BTreeMap<_, _> = annotations.iter().copied().collect();
        PauseRequest::read(|key| annotations.get(key).copied())
    }

    #[test]
    fn only_the_annotation_of_the_pause_decides_whether_there_is_one() {
        let details = [
            ("macaque/paused-by", "jane"),
            ("macaque/paused-reason", "INC-4711"),
        ];
        assert_eq!(read(&[]), None);
        assert_eq!(read(&details), None);
        assert_eq!(read(&[details[0], details[1], ("macaque/paused", "false")]), None);
        assert_eq!(
            read(&[("macaque/paused", " true ")]),
            Some(PauseRequest::INDEFINITE)
        );
    }

    #[test]
    fn a_pause_is_shown_with_its_end_its_author_and_its_reason() {
        let by = ("macaque/paused-by", "jane");
        let reason = ("macaque/paused-reason", "INC-4711");
        let until = ("macaque/paused", "2026-12-24T16:00:00+01:00");
        let open = ("macaque/paused", "true");
        let odd = ("macaque/paused", "2h");
        let fault = "whose value \"2h\" is neither true nor an instant such as 2026-12-24T15:00:00Z";
        let lifts = "`macaque resume` lifts it";
        let rows = [
            (
                vec![open],
                format!("paused by the annotation macaque/paused; {lifts}"),
            ),
            (
                vec![open, by],
                format!("paused by jane (annotation macaque/paused); {lifts}"),
            ),
            (
                vec![open, reason],
                format!("paused: INC-4711 (annotation macaque/paused); {lifts}"),
            ),
            (
                vec![open, by, reason],
                format!("paused by jane: INC-4711 (annotation macaque/paused); {lifts}"),
            ),
            (
                vec![until],
                "paused until 2026-12-24T15:00:00Z by the annotation macaque/paused".to_owned(),
            ),
            (
                vec![until, by, reason],
                "paused until 2026-12-24T15:00:00Z by jane: INC-4711 (annotation macaque/paused)".to_owned(),
            ),
            (
                vec![odd],
                format!("paused by the annotation macaque/paused, {fault}; {lifts}"),
            ),
            (
                vec![odd, by, reason],
                format!("paused by jane: INC-4711 (annotation macaque/paused, {fault}); {lifts}"),
            ),
        ];
        for (annotations, expected) in rows {
            let pause = read(&annotations).unwrap();
            assert_eq!(pause.to_string(), expected, "{annotations:?}");
        }
    }

    #[test]
    fn an_odd_author_or_reason_is_one_bounded_line_and_never_ends_the_pause() {
        let long = "x".repeat(10_000);
        let pause = |reason| {
            let annotations = [
                ("macaque/paused", "true"),
                ("macaque/paused-by", " \n "),
                ("macaque/paused-reason", reason),
            ];
            read(&annotations).unwrap()
        };

        assert_eq!(pause(""), PauseRequest::INDEFINITE);
        assert_eq!(pause("\u{0}\r\n\t"), PauseRequest::INDEFINITE);
        assert_eq!(pause(" one\r\n\ttwo\u{1b}[31m ").reason.unwrap(), "one two [31m");
        assert_eq!(pause(&long).reason.unwrap().chars().count(), MAX_SERVER_TEXT);
    }

    #[test]
    fn a_pause_is_over_at_its_instant() {
        let pause = read(&[("macaque/paused", "2026-12-24T15:00:00Z")]).unwrap();
        assert!(!pause.is_over("2026-12-24T14:59:59Z".parse().unwrap()));
        assert!(pause.is_over("2026-12-24T15:00:00Z".parse().unwrap()));
        assert!(!PauseRequest::INDEFINITE.is_over(Timestamp::MAX));
    }
}
