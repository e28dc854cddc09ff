//! The patterns of chaoskube on the names of pods, as globs on the names of their owners.
//!
//! A pod is named after its owner: `NAME-` and letters and digits that Kubernetes generates, which hold no vowel. So a
//! plain text, at the beginning or anywhere, can be looked for in the owner's name. Whatever else a regular expression says
//! has no equal.

use macaque_core::name_patterns::{NamePattern, NamePatterns};

use crate::migrate::migration::UnmigratedEffect::Wider;
use crate::migrate::translator::Translator;

/// A pattern that is a plain text.
struct PlainPattern<'a> {
    text: &'a str,
    /// Whether the text must be at the beginning.
    is_prefix: bool,
}

/// Translates both patterns: the last glob that matches decides, so those that exclude come last.
pub(super) fn translate(translator: &mut Translator) {
    let mut globs = Vec::new();
    let mut origins = Vec::new();
    for (name, excludes) in [("included-pod-names", false), ("excluded-pod-names", true)] {
        let Some(given) = translator.text(name) else {
            continue;
        };
        let plain = PlainPattern::read(&given.text).filter(|plain| !excludes || plain.is_of_owner());
        match plain {
            Some(plain) => {
                let sign = if excludes { "!" } else { "" };
                globs.extend(plain.globs().into_iter().map(|glob| format!("{sign}{glob}")));
                if excludes {
                    translator.lose(
                        given.shown(),
                        "target.names leaves out the owners with such names, but pods of a custom kind may have it where \
                         their owner has not: see what macaque plan shows before you arm it",
                        Wider,
                    );
                }
                origins.push(given.origin);
            }
            None if excludes => translator.lose(
                given.shown(),
                "macaque takes globs on the names of owners: name what is to be left out in target.names, such as \
                 \"!*-canary\", or let the pods opt out with the annotation macaque/enabled: \"false\"",
                Wider,
            ),
            None => translator.lose(
                given.shown(),
                "macaque takes globs on the names of owners: name them in target.names, such as \"cart-*\"",
                Wider,
            ),
        }
    }
    if globs.is_empty() {
        return;
    }

    let patterns = globs.iter().map(|glob| NamePattern::new(glob)).collect();
    if NamePatterns::new(patterns).useless().is_some() {
        let wrong = "leave no name, so chaoskube disrupts nothing";
        translator.refuse(&origins.join(", "), wrong, "leave one of them out");
        return;
    }
    let remark = "globs on the names of owners, after which their pods are named";
    translator.set_with("target.names", globs, &origins.join(", "), remark);
}

impl<'a> PlainPattern<'a> {
    /// Reads a regular expression that is no more than a text, at the beginning or anywhere.
    fn read(expression: &'a str) -> Option<Self> {
        let (text, is_prefix) = match expression.strip_prefix('^') {
            Some(rest) => (rest, !rest.starts_with(".*")),
            None => (expression, false),
        };
        let text = text.strip_prefix(".*").unwrap_or(text);
        let text = text
            .strip_suffix('$')
            .filter(|text| text.ends_with(".*"))
            .unwrap_or(text);
        let text = text.strip_suffix(".*").unwrap_or(text);

        let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let is_plain = text.chars().all(is_of_name) && text.contains(|c| c != '-');
        is_plain.then_some(Self { text, is_prefix })
    }

    /// Whether each pod whose name holds the text has an owner whose name does: what is generated is no part of it.
    fn is_of_owner(&self) -> bool {
        let words: Vec<&str> = self.text.split('-').filter(|word| !word.is_empty()).collect();
        let is_first_word = self.is_prefix && words.len() == 1 && !self.text.starts_with('-');
        let has_vowel = words
            .last()
            .is_some_and(|word| word.contains(['a', 'e', 'i', 'o', 'u']));
        is_first_word || has_vowel
    }

    /// The globs that the names of the owners match.
    fn globs(&self) -> Vec<String> {
        let before = if self.is_prefix { "" } else { "*" };
        let longer = format!("{before}{}*", self.text);
        match self.text.strip_suffix('-') {
            // The dash may be the one behind the owner's name.
            Some(name) => vec![format!("{before}{name}"), longer],
            None => vec![longer],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn globs(expression: &str) -> Option<Vec<String>> {
        PlainPattern::read(expression).map(|plain| plain.globs())
    }

    #[test]
    fn a_plain_text_becomes_globs_and_nothing_else_does() {
        for (expression, expected) in [
            ("^web", vec!["web*"]),
            ("^web.*", vec!["web*"]),
            ("^web.*$", vec!["web*"]),
            ("^web-", vec!["web", "web-*"]),
            ("canary", vec!["*canary*"]),
            (".*canary.*", vec!["*canary*"]),
            ("^.*canary", vec!["*canary*"]),
            ("-db-", vec!["*-db", "*-db-*"]),
        ] {
            assert_eq!(globs(expression).unwrap(), expected, "{expression}");
        }
        for expression in [
            "",
            "^",
            ".*",
            "-",
            "web$",
            "^(web|cart)",
            "web|cart",
            "web.",
            "we?b",
            "[ab]",
            "Web",
            "a\\-b",
        ] {
            assert_eq!(globs(expression), None, "{expression}");
        }
    }

    #[test]
    fn only_what_is_never_generated_can_be_excluded_by_the_owners_name() {
        for (expression, is_of_owner) in [
            ("^db", true),
            ("^db-", true),
            ("canary", true),
            ("^web-canary", true),
            // A name of a pod may be web-7d9f, or db-0.
            ("^web-7", false),
            ("^db-0", false),
            ("db", false),
            ("0", false),
        ] {
            let plain = PlainPattern::read(expression).unwrap();
            assert_eq!(plain.is_of_owner(), is_of_owner, "{expression}");
        }
    }
}
