//! The annotation and label keys by which people direct macaque, and how their values are read and shown.

use std::collections::BTreeMap;

/// The prefix of macaque's own keys.
pub const PREFIX: &str = "macaque/";

/// The key by which a pod, and the pods of a namespace or an owner, opt in or out: no, or anything that is not understood,
/// keeps macaque off them.
pub const ENABLED: &str = "macaque/enabled";
/// The key that freezes a pod, and the pods of a namespace or an owner, until it is removed.
pub const FROZEN: &str = "macaque/frozen";
/// The key that freezes them until an instant.
pub const FROZEN_UNTIL: &str = "macaque/frozen-until";
/// The key that says how long a workload is expected to take until it is whole again. Only annotations are read.
pub const EXPECT: &str = "macaque/expect";
/// The key that says how often a workload has a turn. Only annotations are read.
pub const EVERY: &str = "macaque/every";
/// The key that says how many pods of a workload must stay ready. Only annotations are read.
pub const MIN_READY: &str = "macaque/min-ready";
/// The key that names the team of a workload, by which messages are routed. Only annotations are read.
pub const TEAM: &str = "macaque/team";

/// Every key that is read from pods, namespaces and owners.
pub const KNOWN: [&str; 7] = [ENABLED, EVERY, EXPECT, FROZEN, FROZEN_UNTIL, MIN_READY, TEAM];

/// The keys that are read from annotations alone.
pub const OF_ANNOTATIONS: [&str; 4] = [EVERY, EXPECT, MIN_READY, TEAM];

/// The words for yes and for no, some of them short forms of Go's and YAML's; case and blanks around do not matter.
const YES: [&str; 8] = ["true", "yes", "on", "1", "enabled", "enable", "y", "t"];
const NO: [&str; 8] = ["false", "no", "off", "0", "disabled", "disable", "n", "f"];

/// How many characters of a value are shown.
const SHOWN_CHARS: usize = 60;

/// How many characters of a team's name count: as many as a label's value may have.
const TEAM_CHARS: usize = 63;

/// The team that the first of these annotations to name one names, without characters that cannot be printed.
pub fn team<'a>(levels: impl IntoIterator<Item = &'a BTreeMap<String, String>>) -> Option<String> {
    let named = levels.into_iter().filter_map(|annotations| annotations.get(TEAM));
    let mut printable = named.map(|name| {
        let printable: String = name.chars().filter(|c| is_printable(*c)).collect();
        let kept: String = printable.trim().chars().take(TEAM_CHARS).collect();
        kept.trim_end().to_owned()
    });
    printable.find(|name| !name.is_empty())
}

/// Whether a character of a team's name is one that people see.
fn is_printable(c: char) -> bool {
    c.is_alphanumeric() || c.is_ascii_graphic() || c == ' '
}

/// Reads a word for yes or no.
pub fn yes_or_no(value: &str) -> Option<bool> {
    let word = value.trim().to_lowercase();
    let is_yes = YES.contains(&&*word);
    let is_no = NO.contains(&&*word);
    (is_yes || is_no).then_some(is_yes)
}

/// The key and the value in quotes, of which a long one is shortened: `macaque/enabled="false"`.
pub fn pair(key: &str, value: &str) -> String {
    let shown: String = value.chars().take(SHOWN_CHARS).collect();
    let rest = if shown.len() < value.len() { "…" } else { "" };
    format!("{key}={shown:?}{rest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(TEAM.to_owned(), name.to_owned())])
    }

    #[test]
    fn the_nearest_annotation_names_the_team_in_printable_text_of_bounded_length() {
        let none = BTreeMap::new();
        assert_eq!(team([&none, &none]), None);
        assert_eq!(
            team([&named("payments"), &named("shop")]).as_deref(),
            Some("payments")
        );
        assert_eq!(team([&none, &named("shop")]).as_deref(), Some("shop"));
        assert_eq!(team([&named(" \n"), &named("shop")]).as_deref(), Some("shop"));
        assert_eq!(
            team([&named(" pay\u{1b}me\u{202e}nts\n ")]).as_deref(),
            Some("payments")
        );
        let long = team([&named(&"é".repeat(1000))]).unwrap();
        assert_eq!(long.chars().count(), TEAM_CHARS);
        let cut = format!("{} shop", "p".repeat(TEAM_CHARS - 1));
        assert_eq!(team([&named(&cut)]).unwrap(), "p".repeat(TEAM_CHARS - 1));
    }
}
