//! The name of a message in Slack, by which it can be replied to and edited: the ID of its channel and its timestamp.

use crate::notify::delivery::{ServiceAnswer, is_code};
use crate::notify::partial_json::PartialObject;

/// The longest ID or timestamp that is kept: Slack's own are shorter than 20 characters.
const LONGEST: usize = 32;

/// A message that was posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thread<'a> {
    /// The ID of the channel, even if the channel was given by its name.
    pub channel: &'a str,
    /// The timestamp, which identifies the message in the channel.
    pub ts: &'a str,
}

impl<'a> Thread<'a> {
    /// The message that an answer names; `None` if it names none, or not as Slack does.
    pub(super) fn of(answer: &'a PartialObject) -> Option<Self> {
        let thread = Self {
            channel: answer.text("channel")?,
            ts: answer.text("ts")?,
        };
        thread.is_valid().then_some(thread)
    }

    /// The message of this name.
    pub(super) fn named(name: &'a str) -> Option<Self> {
        let (channel, ts) = name.split_once('/')?;
        let thread = Self { channel, ts };
        thread.is_valid().then_some(thread)
    }

    /// The name, as it is kept in the journal.
    pub(super) fn name(self) -> String {
        format!("{}/{}", self.channel, self.ts)
    }

    fn is_valid(self) -> bool {
        let is_short = |text: &str| (1..=LONGEST).contains(&text.len());
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());

        is_short(self.channel)
            && self.channel.bytes().all(|b| b.is_ascii_alphanumeric())
            && is_short(self.ts)
            && self
                .ts
                .split_once('.')
                .is_some_and(|(seconds, fraction)| is_number(seconds) && is_number(fraction))
    }
}

/// Whether an answer to a reply says that its parent is out of reach: deleted, of a kind that takes no replies, or in a
/// channel of an earlier configuration. The documented word is `cannot_reply_to_message`
/// (<https://docs.slack.dev/reference/methods/chat.postMessage>); of a deleted parent, Slack says `thread_not_found`
/// (<https://github.com/slackapi/bolt-js/issues/2307>) or nothing at all, and posts the reply outside of the thread
/// (<https://github.com/slack-go/slack/issues/1571>).
pub(super) fn is_out_of_reach(answer: &ServiceAnswer) -> bool {
    let parsed = PartialObject::parse(&answer.body);
    let code = parsed.text("error").filter(|code| is_code(code));
    matches!(
        code,
        Some(
            "thread_not_found"
                | "message_not_found"
                | "cannot_reply_to_message"
                | "channel_not_found"
                | "not_in_channel"
                | "is_archived"
        )
    )
}
