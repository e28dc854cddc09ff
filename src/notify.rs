//! Delivers the report of a round: it becomes one message, and each channel carries it in its own form.
//!
//! Knows the report and HTTP; nothing of Kubernetes and nothing of actors. The words are in [`message`], the payload of a
//! service and the meaning of its answers in the service's own file, the list of services in [`registry`], the wire in
//! [`http`]. Nothing here shows a token, a URL or a destination: not in an error, not in a log line, not by `Debug`.

pub mod channel;
pub mod delivery;
pub mod http;
mod log_channel;
pub mod message;
pub mod registry;
pub mod retry;
pub mod slack;
pub mod webex;

pub use self::channel::{Channel, ChatService, check_url};
pub use self::delivery::{DeliveryError, DeliveryResult, Retryable};
pub use self::http::HttpClient;
pub use self::message::RoundMessage;
pub use self::retry::DeliveryRetry;
pub use self::slack::{SlackBot, SlackWebhook};
pub use self::webex::WebexBot;

use crate::platform::Platform;

/// Tries once to deliver `message` through `channel`, and waits no longer than the deadline of `http`.
///
/// An error does not prove that nobody read the message: an answer can be lost on its way back.
pub async fn deliver(http: &HttpClient, channel: &Channel, message: &RoundMessage) -> DeliveryResult {
    match channel {
        Channel::Log => {
            log_channel::write(message);
            Ok(())
        }
        Channel::Listener(listener) => {
            // A listener that has left wants to hear no more.
            let _ = listener.send(message.clone());
            Ok(())
        }
        Channel::Service(service) => {
            let request = service.request(message);
            let mut answer = http.post(service.spec().title, &request).await?;
            answer.body = channel::redact(service.as_ref(), &answer.body);
            service.judge(&answer)
        }
    }
}

/// Delivers `message` through `channel`, trying again as `retry` says; returns the result of the last try.
///
/// At worst this takes `retry.tries` deadlines and the pauses between them: whoever awaits it must not make another
/// channel, or a round, wait for it.
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
