//! One delivery: a series of tries to send a message to its place in a channel.

use std::time::Duration;

use super::queued_message::{MessageRole, QueuedMessage};
use crate::facts::{Fact, Facts, MessageResult};
use crate::failpoint::{FailPoint, FailPoints};
use crate::heartbeat::OperationGuard;
use crate::notify::{
    self, Channel, DeliveryError, DeliveryResult, DeliveryRetry, NotifyClient, OutgoingMessage, Placement,
    Retryable,
};
use crate::platform::Platform;

/// What a delivery works with.
pub(super) struct DeliveryContext {
    pub(super) channel: Channel,
    pub(super) http: Option<NotifyClient>,
    pub(super) retry: DeliveryRetry,
    pub(super) platform: Platform,
    pub(super) facts: Facts,
    pub(super) fail_points: FailPoints,
    pub(super) hang_timeout: Duration,
    pub(super) operation: OperationGuard,
}

impl DeliveryContext {
    /// Makes a series of tries; an edit has one, because it is not worth that others wait for it.
    pub(super) async fn deliver(self, mut message: QueuedMessage) -> (QueuedMessage, DeliveryResult) {
        self.fail_points.pass(FailPoint::BeforeNotify).await;
        let result = match &self.http {
            Some(http) => self.try_often(http, &mut message).await,
            None => Err(DeliveryError::permanent("there is no HTTP client")),
        };
        self.operation.expect(self.hang_timeout);
        self.fail_points.pass(FailPoint::AfterNotify).await;
        (message, result)
    }

    async fn try_often(&self, http: &NotifyClient, message: &mut QueuedMessage) -> DeliveryResult {
        let QueuedMessage {
            message,
            role,
            parent,
            is_out_of_thread,
            tries,
            ..
        } = message;
        let retry = match role {
            MessageRole::Edit => DeliveryRetry {
                tries: 1,
                ..self.retry
            },
            MessageRole::Round | MessageRole::Reply | MessageRole::Notice => self.retry,
        };

        let try_once = async || {
            let placement = match (&*role, parent.as_deref()) {
                (MessageRole::Edit, Some(name)) => Placement::Edit(name),
                (MessageRole::Reply, Some(name)) => Placement::Reply(name),
                _ => Placement::Own,
            };
            let result = self.send(http, message, placement).await;
            if !matches!(&result, Err(error) if error.retryable == Retryable::OutsideThread) {
                return result;
            }

            *parent = None;
            *is_out_of_thread = true;
            self.send(http, message, Placement::Own).await
        };
        let pause = async |length| {
            self.facts.publish(Fact::MessageHandled {
                channel: self.channel.name(),
                result: MessageResult::Retried,
            });
            self.operation.expect(length + self.hang_timeout);
            self.platform.sleep(length).await;
        };
        retry.run(&self.platform, tries, try_once, pause).await
    }

    async fn send(
        &self,
        http: &NotifyClient,
        message: &OutgoingMessage,
        placement: Placement<'_>,
    ) -> DeliveryResult {
        self.operation.expect(http.deadline() + self.hang_timeout);
        notify::deliver(http, &self.channel, message, placement).await
    }
}
