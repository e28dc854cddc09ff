//! The question that the query of an address asks, and its answer from what is known here.
//!
//! `at=TIME` or `from=TIME&to=TIME`, and `namespace=NAME` and `slack=DURATION` beside them. Times are instants
//! (RFC 3339): an address has no zone.

use std::time::Duration;

use jiff::Timestamp;
use macaque_core::blame::{BlameAnswer, BlameDocument, BlameEvidence, BlameQuestion, SLACK, blame};
use macaque_core::duration::parse_duration;
use macaque_core::history::HistoryEntry;

use super::notes::StatusNotes;
use crate::text;

/// The most disruptions that are listed.
const MOST: usize = 100;
/// What is said of times that cannot be read.
const INSTANT: &str = "write an instant such as 2026-12-24T15:00:00Z";
/// The longest proof, in characters.
const LONGEST_PROOF: usize = 1_000;
/// The longest value that is quoted, in characters.
const LONGEST: usize = 60;

/// The fields of a query, as they were given.
#[derive(Default)]
struct BlameFields {
    at: Option<Timestamp>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    namespace: Option<String>,
    slack: Option<Duration>,
}

/// The answer to the question of `query`, as JSON.
///
/// # Errors
/// What is wrong with the question, one mistake a line.
pub(super) fn answer(query: &str, notes: &StatusNotes, now: Timestamp) -> Result<String, String> {
    let question = question(query, now).map_err(|mistakes| mistakes.join("\n"))?;

    let read = notes.journal.as_ref();
    let at = read.map_or(now, |read| read.read);
    let evidence = BlameEvidence {
        journal: notes.usable_journal(),
        history: Ok(&notes.history),
        timeout: notes.config.recovery_timeout,
        now: at,
    };
    let answer = without_hidden_names(notes, blame(&question, evidence));
    // Text keys, and nothing that can fail.
    Ok(serde_json::to_string(&BlameDocument::new(&question, at, answer)).unwrap_or_default())
}

/// The answer without the names that the page may not show.
fn without_hidden_names(notes: &StatusNotes, answer: BlameAnswer) -> BlameAnswer {
    let count = answer.disruptions.len();
    let may_name = |entry: &HistoryEntry| notes.names(&entry.pod.namespace);
    // The proof may name any disruption: that of a "no" names the last one before.
    let may_prove = notes.config.names && notes.history.entries().iter().all(may_name);

    let proof = if may_prove {
        answer.proof
    } else {
        let hidden = "names are left out: they are off, or some are not in scope";
        format!("{}; {hidden}", text::count(count, "disruption"))
    };
    BlameAnswer {
        proof: text::clean(&proof, LONGEST_PROOF),
        disruptions: answer
            .disruptions
            .into_iter()
            .filter(|entry| may_name(entry))
            .take(MOST)
            .collect(),
        ..answer
    }
}

/// The question of `query`.
///
/// # Errors
/// Every mistake in it.
fn question(query: &str, now: Timestamp) -> Result<BlameQuestion, Vec<String>> {
    let (fields, mut mistakes) = fields(query);
    let span = match (fields.at, fields.from, fields.to) {
        (Some(at), None, None) => Some((at, at)),
        (None, Some(from), Some(to)) => Some((from, to)),
        _ if !mistakes.is_empty() => None,
        _ => {
            mistakes.push("ask for at=TIME, or for from=TIME and to=TIME".to_owned());
            None
        }
    };

    if let Some((from, to)) = span {
        if from > to {
            mistakes.push(format!("from={from} is after to={to}"));
        }
        if to > now {
            mistakes.push(format!("{to} is in the future: it is {now:.0} now"));
        }
    }
    match span {
        Some((from, to)) if mistakes.is_empty() => Ok(BlameQuestion {
            from,
            to,
            namespace: fields.namespace,
            slack: fields.slack.unwrap_or(SLACK),
        }),
        _ => Err(mistakes),
    }
}

