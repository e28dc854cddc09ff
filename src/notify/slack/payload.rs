//! The payloads of Slack.

use serde_json::{Value, json};

use super::SlackBot;
use super::thread::Thread;
use crate::notify::message::{NoticeMessage, RecoveryMessage, RoundMessage};
use crate::notify::outgoing::OutgoingMessage;
use crate::text::{chars, escape_within, list};

/// Slack's limit for a header block, in characters.
const HEADER: usize = 150;
/// Slack's limit for the text of a section block, in characters.
const SECTION: usize = 3000;
/// macaque's own limit for the context block, which a footer can exceed only by escaping.
const CONTEXT: usize = 1500;

/// The body of `chat.postMessage`: a message of its own, or a reply in `thread`, which people see outside of the thread too
/// if it is loud (<https://docs.slack.dev/reference/methods/chat.postMessage>).
pub fn bot_payload(message: &OutgoingMessage, bot: &SlackBot, thread: Option<Thread<'_>>) -> Value {
    let mut payload = webhook_payload(message);
    let Some(Thread { channel, ts }) = thread else {
        payload["channel"] = json!(bot.channel);
        return payload;
    };

    payload["channel"] = json!(channel);
    payload["thread_ts"] = json!(ts);
    if let OutgoingMessage::Recovery(recovery) = message
        && recovery.is_loud()
    {
        payload["reply_broadcast"] = json!(true);
    }
    payload
}

/// The body of `chat.update`, which takes a channel by its ID alone, looks for links and mentions unless `parse` forbids it, and
/// needs the scope `chat:write` as a new message does (<https://docs.slack.dev/reference/methods/chat.update>).
pub fn edit_payload(message: &OutgoingMessage, Thread { channel, ts }: Thread<'_>) -> Value {
    let posted = webhook_payload(message);
    json!({
        "channel": channel,
        "ts": ts,
        "parse": "none",
        "text": posted["text"],
        "blocks": posted["blocks"],
    })
}

/// The body of an incoming webhook. All texts are `plain_text` and escaped, so that no text from the cluster can
/// mention people, create links or format.
pub fn webhook_payload(message: &OutgoingMessage) -> Value {
    let (text, blocks) = match message {
        OutgoingMessage::Round(round) => (&round.headline, round_blocks(round)),
        OutgoingMessage::Recovery(RecoveryMessage {
            headline,
            notes,
            footer,
            ..
        })
        | OutgoingMessage::Notice(NoticeMessage {
            headline,
            notes,
            footer,
            ..
        }) => (headline, sentence_blocks(headline, notes, footer)),
    };

    json!({
        "text": escape_within(text, SECTION, escape),
        "mrkdwn": false,
        "unfurl_links": false,
        "unfurl_media": false,
        "blocks": blocks,
    })
}

fn round_blocks(message: &RoundMessage) -> Vec<Value> {
    let mut blocks = vec![json!({"type": "header", "text": plain(&message.headline, HEADER)})];
    blocks.extend(section(&message.victim_lines));
    blocks.extend(section(&message.notes));
    blocks.push(context(&message.footer));
    blocks
}

/// The blocks of a recovery or a notice. Its sentence may be longer than a header.
fn sentence_blocks(sentence: &str, notes: &[String], footer: &str) -> Vec<Value> {
    let sentence = plain(sentence, SECTION);
    let mut blocks = vec![json!({"type": "section", "text": sentence})];
    blocks.extend(section(notes));
    blocks.push(context(footer));
    blocks
}

fn context(footer: &str) -> Value {
    json!({"type": "context", "elements": [plain(footer, CONTEXT)]})
}

/// A section block with one bullet per line; `None` without lines.
fn section(lines: &[String]) -> Option<Value> {
    let lines: Vec<String> = lines
        .iter()
        .map(|line| format!("• {}", escape_within(line, SECTION, escape)))
        .collect();
    let text = list(&lines, "\n", SECTION, chars);
    (!text.is_empty()).then(|| json!({"type": "section", "text": plain_escaped(&text)}))
}

fn plain(text: &str, max: usize) -> Value {
    plain_escaped(&escape_within(text, max, escape))
}

fn plain_escaped(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

/// Escapes the three characters that begin Slack's mentions and links.
fn escape(c: char, out: &mut String) {
    match c {
        '&' => out.push_str("&amp;"),
        '<' => out.push_str("&lt;"),
        '>' => out.push_str("&gt;"),
        _ => out.push(c),
    }
}
