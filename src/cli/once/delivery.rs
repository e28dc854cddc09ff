//! Delivers what `once` has to tell to every channel, and counts the signals that may interrupt it.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::cli::setup;
use crate::notify::{
    self, Channel, Delivery, DeliveryError, DeliveryResult, DeliveryRetry, MessageContext, NotifyClient,
    OutgoingMessage, Placement, Retryable,
};
use crate::platform::Platform;
use crate::settings::NotifySettings;

/// How long a delivery may take: as long as the daemon gives its channels when it stops.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);

/// By channel, the name of a message there, if it has one.
pub(super) type MessageNames = BTreeMap<String, Option<String>>;

/// The channels that received a message.
#[derive(Default)]
pub(super) struct Delivered {
    /// The names of the message there.
    pub(super) names: MessageNames,
    /// Whether no other channel is to receive it.
    pub(super) is_complete: bool,
}

/// Delivers to every channel what it gets of a message, at once, until the next signal or the timeout, and logs each
/// failure: as a reply to those of the `parents` that have names.
pub(super) async fn deliver(
    notify: &NotifySettings,
    message: &OutgoingMessage,
    context: &MessageContext,
    parents: &MessageNames,
    signals: watch::Receiver<usize>,
    platform: &Platform,
) -> Delivered {
    let channels = notify.channels();
    let views = channels
        .iter()
        .filter_map(|channel| Some((channel, channel.view(message, context)?)));
    let views: Vec<_> = views.collect();
    if views.is_empty() {
        return Delivered {
            is_complete: true,
            ..Delivered::default()
        };
    }
    let http = match NotifyClient::new(&channels, &setup::notify_proxies(notify), platform) {
        Ok(http) => http,
        Err(error) => {
            log::error!("the report was not delivered: {error}");
            return Delivered::default();
        }
    };

    let next = *signals.borrow() + 1;
    let signal = received(signals, next).shared();
    let deliveries = views.iter().map(async |(channel, message)| {
        let signal = signal.clone();
        let delivery = deliver_to(&http, channel, message, parents, platform);
        let result = tokio::select! {
            result = platform.within(DELIVERY_TIMEOUT, delivery) => result.unwrap_or_else(|| {
                let why = format!("timed out after {} s", DELIVERY_TIMEOUT.as_secs());
                Err(DeliveryError::in_doubt(why))
            }),
            () = signal => Err(DeliveryError::in_doubt("interrupted by a signal")),
        };
        log_result(channel.name(), &result);
        let name = match result.ok()? {
            Delivery::Confirmed { name } => name,
            Delivery::Unconfirmed { .. } => None,
        };
        Some((channel.name().to_owned(), name))
    });
    let delivered = futures_util::future::join_all(deliveries).await;
    Delivered {
        is_complete: delivered.iter().all(Option::is_some),
        names: delivered.into_iter().flatten().collect(),
    }
}

/// Delivers a message to one channel; as a message of its own if the one that it would reply to is gone.
async fn deliver_to(
    http: &NotifyClient,
    channel: &Channel,
    message: &OutgoingMessage,
    parents: &MessageNames,
    platform: &Platform,
) -> DeliveryResult {
    let retry = DeliveryRetry::default();
    let parent = parents.get(channel.name()).and_then(Option::as_deref);
    let placement = parent.map_or(Placement::Own, Placement::Reply);
    let result = notify::deliver_with_retries(http, channel, message, placement, &retry, platform).await;
    match result {
        Err(error) if error.retryable == Retryable::OutsideThread => {
            notify::deliver_with_retries(http, channel, message, Placement::Own, &retry, platform).await
        }
        result => result,
    }
}

/// Logs what became of a delivery, unless it is confirmed.
fn log_result(channel: &str, result: &DeliveryResult) {
    match result {
        Ok(Delivery::Confirmed { .. }) => {}
        Ok(Delivery::Unconfirmed { why }) => {
            log::warn!("the report counts as delivered to {channel}, in doubt: {why}");
        }
        Err(error) if error.retryable == Retryable::InDoubt => {
            log::error!("it is unknown whether {channel} received the report: {error}");
        }
        Err(error) => log::error!("cannot deliver the report to {channel}: {error}"),
    }
}

/// Counts every SIGINT and SIGTERM from now on.
pub(super) fn count_signals() -> watch::Receiver<usize> {
    let (count, counted) = watch::channel(0);
    let signals = [SignalKind::interrupt(), SignalKind::terminate()].map(signal);

    actix::spawn(async move {
        if let [Ok(mut interrupt), Ok(mut terminate)] = signals {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                count.send_modify(|count| *count += 1);
            }
        }
    });

    counted
}

/// Waits until this many signals were received.
pub(super) async fn received(mut signals: watch::Receiver<usize>, many: usize) {
    if signals.wait_for(|count| *count >= many).await.is_err() {
        // The counting task is gone: no signal can be received.
        std::future::pending::<()>().await;
    }
}
