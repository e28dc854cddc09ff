//! Tells people of a round: a report becomes one message, and each channel carries it in its own form.
//!
//! Knows the report and HTTP; nothing of Kubernetes and nothing of actors. The words are in [`message`], the
//! payload of a service and the meaning of its answers in the service's own file, the wire in [`http`].
//! Nothing here shows a token, a URL or a destination: not in an error, not in a log line, not by `Debug`.

pub mod channel;
pub mod delivery;
pub mod http;
mod log_channel;
pub mod message;
pub mod retry;
pub mod slack;
pub mod webex;

pub use self::http::HttpClient;
pub use channel::{Channel, SlackBot, SlackWebhook, WebexBot, check_url};
pub use delivery::{DeliveryError, DeliveryResult};
pub use message::RoundMessage;
pub use retry::DeliveryRetry;

/// Tries once to deliver `message` through `channel`, and waits no longer than the deadline of `http`.
///
/// An error does not prove that nobody read the message: an answer can be lost on its way back.
pub async fn deliver(http: &HttpClient, channel: &Channel, message: &RoundMessage) -> DeliveryResult {
    let Some(post) = channel.post(message) else {
        tell_here(channel, message);
        return Ok(());
    };
    let mut answer = http.post(channel.service(), &post).await?;
    answer.body = channel.redact(&answer.body);
    channel.judge(&answer)
}

/// Tells whoever listens within this process; a listener that has left wants to hear no more.
fn tell_here(channel: &Channel, message: &RoundMessage) {
    if let Channel::Relay(listener) = channel {
        let _ = listener.send(message.clone());
    } else {
        log_channel::write(message);
    }
}

/// Delivers `message` through `channel`, trying again as `retry` says; ends with the last try's word.
///
/// At worst this takes `retry.tries` deadlines and the pauses between them: whoever awaits it must not make
/// another channel, or a round, wait for it.
pub async fn deliver_with_retries(
    http: &HttpClient,
    channel: &Channel,
    message: &RoundMessage,
    retry: &DeliveryRetry,
) -> DeliveryResult {
    let once = async || deliver(http, channel, message).await;
    retry.run(once, tokio::time::sleep).await
}
