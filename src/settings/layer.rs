//! One layer of settings, as the `config` crate takes it: dotted paths with values that know their origin.

use ::config::{ConfigError, Map, Source, Value, ValueKind};

use super::given_table::GivenTable;
use super::keys::{DefaultChoice, KeyKind, SettingKey, is_within};
use super::mistake::{SettingMistake, quote};

/// The settings of one source (the defaults, the file, the environment or the flags), and its mistakes.
#[derive(Default, Clone)]
pub(super) struct SettingsLayer {
    /// Values by dotted path; only paths of the table of keys.
    pub(super) values: Map<String, Value>,
    /// The tables of which a file may hold several, such as gates; only the file sets them.
    pub(super) tables: Vec<GivenTable>,
    /// Mistakes: what could not become a value.
    pub(super) mistakes: Vec<SettingMistake>,
    /// Keys and sections that a mistake was probably meant to set: they are not missing on top of it.
    pub(super) meant: Vec<String>,
}

impl SettingsLayer {
    /// The layer of the defaults.
    pub(super) fn defaults(keys: &[SettingKey]) -> Self {
        let values = keys.iter().filter_map(|key| {
            let kind: ValueKind = match key.kind {
                KeyKind::Boolean(default) => default.into(),
                KeyKind::Count(default, _) => default?.into(),
                KeyKind::Text(default) | KeyKind::Duration(default) => default.into(),
                KeyKind::List(_) => ValueKind::Array(Vec::new()),
                KeyKind::Choice(DefaultChoice::On, _) => true.into(),
                KeyKind::Choice(DefaultChoice::Number(default), _) => default.into(),
                KeyKind::Choice(DefaultChoice::Word(default), _) => default.into(),
                KeyKind::OptionalList(_) | KeyKind::OptionalText | KeyKind::Secret => return None,
            };
            Some((key.path.to_owned(), Value::new(None, kind)))
        });

        Self {
            values: values.collect(),
            ..Self::default()
        }
    }

    /// Sets a key from text (an environment variable or a flag); `true` and `false` may be in any letter case, as other
    /// programs write them. Text that is not of the key's kind stays text, for the decoder to refuse.
    ///
    /// Text that says nothing is a mistake: it comes from a variable of a script that is not set, and would undo what
    /// another source says.
    pub(super) fn set_text(&mut self, key: &SettingKey, text: &str, origin: &str) {
        let text = text.trim();
        let origin = origin.to_owned();
        if says_nothing(key.kind, text) {
            let mistake = SettingMistake {
                key: key.path.to_owned(),
                source: Some(origin),
                wrong: format!("{} is empty", quote(text)),
                right: Some("give a value, or leave it out".to_owned()),
            };
            return self.refuse(mistake, Some(key.path.to_owned()));
        }
        let kind: ValueKind = match key.kind {
            KeyKind::Boolean(_) => boolean(text).unwrap_or_else(|| text.into()),
            KeyKind::Count(..) => number(text).unwrap_or_else(|| text.into()),
            KeyKind::Choice(..) => boolean(text).or(number(text)).unwrap_or_else(|| text.into()),
            KeyKind::List(separator) | KeyKind::OptionalList(separator) => ValueKind::Array(
                entries(text, separator)
                    .map(|entry| Value::new(Some(&origin), entry))
                    .collect(),
            ),
            KeyKind::Text(_) | KeyKind::OptionalText | KeyKind::Duration(_) | KeyKind::Secret => text.into(),
        };

        self.values
            .insert(key.path.to_owned(), Value::new(Some(&origin), kind));
    }

    /// Sets a key as [`Self::set_text`] does, but adds to a list that this layer set before.
    pub(super) fn add_text(&mut self, key: &SettingKey, text: &str, origin: &str) {
        let before = self.values.remove(key.path);
        self.set_text(key, text, origin);
        if let (Some(before), Some(now)) = (before, self.values.get_mut(key.path))
            && let (ValueKind::Array(mut first), ValueKind::Array(then)) = (before.kind, &mut now.kind)
        {
            first.append(then);
            *then = first;
        }
    }

    /// Notes that `mistake` was probably meant to set `key`, a key or section.
    pub(super) fn refuse(&mut self, mistake: SettingMistake, meant: Option<String>) {
        self.mistakes.push(mistake);
        self.meant.extend(meant);
    }
}

/// Whether a mistake about `meant` (a key or a section) explains why `key` is not set.
pub(super) fn explains(meant: &str, key: &str) -> bool {
    meant == key || is_within(key, meant)
}

fn boolean(text: &str) -> Option<ValueKind> {
    let value = text.to_ascii_lowercase().parse::<bool>();
    value.ok().map(Into::into)
}

fn number(text: &str) -> Option<ValueKind> {
    text.parse::<i64>().ok().map(Into::into)
}

/// Whether text is nothing but blanks, or separators of a list.
fn says_nothing(kind: KeyKind, text: &str) -> bool {
    match kind {
        KeyKind::List(separator) | KeyKind::OptionalList(separator) => {
            entries(text, separator).next().is_none()
        }
        _ => text.is_empty(),
    }
}

/// The entries of a list that was given as text.
pub(super) fn entries(text: &str, separator: char) -> impl Iterator<Item = &str> {
    text.split(separator)
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}

impl std::fmt::Debug for SettingsLayer {
    /// Shows the paths alone: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

impl Source for SettingsLayer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        Ok(self.values.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::keys::{find, keys};

    fn text(path: &str, text: &str) -> ValueKind {
        let mut layer = SettingsLayer::default();
        layer.set_text(find(path).unwrap(), text, "test");
        layer.values.remove(path).unwrap().kind
    }

    #[test]
    fn text_becomes_what_its_key_holds_or_stays_text() {
        assert_eq!(text("dry_run", " false\n"), ValueKind::Boolean(false));
        assert_eq!(text("dry_run", "False"), ValueKind::Boolean(false));
        assert_eq!(text("dry_run", "TRUE"), ValueKind::Boolean(true));
        assert_eq!(text("dry_run", "yes"), ValueKind::String("yes".into()));
        assert_eq!(text("disrupt.count", "2"), ValueKind::I64(2));
        assert_eq!(text("disrupt.count", "1.9"), ValueKind::String("1.9".into()));
        assert_eq!(text("guards.min_ready", "3"), ValueKind::I64(3));
        assert_eq!(text("guards.min_ready", "50%"), ValueKind::String("50%".into()));
        assert_eq!(text("guards.min_ready", "FALSE"), ValueKind::Boolean(false));
        assert_eq!(text("target.selector", "true"), ValueKind::String("true".into()));
    }

    #[test]
    fn a_list_as_text_is_split_and_trimmed() {
        let ValueKind::Array(entries) = text("target.namespaces", " shop, pay ,,") else {
            panic!("no list")
        };
        let entries: Vec<_> = entries.into_iter().map(|entry| entry.kind).collect();
        assert_eq!(
            entries,
            [ValueKind::from("shop"), ValueKind::from("pay")],
            "trimmed, without empty entries"
        );
    }

    #[test]
    fn every_key_but_the_absent_ones_has_a_default() {
        let defaults = SettingsLayer::defaults(keys());
        for key in keys() {
            assert_eq!(
                defaults.values.contains_key(key.path),
                key.default_toml().is_some(),
                "{}",
                key.path
            );
        }
    }

    #[test]
    fn a_layer_never_shows_its_values() {
        let mut layer = SettingsLayer::default();
        layer.set_text(find("notify.slack.token").unwrap(), "canary", "test");
        assert_eq!(format!("{layer:?}"), r#"{"notify.slack.token"}"#);
    }
}
