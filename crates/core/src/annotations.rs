//! The annotation and label keys by which people direct macaque, and how their values are read and shown.

/// The prefix of macaque's own keys.
pub const PREFIX: &str = "macaque/";

/// The key by which a pod opts out: no, or anything that is not understood, keeps macaque off it.
pub const ENABLED: &str = "macaque/enabled";
/// The key that freezes a pod, and the pods of a namespace or an owner, until it is removed.
pub const FROZEN: &str = "macaque/frozen";
/// The key that freezes them until an instant.
pub const FROZEN_UNTIL: &str = "macaque/frozen-until";
/// The key that says how long a workload is expected to take until it is whole again. Only annotations are read.
pub const EXPECT: &str = "macaque/expect";

/// Every key that is read from pods, namespaces and owners.
pub const KNOWN: [&str; 4] = [ENABLED, EXPECT, FROZEN, FROZEN_UNTIL];

/// The words for yes and for no, some of them short forms of Go's and YAML's; case and blanks around do not matter.
const YES: [&str; 8] = ["true", "yes", "on", "1", "enabled", "enable", "y", "t"];
const NO: [&str; 8] = ["false", "no", "off", "0", "disabled", "disable", "n", "f"];

/// How many characters of a value are shown.
const SHOWN_CHARS: usize = 60;

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
