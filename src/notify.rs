//! Delivers the report of a round: turns it into one message, which each channel delivers in its own form.
//!
//! This module depends on reports and HTTP, and neither on Kubernetes nor on actors. [`message`] holds the wording,
//! [`registry`] the list of chat services, [`http`] the HTTP client, and each service's own file its payload and the
//! meaning of its answers. Tokens, URLs and destinations appear in no error, log line or `Debug` output.

pub mod channel;
mod connector;
pub mod delivery;
pub mod http;
mod log_channel;
pub mod message;
pub mod registry;
pub mod retry;
pub mod service;
pub mod slack;
pub mod url;
pub mod webex;

pub use self::channel::Channel;
pub use self::delivery::{DeliveryError, DeliveryResult, Retryable};
pub use self::http::HttpClient;
pub use self::message::RoundMessage;
pub use self::retry::DeliveryRetry;
pub use self::service::ChatService;
pub use self::slack::{SlackBot, SlackWebhook};
pub use self::url::check_url;
pub use self::webex::WebexBot;

use crate::platform::Platform;

/// Tries once to deliver `message` through `channel`, within the deadline of `http`.
///
/// An error does not prove that the message was not delivered: the answer may have been lost.
pub async fn deliver(http: &HttpClient, channel: &Channel, message: &RoundMessage) -> DeliveryResult {
    match channel {
        Channel::Log => {
            log_channel::write(message);
            Ok(())
        }
        Channel::Listener(listener) => {
            // Sending fails only if the listener was dropped, which is no failure of the delivery.
            let _ = listener.send(message.clone());
            Ok(())
        }
        Channel::Service(service) => {
            let request = service.request(message);
            let mut answer = http.post(service.spec().title, &request).await?;
            answer.body = service::redact(service.as_ref(), &answer.body);
            service.judge(&answer)
        }
    }
}

/// Delivers `message` through `channel`, with retries as `retry` allows; returns the result of the last try.
///
/// This may take as long as `retry.tries` deadlines and the pauses in between, so no other channel and no round may
/// wait for it.
pub async fn deliver_with_retries(
    http: &HttpClient,
    channel: &Channel,
    message: &RoundMessage,
    retry: &DeliveryRetry,
    platform: &Platform,
) -> DeliveryResult {
    let once = async || deliver(http, channel, message).await;
    let pause = async |length| platform.sleep(length).await;
    retry.run(platform, once, pause).await
}
