//! Finds the setting that a misspelt name was probably meant to be.

use super::keys::{PREFIX, SettingKey, find, is_within, keys};
use super::table_fields::TableKind;

/// Keys that were replaced or are tried because other sections have them, and what is in their place: nothing that is spelt
/// like them.
const REPLACED: &[(&str, &str)] = &[
    ("metrics.enabled", "metrics.listen"),
    ("notify.recovery", "notify.kinds"),
];

/// The key or section that `path`, which is neither, was probably meant to be.
pub(super) fn nearest_path(path: &str) -> Option<String> {
    let replacement = REPLACED.iter().find(|(old, _)| *old == path);
    let replacement = replacement.map(|(_, new)| *new);
    replacement
        .or_else(|| nearest(path, paths(), '.'))
        .map(str::to_owned)
}

/// The one of `names` that `typed`, which is none of them, was probably meant to be.
pub(super) fn nearest_name(typed: &str, names: Vec<&'static str>) -> Option<&'static str> {
    nearest(typed, names, '.')
}

/// The key whose variable, new or old, `variable` was probably meant to be, and the name of that variable.
pub(super) fn nearest_variable(variable: &str) -> Option<(&'static SettingKey, String)> {
    let typed = variable.strip_prefix(PREFIX).unwrap_or(variable).to_uppercase();
    let path = typed.replace("__", ".").to_lowercase();
    let replacement = REPLACED.iter().find(|(old, _)| *old == path);
    if let Some(key) = replacement.and_then(|(_, new)| find(new)) {
        return Some((key, key.variable()));
    }

    let known = keys().iter().flat_map(|key| {
        let old = key.old_variable.map(|name| (key, name.to_owned()));
        std::iter::once((key, key.variable())).chain(old)
    });

    known
        .map(|(key, name)| (distance(&typed, &name[PREFIX.len()..], "__"), key, name))
        .filter_map(|(distance, key, name)| Some((distance?, key, name)))
        .min_by_key(|(distance, _, _)| *distance)
        .map(|(_, key, name)| (key, name))
}

/// The names that a section offers, or that the top offers.
pub(super) fn names_in(section: &str) -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for path in setting_paths() {
        let within = match section {
            "" => Some(path),
            _ if is_within(path, section) => Some(&path[section.len() + 1..]),
            _ => None,
        };
        if let Some(name) = within.and_then(|rest| rest.split('.').next())
            && !names.contains(&name)
        {
            names.push(name);
        }
    }

    names
}

/// Every key and every list of tables.
fn setting_paths() -> impl Iterator<Item = &'static str> {
    let keys = keys().iter().map(|key| key.path);
    keys.chain(TableKind::ALL.map(TableKind::section))
}

/// Every key, every list of tables and every section.
fn paths() -> Vec<&'static str> {
    let mut paths: Vec<&str> = setting_paths().collect();
    for mut path in setting_paths() {
        while let Some((section, _)) = path.rsplit_once('.') {
            if !paths.contains(&section) {
                paths.push(section);
            }
            path = section;
        }
    }

    paths
}

fn nearest(typed: &str, known: Vec<&'static str>, separator: char) -> Option<&'static str> {
    let separator = separator.to_string();
    known
        .into_iter()
        .filter_map(|path| Some((distance(typed, path, &separator)?, path)))
        .min()
        .map(|(_, path)| path)
}

/// How far a typed name is from a known one, `None` if too far to be meant. The whole may be misspelt, or the
/// last part may stand in the wrong section.
fn distance(typed: &str, known: &str, separator: &str) -> Option<usize> {
    const WRONG_SECTION: usize = 1;
    let whole = edits(typed, known);
    let last = edits(last_part(typed, separator), last_part(known, separator)).map(|n| n + WRONG_SECTION);
    match (whole, last) {
        (Some(whole), Some(last)) => Some(whole.min(last)),
        (whole, last) => whole.or(last),
    }
}

fn last_part<'a>(name: &'a str, separator: &str) -> &'a str {
    name.rsplit(separator).next().unwrap_or(name)
}

/// Edits between two names, if few for their length: one in three letters, or one word of a name of several.
fn edits(typed: &str, known: &str) -> Option<usize> {
    let edits = strsim::damerau_levenshtein(typed, known);
    let few = typed.chars().count().max(3) / 3;
    if edits <= few {
        return Some(edits);
    }
    let one_word = typed.len() >= 4 && known.split('_').any(|word| word == typed);
    one_word.then_some(few)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_recognised() {
        for (typed, meant) in [
            ("disrupt.methd", "disrupt.method"),
            ("dryrun", "dry_run"),
            ("schedule.time_zone", "schedule.timezone"),
            ("disrupt.grace", "disrupt.grace_period"),
            ("target.namespace", "target.namespaces"),
        ] {
            assert_eq!(nearest_path(typed).as_deref(), Some(meant), "{typed}");
        }
    }

    #[test]
    fn a_key_in_the_wrong_section_is_recognised() {
        assert_eq!(nearest_path("namespace").as_deref(), Some("target.namespaces"));
        assert_eq!(nearest_path("disrupt.cron").as_deref(), Some("schedule.cron"));
    }

    #[test]
    fn a_misspelt_section_is_recognised() {
        assert_eq!(nearest_path("disrpt").as_deref(), Some("disrupt"));
        assert_eq!(nearest_path("notify.slak").as_deref(), Some("notify.slack"));
    }

    #[test]
    fn a_name_like_no_other_gets_no_suggestion() {
        assert_eq!(nearest_path("webhooks_v2"), None);
        assert!(nearest_variable("MACAQUE_FROBNICATE").is_none());
    }

    #[test]
    fn a_key_that_was_replaced_leads_to_the_new_one() {
        assert_eq!(nearest_path("notify.recovery").as_deref(), Some("notify.kinds"));
        assert_eq!(nearest_path("metrics.enabled").as_deref(), Some("metrics.listen"));
        let (_, name) = nearest_variable("MACAQUE_NOTIFY__RECOVERY").unwrap();
        assert_eq!(name, "MACAQUE_NOTIFY__KINDS");
    }

    #[test]
    fn a_misspelt_variable_is_recognised() {
        for (typed, meant) in [
            ("MACAQUE_DISRUPT_GRACE_PERIOD", "MACAQUE_DISRUPT__GRACE_PERIOD"),
            ("MACAQUE_dry_run", "MACAQUE_DRY_RUN"),
            ("MACAQUE_SLAK_TOKEN", "MACAQUE_SLACK_TOKEN"),
            ("MACAQUE_CRON", "MACAQUE_SCHEDULE__CRON"),
        ] {
            let (_, name) = nearest_variable(typed).unwrap();
            assert_eq!(name, meant, "{typed}");
        }
    }

    #[test]
    fn a_misspelt_list_of_gates_is_recognised() {
        assert_eq!(
            nearest_path("guards.promethus").as_deref(),
            Some("guards.prometheus")
        );
        assert_eq!(
            nearest_path("alertmanager").as_deref(),
            Some("guards.alertmanager")
        );
        assert!(names_in("guards").contains(&"http") && names_in("guards").contains(&"whole"));
    }

    #[test]
    fn a_section_lists_its_names() {
        assert!(names_in("notify").contains(&"slack_webhook"));
        assert_eq!(names_in("log"), ["level", "format"]);
        assert!(names_in("").contains(&"dry_run"));
    }
}
