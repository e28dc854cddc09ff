//! Lists of names as chaoskube takes them for namespaces and kinds: `NAME` includes, `!NAME` excludes.

use std::collections::BTreeSet;

use crate::migrate::translator::{GivenText, Translator};

/// The names that a flag includes and excludes. If none is included, all are.
#[derive(Debug, Default)]
pub(super) struct NameSelection {
    pub(super) included: BTreeSet<String>,
    pub(super) excluded: BTreeSet<String>,
}

impl NameSelection {
    /// Reads the names of a flag, each of which passes `check`, or notes the mistakes with what would be `right`.
    pub(super) fn read(
        translator: &mut Translator,
        given: Option<&GivenText>,
        check: fn(&str) -> bool,
        right: &str,
    ) -> Self {
        let mut selection = Self::default();
        let Some(given) = given else {
            return selection;
        };
        for entry in given.text.split(',').map(str::trim) {
            let (names, name) = match entry.strip_prefix('!') {
                Some(name) => (&mut selection.excluded, name.trim()),
                None => (&mut selection.included, entry),
            };
            if check(name) {
                names.insert(name.to_owned());
            } else {
                let wrong = format!("{entry:?} is neither a name nor ! and a name");
                translator.refuse(&given.origin, &wrong, right);
            }
        }
        selection
    }
}
