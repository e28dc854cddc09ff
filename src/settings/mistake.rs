//! Mistakes in the settings, worded so that they can be fixed: which key, where it was set, what would be right.

use std::fmt;

/// One mistake in the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingMistake {
    /// The key, such as `disrupt.method`; for what is no key, the environment variable, flag or file at fault.
    pub key: String,
    /// Where it was set: a file with its line, an environment variable, a flag. `None` if it was set nowhere, and the
    /// default applies.
    pub source: Option<String>,
    /// What is wrong. The value is quoted, unless it is a secret.
    pub wrong: String,
    /// What would be right. `None` if what is wrong says it already.
    pub right: Option<String>,
}

impl fmt::Display for SettingMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.wrong)?;
        if let Some(right) = &self.right {
            write!(f, ": {right}")?;
        }
        if let Some(source) = &self.source {
            write!(f, " ({source})")?;
        }
        Ok(())
    }
}

/// Every mistake of the settings, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingMistakes(Vec<SettingMistake>);

impl SettingMistakes {
    pub(super) fn new(mistakes: Vec<SettingMistake>) -> Self {
        Self(mistakes)
    }

    /// The mistakes in the order of their discovery: file, environment, flags, then the settings as a whole.
    pub fn iter(&self) -> std::slice::Iter<'_, SettingMistake> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a SettingMistakes {
    type Item = &'a SettingMistake;
    type IntoIter = std::slice::Iter<'a, SettingMistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One mistake a line, under a heading if there are several.
impl fmt::Display for SettingMistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [only] => write!(f, "{only}"),
            several => {
                write!(f, "{} mistakes in the settings:", several.len())?;
                several.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
            }
        }
    }
}

impl std::error::Error for SettingMistakes {}

/// The proof that a mistake was reported: only `SettingsDecoder` hands it out, so a value that is
/// `Err(MistakeReported)` is never lost in silence.
#[derive(Debug)]
pub(super) struct MistakeReported(());

impl MistakeReported {
    /// Adds the mistake to the list.
    pub(super) fn to(list: &mut Vec<SettingMistake>, mistake: SettingMistake) -> Self {
        list.push(mistake);
        Self(())
    }

    /// The proof for a value that is missing only because of a mistake reported before.
    pub(super) fn before() -> Self {
        Self(())
    }
}

/// A value as a message shows it: quoted, escaped, and not longer than a line.
pub(super) fn quote(value: &str) -> String {
    const LONGEST: usize = 60;
    match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}…", &value[..end]),
        None => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(key: &str) -> SettingMistake {
        SettingMistake {
            key: key.into(),
            source: Some("m.toml line 2".into()),
            wrong: "\"kill\" is not a method".into(),
            right: Some("use \"evict\" or \"delete\"".into()),
        }
    }

    #[test]
    fn a_mistake_names_key_fault_remedy_and_source() {
        assert_eq!(
            mistake("disrupt.method").to_string(),
            r#"disrupt.method: "kill" is not a method: use "evict" or "delete" (m.toml line 2)"#
        );
    }

    #[test]
    fn several_mistakes_are_counted_and_listed() {
        let both = SettingMistakes::new(vec![mistake("a"), mistake("b")]).to_string();
        assert!(both.starts_with("2 mistakes in the settings:\n  a: "), "{both}");
        assert_eq!(both.lines().count(), 3);
    }

    #[test]
    fn a_quoted_value_stays_on_one_line_and_short() {
        assert_eq!(quote("a\nb"), r#""a\nb""#);
        assert_eq!(quote(&"é".repeat(500)).chars().count(), 63);
    }
}
