//! Reads the freeze of a pod, a namespace or an owner: `macaque/frozen` and `macaque/frozen-until`, from annotations and
//! labels alike.
//!
//! Who writes such a key wants to be left alone. Of several values the one that freezes the longest counts, and a value
//! that cannot be read freezes.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::annotations::{FROZEN, FROZEN_UNTIL, pair, yes_or_no};

/// The reason why something is frozen: the key that says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// The key.
    pub key: &'static str,
    /// The value of the key.
    pub value: String,
    /// What the value means.
    pub meaning: FreezeMeaning,
}

/// The meaning of a value that freezes, in ascending order of how long it does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FreezeMeaning {
    /// Frozen until this instant.
    Until(Timestamp),
    /// Frozen until the key is removed.
    Indefinite,
    /// Frozen because the value cannot be read; the text says what is wrong with it.
    Unreadable(String),
}

/// The freeze at `now` that these annotations and labels ask for, if any.
pub fn frozen(
    annotations: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
    now: Timestamp,
) -> Option<Freeze> {
    let found = values(annotations, labels).filter_map(|(key, value)| {
        let meaning = read(key, value, now)?;
        let value = value.to_owned();
        Some(Freeze { key, value, meaning })
    });
    found.max_by(|a, b| a.meaning.cmp(&b.meaning))
}

/// Every value of a freeze key that cannot be read, with its key and what is wrong with it.
pub(crate) fn unreadable<'a>(
    annotations: &'a BTreeMap<String, String>,
    labels: &'a BTreeMap<String, String>,
) -> Vec<(&'static str, &'a str, String)> {
    let found =
        values(annotations, labels).filter_map(|(key, value)| match read(key, value, Timestamp::MIN) {
            Some(FreezeMeaning::Unreadable(fault)) => Some((key, value, fault)),
            _ => None,
        });
    found.collect()
}

/// Every freeze key that is set and its value, for people.
pub fn seen(annotations: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<_> = values(annotations, labels)
        .map(|(key, value)| pair(key, value))
        .collect();
    if pairs.is_empty() {
        "not frozen".to_owned()
    } else {
        pairs.join(", ")
    }
}

fn values<'a>(
    annotations: &'a BTreeMap<String, String>,
    labels: &'a BTreeMap<String, String>,
) -> impl Iterator<Item = (&'static str, &'a str)> {
    [FROZEN, FROZEN_UNTIL].into_iter().flat_map(move |key| {
        let found = [annotations, labels]
            .into_iter()
            .filter_map(move |map| map.get(key));
        found.map(move |value| (key, value.as_str()))
    })
}

/// The freeze that a value means at `now`, if it does.
fn read(key: &str, value: &str, now: Timestamp) -> Option<FreezeMeaning> {
    let value = value.trim();
    let until = value.parse::<Timestamp>().ok();
    if key == FROZEN {
        return match (yes_or_no(value), until) {
            (Some(true), _) => Some(FreezeMeaning::Indefinite),
            (Some(false), _) => None,
            (None, None) => Some(FreezeMeaning::Unreadable("is neither yes nor no".to_owned())),
            (None, Some(_)) => {
                let fault = format!("is neither yes nor no: an instant belongs in {FROZEN_UNTIL}");
                Some(FreezeMeaning::Unreadable(fault))
            }
        };
    }

    match until {
        Some(until) => (until > now).then_some(FreezeMeaning::Until(until)),
        None => Some(FreezeMeaning::Unreadable(instant_fault(value))),
    }
}

/// What is wrong with a value that is no instant, and what would be right.
fn instant_fault(value: &str) -> String {
    let local = value.parse::<DateTime>().ok();
    let instant = local.and_then(|local| local.to_zoned(TimeZone::UTC).ok());
    match instant.map(|instant| instant.timestamp()) {
        Some(instant) if value.contains(':') => {
            format!("has no offset from UTC: write {instant}, for example")
        }
        Some(instant) => format!("has no time and offset: write {instant}, for example"),
        None => "is not an instant such as 2026-12-24T15:00:00Z".to_owned(),
    }
}

/// Shows the freeze as `frozen until 2026-12-24T15:00:00Z by macaque/frozen-until`.
impl fmt::Display for Freeze {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pair = pair(self.key, &self.value);
        match &self.meaning {
            FreezeMeaning::Until(until) => write!(f, "frozen until {until} by {}", self.key),
            FreezeMeaning::Indefinite => write!(f, "frozen by {pair}"),
            FreezeMeaning::Unreadable(fault) => write!(f, "frozen by {pair}, which {fault}"),
        }
    }
}

#[cfg(test)]
mod tests;
