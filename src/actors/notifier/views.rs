//! What each channel gets of a message, and the marks that its messages about rounds get later.

use std::borrow::Cow;
use std::rc::Rc;

use actix::Context;

use super::Notifier;
use super::queued_message::{MessageRole, QueuedMessage};
use crate::notify::{OutgoingMessage, RecoveryMessage, RoundMessage};

impl Notifier {
    /// The queues whose channels get something of `message` and did not receive it yet, each with what it gets.
    pub(super) fn waiting(
        &self,
        message: &Rc<OutgoingMessage>,
        delivered: &[String],
    ) -> Vec<(usize, Rc<OutgoingMessage>)> {
        let queues = self.queues.iter().enumerate();
        let open = queues.filter(|(_, queue)| !delivered.iter().any(|name| name == queue.channel.name()));
        let views = open.filter_map(|(index, queue)| {
            let view = match queue.channel.view(message, &self.messages)? {
                Cow::Borrowed(_) => Rc::clone(message),
                Cow::Owned(part) => Rc::new(part),
            };
            Some((index, view))
        });
        views.collect()
    }

    /// Notes the message about a round that a channel gets, to mark it later; returns it marked if all its victims have
    /// recovered already.
    pub(super) fn note_round(&mut self, index: usize, message: &OutgoingMessage) -> Option<RoundMessage> {
        match message {
            OutgoingMessage::Round(round) if self.queues[index].channel.has_marks() => {
                self.marks[index].note_round(round)
            }
            _ => None,
        }
    }

    /// Notes a recovery for every channel that it concerns; returns the messages there of which all victims have recovered
    /// now, marked.
    pub(super) fn note_recovery(&mut self, recovery: &RecoveryMessage) -> Vec<(usize, RoundMessage)> {
        let report = &recovery.report;
        let queues = self.queues.iter().zip(&mut self.marks).enumerate();
        let concerned = queues.filter(|(_, (queue, _))| {
            let channel = &queue.channel;
            channel.has_marks() && channel.concerns(&report.pod.namespace, report.team.as_deref())
        });
        let marked = concerned.filter_map(|(index, (_, marks))| {
            let marked = marks.note_recovery(report, &recovery.headline)?;
            Some((index, marked))
        });
        marked.collect()
    }

    /// Marks the message about a round in a channel.
    pub(super) fn mark(&mut self, index: usize, marked: RoundMessage, ctx: &mut Context<Self>) {
        let edit = QueuedMessage::new(Rc::new(marked.into()), MessageRole::Edit);
        self.enqueue(index, edit, ctx);
    }
}
