//! Laws of what selects pods: label selectors and patterns of names.

use std::collections::BTreeMap;

use macaque_core::name_patterns::{Glob, NamePattern, NamePatterns};
use macaque_core::selector::Selector;
use serde_json::json;

use crate::text;

pub(crate) const SELECTORS_LAW: &str = "a selector prints as it parses, the sandbox takes what macaque takes, and both \
                                        select the same labels";
pub(crate) const GLOBS_LAW: &str = "a glob matches what a matcher by recursion matches, covers only globs whose \
                                    names it matches, and prints as it was written";

/// The selector is in the first line, and a label in each other.
pub(crate) fn selectors(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    let (written, labels) = text::first_line(text);
    let selector: Selector = match written.parse() {
        Ok(selector) => selector,
        Err(error) => {
            let error = format!("{error}");
            assert!(error.starts_with("selector requirement `"), "{error}");
            return;
        }
    };

    let printed = selector.to_string();
    assert_eq!(printed.parse().as_ref(), Ok(&selector), "{printed}");

    let pairs = labels.lines().filter_map(|line| line.split_once('='));
    let pairs = pairs.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let labels: BTreeMap<_, _> = pairs.collect();
    let selects = selector.matches(&labels);
    assert_eq!(
        selects,
        printed
            .parse::<Selector>()
            .is_ok_and(|again| again.matches(&labels))
    );
    for (key, value) in &labels {
        assert!(!selects || selector.allows(key, value), "{key}={value}");
    }

    // The sandbox knows no comparisons of numbers.
    if !written.contains(['<', '>']) {
        let by_server = kube_sandbox::fuzzing::selects(&printed, &json!(labels));
        assert_eq!(by_server, Ok(selects), "{printed}");
    }
}

/// Patterns are in the lines before the first that is empty, and names in those after it.
pub(crate) fn globs(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    let (patterns, names) = text.split_once("\n\n").unwrap_or((text, ""));
    let patterns: Vec<_> = patterns.lines().map(NamePattern::new).collect();
    let globs = patterns.iter().map(|pattern| pattern.glob.as_str());
    // No name of Kubernetes has a star, and `?` does not stand for one.
    let names = names.lines().chain(globs).filter(|name| !name.contains('*'));
    let names: Vec<_> = names.collect();

    for pattern in &patterns {
        assert_eq!(&NamePattern::new(&pattern.to_string()), pattern);
        let glob = &pattern.glob;
        for name in &names {
            assert_eq!(
                glob.matches(name),
                matches(glob.as_str(), name),
                "{glob} {name:?}"
            );
        }
        for other in patterns
            .iter()
            .map(|other| &other.glob)
            .filter(|other| glob.covers(other))
        {
            assert_covers(glob, other, &names);
        }
    }

    let list = NamePatterns::new(patterns.clone());
    for name in names {
        let deciding = patterns.iter().rev().find(|pattern| pattern.glob.matches(name));
        assert_eq!(list.deciding(name), deciding, "{name:?}");
        let only_excludes = patterns.iter().all(|pattern| pattern.excludes);
        let included = deciding.map_or(only_excludes, |pattern| !pattern.excludes);
        assert_eq!(list.includes(name), included, "{name:?}");
    }
}

fn assert_covers(glob: &Glob, other: &Glob, names: &[&str]) {
    for name in names.iter().filter(|name| other.matches(name)) {
        assert!(glob.matches(name), "{glob} covers {other}, and not {name:?}");
    }
}

/// Whether a glob matches, tried byte by byte: slow, and plain.
fn matches(glob: &str, name: &str) -> bool {
    // Which beginnings of the name the glob so far matches.
    let name = name.as_bytes();
    let mut reached = vec![false; name.len() + 1];
    reached[0] = true;
    for byte in glob.bytes() {
        let mut next = vec![false; name.len() + 1];
        if byte == b'*' {
            let first = reached.iter().position(|reached| *reached).unwrap_or(next.len());
            next[first..].fill(true);
        } else {
            for at in 0..name.len() {
                next[at + 1] = reached[at] && (byte == b'?' || byte == name[at]);
            }
        }
        reached = next;
    }
    reached[name.len()]
}
