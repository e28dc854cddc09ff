//! Warnings about keys of macaque's own that direct nothing, or not what was meant: unknown keys, and values that
//! cannot be read.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use strsim::damerau_levenshtein;

use crate::annotations::{ENABLED, EVERY, EXPECT, KNOWN, MIN_READY, OF_ANNOTATIONS, PREFIX, pair, yes_or_no};
use crate::every::unreadable_every;
use crate::freeze;
use crate::guard::unreadable_min_ready;
use crate::journal::PAUSE_KEYS;
use crate::pod::Pod;
use crate::recovery::unreadable_expect;
use crate::words::either;

/// How many characters of an unknown key are shown: what a label may have behind the prefix, and the prefix.
const SHOWN_CHARS: usize = 71;

/// How many different warnings of pods are kept.
const KEPT: usize = 5;

/// One warning about a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyWarning {
    /// The key, with its value if that is what cannot be read.
    pub key: String,
    /// What is wrong with it, and what would be right.
    pub problem: String,
}

/// The warnings about the keys of many pods: each once, with the number of pods and one of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PodKeyWarnings {
    kept: BTreeMap<KeyWarning, PodTally>,
    /// How many more warnings there were, which are not kept.
    others: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct PodTally {
    count: usize,
    example: String,
}

/// The warnings about macaque's own keys among these annotations and labels of a pod, a namespace or an owner.
pub fn key_warnings(
    annotations: &BTreeMap<String, String>,
    labels: &BTreeMap<String, String>,
) -> Vec<KeyWarning> {
    let mut own_keys = own_keys(annotations).chain(own_keys(labels)).peekable();
    if own_keys.peek().is_none() {
        return Vec::new();
    }

    let unknown = own_keys.filter(|key| !KNOWN.contains(key));
    let unknown = unknown.map(|key| unknown_key(key, &KNOWN));
    let unreadable = freeze::unreadable(annotations, labels).into_iter();
    let unreadable = unreadable.map(|(key, value, fault)| KeyWarning {
        key: pair(key, value),
        problem: format!("it {fault}; it counts as frozen"),
    });
    let unclear = [annotations, labels]
        .into_iter()
        .filter_map(|keys| keys.get(ENABLED));
    let unclear = unclear.filter(|value| yes_or_no(value).is_none());
    let unclear = unclear.map(|value| KeyWarning {
        key: pair(ENABLED, value),
        problem: "it is neither yes nor no; it counts as no".to_owned(),
    });
    let label = OF_ANNOTATIONS
        .into_iter()
        .filter(|key| labels.contains_key(*key))
        .map(|key| KeyWarning {
            key: key.to_owned(),
            problem: "it has no effect as a label: make it an annotation".to_owned(),
        });

    let mut warnings: Vec<_> = unknown.chain(unreadable).chain(unclear).collect();
    warnings.extend(unreadable_wishes(annotations));
    warnings.extend(label);
    warnings.sort();
    warnings.dedup();
    warnings
}

/// The warnings about what teams wish by annotations and cannot be read.
fn unreadable_wishes(annotations: &BTreeMap<String, String>) -> impl Iterator<Item = KeyWarning> {
    let wishes = [
        (EVERY, unreadable_every(annotations)),
        (EXPECT, unreadable_expect(annotations)),
        (MIN_READY, unreadable_min_ready(annotations)),
    ];
    wishes.into_iter().filter_map(|(key, unreadable)| {
        let (value, fault) = unreadable?;
        Some(KeyWarning {
            key: pair(key, value),
            problem: format!("it {fault}; it counts as if it were not there"),
        })
    })
}

/// The keys with macaque's prefix.
fn own_keys(keys: &BTreeMap<String, String>) -> impl Iterator<Item = &str> {
    let from_prefix = keys.range::<str, _>((Bound::Included(PREFIX), Bound::Unbounded));
    from_prefix
        .map(|(key, _)| key.as_str())
        .take_while(|key| key.starts_with(PREFIX))
}

