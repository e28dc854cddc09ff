//! What a chat service is: its settings, the request that carries a message, and the meaning of an answer.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;

use super::delivery::{DeliveryError, DeliveryResult, ServiceAnswer};
use super::kind::MessageKinds;
use super::outgoing::{OutgoingMessage, Placement};
use super::url::check_url;
use crate::http_client::Method;

/// A configured service; its `Debug` output shows neither its secret nor its destination.
pub trait NotifyService: fmt::Debug + Send + Sync {
    /// The name in logs, metrics and the journal; it must never change.
    fn name(&self) -> &str;

    /// The name for people to read.
    fn title(&self) -> &str;

    /// The kinds of messages that the service gets if nothing else is chosen, and `notify.kinds` says `general`.
    fn kinds(&self, general: &MessageKinds) -> MessageKinds {
        general.clone()
    }

    /// The URL of the service.
    fn url(&self) -> &str;

    /// Whether messages can be replied to and edited.
    fn has_threads(&self) -> bool;

    /// The request that carries `message` at `now`. Where there are no threads, or the name of the parent is not one of the
    /// service's, a reply is a message of its own.
    ///
    /// # Errors
    /// `placement` asks for an edit of a message that cannot be edited, or the message cannot be written in the service's
    /// form.
    fn request(
        &self,
        message: &OutgoingMessage,
        placement: Placement<'_>,
        now: Timestamp,
    ) -> Result<ServiceRequest<'_>, DeliveryError>;

    /// The meaning of `answer` to a request with this placement.
    fn judge(&self, answer: &ServiceAnswer, placement: Placement<'_>) -> DeliveryResult;

    /// The texts to hide if the service echoes them, in whichever encoding: the secret, the URL and the destination.
    fn hidden(&self) -> Vec<&str>;
}

/// A request to a service.
pub struct ServiceRequest<'a> {
    /// POST for a new message; an edit may need another method.
    pub(crate) method: Method,
    /// The URL.
    pub url: String,
    /// The bearer token, if the service needs one.
    pub bearer: Option<&'a SecretString>,
    /// More headers; none of their values is shown.
    pub headers: Vec<(String, String)>,
    /// The media type of the body.
    pub content_type: Cow<'static, str>,
    /// The body.
    pub body: String,
}

/// The media type of JSON.
const JSON: &str = "application/json; charset=utf-8";

impl<'a> ServiceRequest<'a> {
    /// A POST of JSON to `url`.
    pub fn post(url: impl Into<String>, body: &Value) -> Self {
        Self {
            method: Method::POST,
            url: url.into(),
            bearer: None,
            headers: Vec::new(),
            content_type: JSON.into(),
            body: body.to_string(),
        }
    }

    /// The request with this bearer token.
    pub fn with_bearer(self, token: &'a SecretString) -> Self {
        Self {
            bearer: Some(token),
            ..self
        }
    }
}

/// The names and settings of a chat service.
#[derive(Debug)]
pub struct ServiceSpec {
    /// The name in logs and in the journal, e.g. `slack-webhook`; it must never change.
    pub name: &'static str,
    /// The name for people to read.
    pub title: &'static str,
    /// The settings. Secrets and texts are required: either all of them are set, or none.
    pub fields: &'static [ServiceField],
    /// Whether it gets messages of every kind unless its own key chooses, whatever `notify.kinds` says: a program filters them
    /// itself.
    pub gets_all_kinds: bool,
    /// The key of the kinds of messages that it gets, e.g. `notify.slack.kinds`.
    pub kinds_path: &'static str,
    /// Builds the service; called only if every required field is set.
    pub open: fn(&FieldValues) -> Arc<dyn NotifyService>,
}

impl ServiceSpec {
    /// The field that says where in the service, or to which URL, the messages go.
    pub fn destination(&self) -> Option<&'static ServiceField> {
        let is_text = |field: &&ServiceField| matches!(field.kind, FieldKind::Text);
        let is_url = |field: &&ServiceField| field.name() == "url";
        let text = self.fields.iter().find(is_text);
        text.or_else(|| self.fields.iter().find(is_url))
    }

    /// The kinds of messages that it gets if its own key chooses none, and `notify.kinds` says `general`.
    pub fn kinds(&self, general: &MessageKinds) -> MessageKinds {
        if self.gets_all_kinds {
            MessageKinds::all()
        } else {
            general.clone()
        }
    }
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

impl ServiceField {
    /// The name within its section: `channel` of `notify.slack.channel`.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }
}

/// What a setting of a chat service holds.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// A secret, given as a value or in a file that another key names.
    Secret {
        /// The key that names the file.
        file_path: &'static str,
        /// The meaning of that key, in a sentence.
        file_doc: &'static str,
        /// Checks the form of the secret.
        check: fn(&str) -> Result<(), FieldFault>,
    },
    /// A text: where in the service to write.
    Text,
    /// A URL with a default.
    Url(&'static str),
}

/// What is wrong with the value of a field, and what would be right; neither repeats the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldFault {
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}

impl FieldFault {
    /// Creates a fault.
    pub fn new(wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Self {
            wrong: wrong.into(),
            right: right.into(),
        }
    }
}

/// Checks that a secret is one word.
///
/// # Errors
/// The secret has a blank, or a character that no secret has.
pub fn check_token(secret: &str) -> Result<(), FieldFault> {
    if secret.chars().all(|c| c.is_ascii_graphic()) {
        Ok(())
    } else {
        let wrong = "the secret contains a space or another invalid character";
        Err(FieldFault::new(wrong, "copy it again"))
    }
}

/// Checks that a secret is a URL that may be posted to.
///
/// # Errors
/// What is wrong with the URL.
pub fn check_secret_url(secret: &str) -> Result<(), FieldFault> {
    check_token(secret)?;
    check_url(secret).map_err(|wrong| FieldFault::new(format!("the URL {wrong}"), wrong.remedy()))
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
    /// The values with this secret in place of the one of its key.
    #[must_use]
    pub fn with_secret(mut self, path: &'static str, secret: SecretString) -> Self {
        self.secrets.retain(|(key, _)| *key != path);
        self.secrets.push((path, secret));
        self
    }

    /// The values with this text in place of the one of its key.
    #[must_use]
    pub fn with_text(mut self, path: &'static str, text: String) -> Self {
        self.texts.retain(|(key, _)| *key != path);
        self.texts.push((path, text));
        self
    }

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
