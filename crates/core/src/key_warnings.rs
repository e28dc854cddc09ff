//! Warnings about keys of macaque's own that direct nothing, or not what was meant: unknown keys, and values that
//! cannot be read.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;

use strsim::damerau_levenshtein;

use crate::annotations::{EXPECT, KNOWN, PREFIX, pair};
use crate::freeze;
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
    let expect = unreadable_expect(annotations).map(|(value, fault)| KeyWarning {
        key: pair(EXPECT, value),
        problem: format!("it {fault}; recovery.expect counts"),
    });
    let label = labels.contains_key(EXPECT).then(|| KeyWarning {
        key: EXPECT.to_owned(),
        problem: "it has no effect as a label: make it an annotation".to_owned(),
    });

    let mut warnings: Vec<_> = unknown.chain(unreadable).chain(expect).chain(label).collect();
    warnings.sort();
    warnings.dedup();
    warnings
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
mod tests {
    use super::*;

    fn keys(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect()
    }

    fn annotated(name: &str, pairs: &[(&str, &str)]) -> Pod {
        let mut pod = Pod::sample();
        pod.id.name = name.to_owned();
        pod.annotations = keys(pairs);
        pod
    }

    fn warned(pairs: &[(&str, &str)]) -> Vec<String> {
        let none = BTreeMap::new();
        let warnings = key_warnings(&keys(pairs), &none);
        assert_eq!(key_warnings(&none, &keys(pairs)), warnings, "labels count too");
        warnings
            .iter()
            .map(|warning| warning.on("namespace shop"))
            .collect()
    }

    #[test]
    fn known_keys_and_those_of_others_need_no_warning() {
        let known = [
            ("macaque/enabled", "maybe"),
            ("macaque/frozen", "false"),
            ("macaque/frozen-until", "2000-01-01T00:00:00Z"),
        ];
        assert_eq!(warned(&known), [""; 0]);
        assert_eq!(
            warned(&[
                ("macaque", ""),
                ("macaque.io/x", ""),
                ("macaques/x", ""),
                ("app", "x")
            ]),
            [""; 0]
        );
        assert_eq!(warned(&[]), [""; 0]);
    }

    #[test]
    fn an_unknown_key_is_named_with_the_nearest_known_one() {
        let rows = [
            ("macaque/enable", "did you mean macaque/enabled?"),
            ("macaque/Enabled", "did you mean macaque/enabled?"),
            ("macaque/disabled", "did you mean macaque/enabled?"),
            ("macaque/freeze", "did you mean macaque/frozen?"),
            ("macaque/froozen", "did you mean macaque/frozen?"),
            ("macaque/freeze-until", "did you mean macaque/frozen-until?"),
            ("macaque/frozenUntil", "did you mean macaque/frozen-until?"),
            (
                "macaque/opt-out",
                "use macaque/enabled, macaque/frozen or macaque/frozen-until",
            ),
            (
                "macaque/",
                "use macaque/enabled, macaque/frozen or macaque/frozen-until",
            ),
        ];
        for (key, advice) in rows {
            let expected = format!("{key} on namespace shop: no such key; {advice}");
            assert_eq!(warned(&[(key, "true")]), [expected]);
        }
    }

    #[test]
    fn a_key_of_the_pause_is_sent_to_the_journal() {
        for key in PAUSE_KEYS {
            let expected = format!(
                "{key} on namespace shop: it has no effect here: it belongs on the journal's ConfigMap"
            );
            assert_eq!(warned(&[(key, "true")]), [expected]);
        }
    }

    #[test]
    fn on_the_journal_only_the_keys_of_a_pause_are_known() {
        let warned = |key| {
            let warnings = journal_key_warnings([key, "kept"]).into_iter();
            warnings.map(|warning| warning.problem).collect::<Vec<_>>()
        };
        for key in PAUSE_KEYS {
            assert_eq!(warned(key), [""; 0]);
        }
        for (key, advice) in [
            ("macaque/pause", "did you mean macaque/paused?"),
            (
                "macaque/reason",
                "use macaque/paused, macaque/paused-reason or macaque/paused-by",
            ),
            (
                "macaque/frozen",
                "use macaque/paused, macaque/paused-reason or macaque/paused-by",
            ),
            ("macaque/pause-reason", "did you mean macaque/paused-reason?"),
        ] {
            assert_eq!(warned(key), [format!("no such key; {advice}")], "{key}");
        }
    }

    #[test]
    fn a_value_that_cannot_be_read_is_warned_of_once_for_each_pod() {
        let pair = ("macaque/frozen-until", "2026-12-24");
        let mut pod = annotated("web-0", &[pair]);
        pod.labels = keys(&[pair]);
        let mut warnings = PodKeyWarnings::default();
        warnings.note(&pod);

        let expected = "macaque/frozen-until=\"2026-12-24\": it has no time and offset: write 2026-12-24T00:00:00Z, for \
                        example; it counts as frozen (pod shop/web-0)";
        assert_eq!(warnings.texts(), [expected]);
    }

    #[test]
    fn the_warnings_of_many_pods_are_counted_and_bounded() {
        let mut first = PodKeyWarnings::default();
        first.note(&annotated("web-0", &[("macaque/enable", "false")]));
        let mut second = PodKeyWarnings::default();
        second.note(&annotated("web-1", &[("macaque/enable", "false")]));
        second.note(&annotated("web-2", &[("app.example/x", "y")]));
        first.append(second);

        let lasting = "macaque/enable: no such key; did you mean macaque/enabled?";
        let counted = format!("{lasting} (2 pods, such as shop/web-0)");
        assert_eq!(lasting_part(&counted), lasting);
        assert_eq!(first.texts(), [counted]);

        for number in 0..100 {
            first.note(&annotated("db-0", &[(&format!("macaque/key-{number:03}"), "")]));
        }
        let texts = first.texts();
        assert_eq!(texts.len(), KEPT + 1);
        assert_eq!(texts[KEPT], "more such annotations or labels (96)");
    }

    #[test]
    fn a_warning_without_pods_lasts_as_a_whole() {
        for warning in [
            "",
            "x",
            "macaque/x on namespace shop: no such key",
            "a (b) c",
            ")",
            "(",
        ] {
            assert_eq!(lasting_part(warning), warning);
        }
    }

    #[test]
    fn a_long_or_hostile_key_is_shown_short_and_escaped() {
        let hostile = format!("macaque/\u{1b}[31m{}", "x".repeat(300));
        let warned = warned(&[(&hostile, "")]);
        assert!(warned[0].starts_with(r"macaque/\u{1b}[31mxxx"), "{warned:?}");
        assert!(warned[0].len() < 200, "{warned:?}");
    }
}