/// The warnings about macaque's own keys among the annotations of the journal's ConfigMap, where only those of a pause are
/// known.
pub fn journal_key_warnings<'a>(annotations: impl IntoIterator<Item = &'a str>) -> Vec<KeyWarning> {
    let own_keys = annotations.into_iter().filter(|key| key.starts_with(PREFIX));
    let unknown = own_keys.filter(|key| !PAUSE_KEYS.contains(key));
    unknown.map(|key| unknown_key(key, &PAUSE_KEYS)).collect()
}

/// The warning about a key that is none of the `known` ones.
fn unknown_key(key: &str, known: &[&str]) -> KeyWarning {
    KeyWarning {
        key: key.escape_debug().take(SHOWN_CHARS).collect(),
        problem: what_was_meant(key, known),
    }
}

/// What is said of a key that is none of the `known` ones.
fn what_was_meant(key: &str, known: &[&str]) -> String {
    if PAUSE_KEYS.contains(&key) {
        return "it has no effect here: it belongs on the journal's ConfigMap".to_owned();
    }

    let typed = key[PREFIX.len()..].to_lowercase();
    let distances = known.iter().map(|known| {
        let edits = damerau_levenshtein(&typed, &known[PREFIX.len()..]);
        (edits, known)
    });
    // Half of the letters: freeze is meant to be frozen.
    let few = typed.chars().count() / 2;
    match distances.filter(|(edits, _)| *edits <= few).min() {
        Some((_, meant)) => format!("no such key; did you mean {meant}?"),
        None => format!("no such key; use {}", either(known)),
    }
}

/// The part of a round's warning that is the same in every round: all but the pods that it is about, which stand in
/// parentheses at its end.
pub fn lasting_part(warning: &str) -> &str {
    let split = warning.strip_suffix(')').and_then(|open| open.rsplit_once(" ("));
    match split {
        Some((lasting, pods)) if pods.starts_with("pod ") => lasting,
        Some((lasting, pods)) if pods.starts_with(|c: char| c.is_ascii_digit()) => lasting,
        _ => warning,
    }
}

impl KeyWarning {
    /// The warning with the place of the key, such as `namespace shop`.
    pub fn on(&self, place: impl fmt::Display) -> String {
        format!("{} on {place}: {}", self.key, self.problem)
    }
}

impl PodKeyWarnings {
    /// Notes the warnings about `pod`.
    pub fn note(&mut self, pod: &Pod) {
        for warning in key_warnings(&pod.annotations, &pod.labels) {
            self.add(warning, 1, || pod.id.to_string());
        }
    }

    /// Adds the warnings about other pods.
    pub fn append(&mut self, more: Self) {
        for (warning, tally) in more.kept {
            self.add(warning, tally.count, || tally.example);
        }
        self.others += more.others;
    }

    /// The warnings in words.
    pub fn texts(&self) -> Vec<String> {
        let kept = self.kept.iter();
        let texts = kept.map(|(KeyWarning { key, problem }, tally)| format!("{key}: {problem} ({tally})"));
        let mut texts: Vec<_> = texts.collect();
        if self.others > 0 {
            texts.push(format!("more such annotations or labels ({})", self.others));
        }
        texts
    }

    fn add(&mut self, warning: KeyWarning, count: usize, example: impl FnOnce() -> String) {
        if let Some(tally) = self.kept.get_mut(&warning) {
            tally.count += count;
        } else if self.kept.len() < KEPT {
            let example = example();
            self.kept.insert(warning, PodTally { count, example });
        } else {
            self.others += count;
        }
    }
}

/// Shows the pods as `pod shop/web-1`, or `12 pods, such as shop/web-1`.
impl fmt::Display for PodTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => write!(f, "pod {}", self.example),
            count => write!(f, "{count} pods, such as {}", self.example),
        }
    }
}

#[cfg(test)]
mod tests;
