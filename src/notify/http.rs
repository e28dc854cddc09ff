//! A service over HTTP whose body is a template: its settings, its request, and the meaning of the answers.

mod builtin;
mod filters;
mod format;
mod template;

use std::fmt;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

pub use self::builtin::{BUILT_IN, BuiltInTemplate};
pub use self::format::BodyFormat;
pub use self::template::{BodyTemplate, TemplateFault};

use super::data::message_data;
use super::delivery::{Delivery, DeliveryError, DeliveryResult, ServiceAnswer, judge_status};
use super::kind::{MessageKind, MessageKinds};
use super::outgoing::{OutgoingMessage, Placement};
use super::partial_json::PartialObject;
use super::sample::samples;
use super::service::{NotifyService, ServiceRequest};
use crate::http_client::Method;

/// The fields in which services say what is wrong, the best first.
const EXPLANATIONS: [&str; 5] = ["message", "error", "detail", "description", "title"];

/// A service over HTTP; its `Debug` output shows its name alone.
pub struct HttpChannel {
    /// The name in logs, metrics and the journal: `http/NAME`.
    pub name: String,
    /// The method.
    pub method: HttpChannelMethod,
    /// The complete URL.
    pub url: SecretString,
    /// The token that is sent as `Authorization: Bearer`.
    pub token: Option<SecretString>,
    /// More headers, by name.
    pub headers: Vec<(String, SecretString)>,
    /// The media type of the body.
    pub content_type: String,
    /// The template of the body.
    pub template: BodyTemplate,
    /// What the template may write into the body, by name.
    pub secrets: Vec<(String, SecretString)>,
    /// The kinds of messages that the template is for, if it is not for all.
    pub template_kinds: Option<MessageKinds>,
}

/// The method of a channel's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpChannelMethod {
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
}

impl HttpChannelMethod {
    /// Every method.
    pub const ALL: [Self; 3] = [Self::Post, Self::Put, Self::Patch];

    /// The method as the configuration has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

/// Renders a sample of every kind of message that a channel gets, so that a mistake shows at start.
///
/// # Errors
/// The first sample that cannot be rendered, with its kind.
pub fn prove(
    template: &BodyTemplate,
    secrets: &[(String, SecretString)],
    kinds: &MessageKinds,
) -> Result<(), TemplateFault> {
    for message in samples().filter(|message| kinds.include(message)) {
        template
            .render(&template_data(&message), secrets)
            .map_err(|fault| {
                let kinds = MessageKind::of(&message);
                let kind = kinds.first().map_or("", |kind| kind.as_str());
                TemplateFault {
                    wrong: format!("{} (for a message of kind {kind})", fault.wrong),
                    ..fault
                }
            })?;
    }
    Ok(())
}

/// What a template sees of a message, beside the secrets.
pub fn template_data(message: &OutgoingMessage) -> Value {
    let mut data = message_data(message);
    data["slot"] = json!(message.slot().to_string());
    data
}

impl NotifyService for HttpChannel {
    fn name(&self) -> &str {
        &self.name
    }

    fn title(&self) -> &str {
        &self.name
    }

    fn kinds(&self, general: &MessageKinds) -> MessageKinds {
        self.template_kinds.as_ref().unwrap_or(general).clone()
    }

    fn url(&self) -> &str {
        self.url.expose_secret()
    }

    fn has_threads(&self) -> bool {
        false
    }

    fn request(
        &self,
        message: &OutgoingMessage,
        placement: Placement<'_>,
        _: Timestamp,
    ) -> Result<ServiceRequest<'_>, DeliveryError> {
        placement.refuse_edit(self.title())?;
        let body = self.template.render(&template_data(message), &self.secrets);
        let body = body.map_err(|fault| {
            DeliveryError::permanent(format!("the template of {} failed: {fault}", self.name))
        })?;
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));

        Ok(ServiceRequest {
            method: match self.method {
                HttpChannelMethod::Post => Method::POST,
                HttpChannelMethod::Put => Method::PUT,
                HttpChannelMethod::Patch => Method::PATCH,
            },
            url: self.url.expose_secret().to_owned(),
            bearer: self.token.as_ref(),
            headers: headers.collect(),
            content_type: self.content_type.clone().into(),
            body,
        })
    }

    fn judge(&self, answer: &ServiceAnswer, _: Placement<'_>) -> DeliveryResult {
        let parsed = PartialObject::parse(&answer.body);
        let detail = EXPLANATIONS.iter().find_map(|field| parsed.text(field));
        let nested = parsed.object("error").and_then(|error| error.get("message"));
        let detail = detail.or_else(|| nested?.as_str());
        judge_status(self.title(), answer, detail)?;
        Ok(Delivery::CONFIRMED)
    }

    fn hidden(&self) -> Vec<&str> {
        let headers = self.headers.iter().map(|(_, value)| value);
        let secrets = self.secrets.iter().map(|(_, value)| value);
        let all = [&self.url].into_iter().chain(&self.token);
        all.chain(headers)
            .chain(secrets)
            .map(|secret| secret.expose_secret())
            .collect()
    }
}

impl fmt::Debug for HttpChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpChannel")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