/// The fields of `query`, and what is wrong with them.
fn fields(query: &str) -> (BlameFields, Vec<String>) {
    let mut fields = BlameFields::default();
    let mut mistakes = Vec::new();
    let mut given = Vec::new();

    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if given.contains(&name) {
            mistakes.push(format!("{} is given twice", quoted(&name)));
            continue;
        }
        if let Err(mistake) = fields.set(&name, &value) {
            mistakes.push(mistake);
        }
        given.push(name);
    }
    (fields, mistakes)
}

impl BlameFields {
    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let wrong = |right: &str| format!("{name}={} cannot be read: {right}", quoted(value));
        let instant = || value.parse().map(Some).map_err(|_| wrong(INSTANT));
        match name {
            "at" => self.at = instant()?,
            "from" => self.from = instant()?,
            "to" => self.to = instant()?,
            "namespace" => {
                let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                if value.is_empty() || value.len() > 63 || !value.chars().all(is_name) {
                    return Err(wrong("write the name of a namespace"));
                }
                self.namespace = Some(value.to_owned());
            }
            "slack" => {
                let slack = parse_duration(value).map_err(|_| wrong("write a duration such as 10m"))?;
                self.slack = Some(slack);
            }
            _ => {
                let known = "at, from, to, namespace and slack";
                return Err(format!("{} is not known: there are {known}", quoted(name)));
            }
        }
        Ok(())
    }
}

fn quoted(value: &str) -> String {
    format!("{:?}", text::clean(value, LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-12-24T15:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_question_is_about_an_instant_or_a_span() {
        let of = |query| question(query, now()).unwrap();
        let at = "2026-12-24T14:00:00Z".parse().unwrap();
        let to = "2026-12-24T14:30:00Z".parse().unwrap();
        assert_eq!(
            of("at=2026-12-24T14:00:00Z"),
            BlameQuestion {
                from: at,
                to: at,
                namespace: None,
                slack: SLACK,
            }
        );
        assert_eq!(
            of("from=2026-12-24T15:00:00%2B01:00&to=2026-12-24T14:30:00Z&namespace=shop&slack=1h"),
            BlameQuestion {
                from: at,
                to,
                namespace: Some("shop".to_owned()),
                slack: Duration::from_secs(3600),
            }
        );
    }

    #[test]
    fn every_mistake_of_a_question_has_a_line_of_its_own() {
        let mistakes = |query| question(query, now()).unwrap_err();
        for (query, expected) in [
            ("", "ask for at=TIME, or for from=TIME and to=TIME"),
            (
                "from=2026-12-24T14:00:00Z",
                "ask for at=TIME, or for from=TIME and to=TIME",
            ),
            (
                "at=2026-12-24T16:00:00Z",
                "2026-12-24T16:00:00Z is in the future: it is 2026-12-24T15:00:00Z now",
            ),
            (
                "from=2026-12-24T14:00:00Z&to=2026-12-24T13:00:00Z",
                "from=2026-12-24T14:00:00Z is after to=2026-12-24T13:00:00Z",
            ),
            (
                "at=2026-12-24T14:00:00Z&at=2026-12-24T14:00:00Z",
                "\"at\" is given twice",
            ),
            (
                "at=yesterday",
                "at=\"yesterday\" cannot be read: write an instant such as 2026-12-24T15:00:00Z",
            ),
        ] {
            assert_eq!(mistakes(query), [expected], "{query}");
        }

        let all = mistakes("at=now&namespace=<b>&slack=long&colour=red\u{202e}%0a");
        assert_eq!(
            all,
            [
                "at=\"now\" cannot be read: write an instant such as 2026-12-24T15:00:00Z",
                "namespace=\"<b>\" cannot be read: write the name of a namespace",
                "slack=\"long\" cannot be read: write a duration such as 10m",
                "\"colour\" is not known: there are at, from, to, namespace and slack",
            ]
        );
    }
}
