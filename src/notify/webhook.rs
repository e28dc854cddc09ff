//! The signed webhook: its settings, its request, and the meaning of the answers.
//!
//! A message is an event of CloudEvents 1.0 in JSON (<https://github.com/cloudevents/spec>), signed as Standard Webhooks
//! 1.0 says (<https://www.standardwebhooks.com>).

mod event;
mod signature;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

pub use self::event::{cloud_event, event_id};
pub use self::signature::{check_signing_secrets, signatures};

use super::delivery::{Delivery, DeliveryError, DeliveryResult, ServiceAnswer, judge_status};
use super::kind::MessageKinds;
use super::outgoing::{OutgoingMessage, Placement};
use super::service::{
    FieldKind, FieldValues, NotifyService, ServiceField, ServiceRequest, ServiceSpec, check_secret_url,
};

const URL: &str = "notify.webhook.url";
const SECRET: &str = "notify.webhook.secret";

/// The media type of an event in JSON.
const CLOUD_EVENT: &str = "application/cloudevents+json; charset=utf-8";

/// The specification of the signed webhook. Its receivers are programs, which filter events by their type.
pub static WEBHOOK: ServiceSpec = ServiceSpec {
    name: "webhook",
    title: "the webhook",
    gets_all_kinds: true,
    kinds_path: "notify.webhook.kinds",
    fields: &[
        ServiceField {
            path: URL,
            doc: "The URL that events are posted to, in the form of CloudEvents.",
            kind: FieldKind::Secret {
                file_path: "notify.webhook.url_file",
                file_doc: "A file that holds the URL that events are posted to.",
                check: check_secret_url,
            },
            old_variable: None,
        },
        ServiceField {
            path: SECRET,
            doc: "The secret by which events are signed, as Standard Webhooks says: `whsec_` and the base64 of 24 to 64 \
                  bytes. Several, separated by spaces, all sign.",
            kind: FieldKind::Secret {
                file_path: "notify.webhook.secret_file",
                file_doc: "A file that holds the secret by which events are signed.",
                check: check_signing_secrets,
            },
            old_variable: None,
        },
    ],
    open: |fields: &FieldValues| {
        Arc::new(SignedWebhook {
            url: fields.secret(URL),
            secret: fields.secret(SECRET),
        })
    },
};

/// A receiver of signed events.
#[derive(Clone)]
pub struct SignedWebhook {
    /// The complete URL.
    pub url: SecretString,
    /// The signing secret, or several with blanks between them.
    pub secret: SecretString,
}

impl NotifyService for SignedWebhook {
    fn name(&self) -> &str {
        WEBHOOK.name
    }

    fn title(&self) -> &str {
        WEBHOOK.title
    }

    fn kinds(&self, general: &MessageKinds) -> MessageKinds {
        WEBHOOK.kinds(general)
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
        now: Timestamp,
    ) -> Result<ServiceRequest<'_>, DeliveryError> {
        placement.refuse_edit(WEBHOOK.title)?;

        let id = event_id(message);
        let seconds = now.as_second().to_string();
        let mut request = ServiceRequest::post(self.url.expose_secret(), &cloud_event(message));
        let signed = format!("{id}.{seconds}.{}", request.body);
        let signatures = signatures(self.secret.expose_secret(), &signed)
            .map_err(|fault| DeliveryError::permanent(format!("{SECRET}: {}", fault.wrong)))?;

        request.content_type = CLOUD_EVENT.into();
        request.headers = [
            ("webhook-id", id),
            ("webhook-timestamp", seconds),
            ("webhook-signature", signatures),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into();
        Ok(request)
    }

    fn judge(&self, answer: &ServiceAnswer, _: Placement<'_>) -> DeliveryResult {
        judge(answer)
    }

    fn hidden(&self) -> Vec<&str> {
        let secrets = self.secret.expose_secret().split_ascii_whitespace();
        let keys = secrets
            .clone()
            .filter_map(|secret| secret.strip_prefix(signature::PREFIX));
        [self.url.expose_secret()]
            .into_iter()
            .chain(secrets)
            .chain(keys)
            .collect()
    }
}

impl fmt::Debug for SignedWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedWebhook").finish_non_exhaustive()
    }
}

/// Judges an answer by its status alone: a receiver's body means nothing, and may echo what was sent.
pub fn judge(answer: &ServiceAnswer) -> DeliveryResult {
    let title = WEBHOOK.title;
    if answer.status == 410 {
        return Err(DeliveryError::channel_gone(format!(
            "{title} answered 410: its receiver wants no more events (remove it from [notify], or set the URL of another)"
        )));
    }

    judge_status(title, answer, None).map_err(|error| with_remedy(error, answer.status))?;
    Ok(Delivery::CONFIRMED)
}

/// Adds where to look if the receiver refuses the events.
fn with_remedy(mut error: DeliveryError, status: u16) -> DeliveryError {
    error.why.push_str(match status {
        400 | 401 | 403 => " (does the receiver know this notify.webhook.secret, and is its clock right?)",
        404 | 405 => " (check notify.webhook.url)",
        415 => " (the receiver must take application/cloudevents+json)",
        _ => "",
    });
    error
}

#[cfg(test)]
mod tests;
