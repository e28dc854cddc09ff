//! Delivers what people are to know of a round and of the recoveries from it: turns each report into one message, which
//! each channel delivers in its own form.
//!
//! This module depends on reports and HTTP, and neither on Kubernetes nor on actors. [`message`] holds the wording,
//! [`registry`] the list of chat services, [`client`] the client, and each service's own file its payload and the
//! meaning of its answers. Tokens, URLs and destinations appear in no error, log line or `Debug` output.

pub mod channel;
pub mod client;
pub mod data;
pub mod delivery;
pub mod http;
pub mod kind;
mod local_time;
mod log_channel;
pub mod message;
pub mod outgoing;
mod partial_json;
pub mod registry;
pub mod retry;
mod route;
pub mod sample;
pub mod service;
pub mod slack;
pub mod teams;
pub mod test_message;
pub mod url;
pub mod webex;
pub mod webhook;

pub use self::channel::{Channel, ServiceChannel};
pub use self::client::{NotifyClient, NotifyClientError};
pub use self::delivery::{Delivery, DeliveryError, DeliveryResult, Retryable};
pub use self::http::HttpChannel;
pub use self::kind::{MessageKind, MessageKinds};
pub use self::message::{MessageContext, NoticeMessage, RecoveryMessage, RoundMessage};
pub(crate) use self::message::{missed_turn, warnings};
pub use self::outgoing::{OutgoingMessage, Placement};
pub use self::retry::{DeliveryRetry, TryCount};
pub use self::route::{NamespacePattern, Route};
pub use self::service::{NotifyService, ServiceRequest};
pub use self::slack::{SlackBot, SlackWebhook};
pub use self::teams::TeamsWorkflow;
pub use self::url::{UrlError, check_base_url, check_url};
pub use self::webex::WebexBot;
pub use self::webhook::SignedWebhook;

use crate::platform::Platform;
use crate::redact::Redactor;

/// Tries once to deliver `message` to its `placement` in `channel`, within the deadline of `http`.
///
/// An error [`Retryable::InDoubt`] does not prove that the message was not delivered: the answer may have been lost.
pub async fn deliver(
    http: &NotifyClient,
    channel: &Channel,
    message: &OutgoingMessage,
    placement: Placement<'_>,
) -> DeliveryResult {
    match channel {
        Channel::Log => {
            log_channel::write(message);
            Ok(Delivery::CONFIRMED)
        }
        Channel::Listener(listener) => {
            // Sending fails only if the listener was dropped, which is no failure of the delivery.
            let _ = listener.send(message.clone());
            Ok(Delivery::CONFIRMED)
        }
        Channel::Service(channel) => {
            let service = &channel.service;
            let title = service.title();
            let request = service.request(message, placement, http.now());
            let result = match request {
                Ok(request) => http.send(title, &request).await,
                Err(error) => Err(error),
            };
            let result = result.and_then(|answer| service.judge(&answer, placement));
            redact(service.as_ref(), result)
        }
    }
}

/// Hides what the service may have echoed: the last step, after its answer was decoded, cleaned and shortened. The name of
/// a message that holds a secret is no name.
fn redact(service: &dyn NotifyService, result: DeliveryResult) -> DeliveryResult {
    let redactor = Redactor::of(service.hidden());
    match result {
        Ok(Delivery::Confirmed { name }) => Ok(Delivery::Confirmed {
            name: name.filter(|name| redactor.redact(name) == *name),
        }),
        Ok(Delivery::Unconfirmed { why }) => Ok(Delivery::Unconfirmed {
            why: redactor.redact(&why),
        }),
        Err(error) => Err(DeliveryError {
            why: redactor.redact(&error.why),
            ..error
        }),
    }
}

/// Delivers `message` to its `placement` in `channel`, with one series of tries as `retry` allows; returns the result of the
/// last try.
///
/// This may take as long as `retry.tries` deadlines and the pauses in between, so no other channel and no round may
/// wait for it.
pub async fn deliver_with_retries(
    http: &NotifyClient,
    channel: &Channel,
    message: &OutgoingMessage,
    placement: Placement<'_>,
    retry: &DeliveryRetry,
    platform: &Platform,
) -> DeliveryResult {
    let mut tries = TryCount::default();
    let once = async || deliver(http, channel, message, placement).await;
    let pause = async |length| platform.sleep(length).await;
    let result = retry.run(platform, &mut tries, once, pause).await;

    result.map_err(|mut error| {
        if tries.made > 1 {
            error.why += &format!(" (after {} tries)", tries.made);
        }
        error
    })
}
