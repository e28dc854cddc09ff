//! The list of chat services. Settings, environment variables, documents and help are derived from each service's
//! [`ServiceSpec`].

use std::fmt;

use secrecy::SecretString;

use super::channel::Channel;
use super::{slack, webex};

/// All chat services, in the order of the documents.
pub static SERVICES: &[&ServiceSpec] = &[&slack::BOT, &slack::WEBHOOK, &webex::BOT];

/// The names and settings of a chat service.
#[derive(Debug)]
pub struct ServiceSpec {
    /// The name in logs and in the journal, e.g. `slack-webhook`; it must never change.
    pub name: &'static str,
    /// The name for people to read.
    pub title: &'static str,
    /// The settings. Secrets and texts are required: either all of them are set, or none.
    pub fields: &'static [ServiceField],
    /// Opens the channel; called only if every required field is set.
    pub open: fn(&FieldValues) -> Channel,
}

/// A setting of a chat service.
#[derive(Debug)]
pub struct ServiceField {
    /// The key, e.g. `notify.slack.channel`.
    pub path: &'static str,
    /// The meaning, in a sentence.
    pub doc: &'static str,
    /// What the setting holds.
    pub kind: FieldKind,
    /// The environment variable of the Go tool macaque, which still works.
    pub old_variable: Option<&'static str>,
}

/// What a setting of a chat service holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A secret, given as a value or in a file that another key names.
    Secret {
        /// The key that names the file.
        file_path: &'static str,
        /// The meaning of that key, in a sentence.
        file_doc: &'static str,
        /// Whether the secret is a URL.
        is_url: bool,
    },
    /// A text: where in the service to write.
    Text,
    /// A URL with a default.
    Url(&'static str),
}

/// The values of a service's fields; the `Debug` output shows only which of them are set.
#[derive(Clone, Default)]
pub struct FieldValues {
    /// Secrets by key.
    pub secrets: Vec<(&'static str, SecretString)>,
    /// Texts and URLs by key.
    pub texts: Vec<(&'static str, String)>,
}

impl FieldValues {
    /// The secret of this key; empty if it is not set.
    pub fn secret(&self, path: &str) -> SecretString {
        let found = self.secrets.iter().find(|(key, _)| *key == path);
        found.map(|(_, secret)| secret.clone()).unwrap_or_default()
    }

    /// The text of this key; empty if it is not set.
    pub fn text(&self, path: &str) -> String {
        let found = self.texts.iter().find(|(key, _)| *key == path);
        found.map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for FieldValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.secrets.iter().map(|(key, _)| key);
        let texts = self.texts.iter().map(|(key, _)| key);
        f.debug_set().entries(secrets.chain(texts)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_opens_under_its_own_name_and_shows_nothing_of_its_fields() {
        for spec in SERVICES {
            let mut values = FieldValues::default();
            for field in spec.fields {
                match field.kind {
                    FieldKind::Secret { .. } => values.secrets.push((field.path, "canary".into())),
                    FieldKind::Text | FieldKind::Url(_) => {
                        values.texts.push((field.path, "canary".to_owned()));
                    }
                }
            }
            let channel = (spec.open)(&values);
            assert_eq!(channel.name(), spec.name);
            assert!(
                !format!("{channel:?} {values:?}").contains("canary"),
                "{}",
                spec.name
            );

            let Channel::Service(service) = channel else {
                panic!("{} is a service", spec.name)
            };
            let secrets = spec.fields.len() - 1;
            assert!(service.hidden().len() >= secrets.max(1), "{}", spec.name);
        }
    }

    #[test]
    fn no_two_services_share_a_name_or_a_key() {
        let mut names: Vec<_> = SERVICES.iter().map(|spec| spec.name).collect();
        let fields = SERVICES.iter().flat_map(|spec| spec.fields);
        names.extend(fields.map(|field| field.path));
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
