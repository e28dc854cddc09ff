//! Globs and lists of them, against a naive model.

use macaque_core::name_patterns::{Glob, NamePattern, NamePatterns};
use proptest::collection::vec;
use proptest::prelude::*;

/// Whether `glob` matches `name`, by trying every length of every `*`.
fn matches(glob: &[u8], name: &[u8]) -> bool {
    match glob.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skipped| matches(rest, &name[skipped..])),
        Some((b'?', rest)) => !name.is_empty() && matches(rest, &name[1..]),
        Some((letter, rest)) => name.first() == Some(letter) && matches(rest, &name[1..]),
    }
}

/// Every name of at most `length` letters.
fn names(length: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut longest = all.clone();
    for _ in 0..length {
        let longer = longest
            .iter()
            .flat_map(|name| ["a", "b"].map(|letter| format!("{name}{letter}")));
        longest = longer.collect();
        all.extend(longest.iter().cloned());
    }
    all
}

proptest! {
    #[test]
    fn a_glob_matches_what_the_model_matches(glob in "[ab*?]{0,7}", name in "[ab]{0,8}") {
        prop_assert_eq!(Glob::new(&glob).matches(&name), matches(glob.as_bytes(), name.as_bytes()));
    }

    #[test]
    fn a_glob_that_covers_another_matches_all_that_it_matches(glob in "[ab*?]{0,4}", other in "[ab*?]{0,4}") {
        let (glob, other) = (Glob::new(&glob), Glob::new(&other));
        let names = names(7);
        let is_superset = names.iter().all(|name| !other.matches(name) || glob.matches(name));
        prop_assert!(is_superset || !glob.covers(&other), "{} covers {}", glob, other);
    }

    #[test]
    fn the_last_pattern_that_matches_decides(list in vec("!?[ab*?]{1,4}", 0..5), name in "[ab]{1,6}") {
        let patterns = NamePatterns::new(list.iter().map(|text| NamePattern::new(text)).collect());
        let mut included = list.iter().all(|text| text.starts_with('!'));
        for text in &list {
            let glob = text.trim_start_matches('!');
            if matches(glob.as_bytes(), name.as_bytes()) {
                included = !text.starts_with('!');
            }
        }
        prop_assert_eq!(patterns.includes(&name), included);
    }

    #[test]
    fn a_list_without_its_useless_pattern_means_the_same(list in vec("!?[ab*?]{1,3}", 1..5)) {
        let patterns: Vec<_> = list.iter().map(|text| NamePattern::new(text)).collect();
        let all = NamePatterns::new(patterns.clone());
        let Some((useless, _)) = all.useless() else {
            return Ok(());
        };
        let nth = patterns.iter().position(|pattern| pattern == useless).unwrap();
        let mut without = patterns;
        without.remove(nth);
        let has_inclusion = |patterns: &[NamePattern]| patterns.iter().any(|pattern| !pattern.excludes);
        let kept_its_default = has_inclusion(&without) == all.iter().any(|pattern| !pattern.excludes);
        let without = NamePatterns::new(without);
        for name in names(5) {
            let decided = all.deciding(&name).is_some();
            prop_assert!(!(decided || kept_its_default) || all.includes(&name) == without.includes(&name), "{name}");
        }
    }
}
