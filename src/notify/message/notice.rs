//! The wording of a notice.

mod digest;

use std::sync::Arc;

use jiff::Timestamp;
use macaque_core::notice::{Activity, Notice, NoticeContent};

use self::digest::{activity_notes, digest_notes};
use super::{FOOTER, HEADLINE, LINE, MessageContext};
use crate::notify::local_time::with_local_times;
use crate::text::{clean, count};

/// The message that is a notice. Every text is a single line of bounded length without invisible characters, and not yet
/// escaped for any service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeMessage {
    /// The notice.
    pub notice: Arc<Notice>,
    /// The notice in one line.
    pub headline: String,
    /// What else it says.
    pub notes: Vec<String>,
    /// What identifies it.
    pub footer: String,
    /// The cluster's name, if it has one.
    pub cluster: Option<String>,
}

impl NoticeMessage {
    /// Writes the message about `notice`.
    pub fn in_context(notice: Arc<Notice>, context: &MessageContext) -> Self {
        let shown = |text: &str, max| clean(&with_local_times(text, &context.zone), max);
        let notes = notes(&notice.content);

        Self {
            headline: shown(&headline(&notice), HEADLINE),
            notes: notes.iter().map(|note| shown(note, LINE)).collect(),
            footer: shown(&footer(&notice, context), FOOTER),
            cluster: context.cluster_name(),
            notice,
        }
    }
}

fn headline(notice: &Notice) -> String {
    match &notice.content {
        NoticeContent::Paused { by, reason, until } => paused(by.as_deref(), reason.as_deref(), *until),
        NoticeContent::Resumed { .. } => "macaque is resumed: rounds run again as scheduled".to_owned(),
        NoticeContent::WindowOpened { rounds: 1, .. } => {
            format!("window opens: one round is due, at {}", notice.at)
        }
        NoticeContent::WindowOpened { last, rounds } => {
            format!(
                "window opens: {rounds} rounds are due, from {} to {last}",
                notice.at
            )
        }
        NoticeContent::WindowClosed { activity, .. } => format!("window closed: {}", summary(activity)),
        NoticeContent::Digest(digest) => format!("since {}: {}", digest.since, summary(&digest.activity)),
    }
}

fn paused(by: Option<&str>, reason: Option<&str>, until: Option<Timestamp>) -> String {
    let until = until.map_or(String::new(), |until| format!(" until {until}"));
    let by = by.map_or(String::new(), |by| format!(" by {by}"));
    let reason = reason.map_or(String::new(), |reason| format!(": {reason}"));
    format!("macaque is paused{until}{by}{reason}")
}

/// The rounds and disruptions in a few words.
fn summary(activity: &Activity) -> String {
    if activity.rounds == 0 {
        return "no round ran".to_owned();
    }
    let rounds = count(activity.rounds, "round");
    match (activity.disrupted, activity.dry_run) {
        // Some may have been.
        (0, false) if activity.unknown > 0 => {
            format!(
                "{rounds} ran, with unknown outcome for {}",
                count(activity.unknown, "pod")
            )
        }
        (0, false) => format!("{rounds} ran, and no pod was disrupted"),
        (0, true) => format!("{rounds} ran dry, and no pod would have been disrupted"),
        (1, false) => format!("{rounds} ran, and 1 pod was disrupted"),
        (disrupted, false) => format!("{rounds} ran, and {disrupted} pods were disrupted"),
        (disrupted, true) => format!("{rounds} ran dry: {} picked", count(disrupted, "pod")),
    }
}

fn notes(content: &NoticeContent) -> Vec<String> {
    match content {
        NoticeContent::Paused { until: Some(_), .. } => {
            vec!["no pod is disrupted until then; `macaque resume` ends the pause before".to_owned()]
        }
        NoticeContent::Paused { until: None, .. } => {
            vec!["no pod is disrupted until somebody runs `macaque resume`".to_owned()]
        }
        NoticeContent::Resumed { since } => vec![format!("the pause was noticed at {since}")],
        NoticeContent::WindowOpened { .. } => Vec::new(),
        NoticeContent::WindowClosed {
            recovering, activity, ..
        } => {
            let mut notes = activity_notes(activity, None);
            if *recovering > 0 {
                notes.push(format!("not recovered yet: {}", count(*recovering, "victim")));
            }
            notes
        }
        NoticeContent::Digest(digest) => digest_notes(digest),
    }
}

fn footer(notice: &Notice, context: &MessageContext) -> String {
    let mut parts = Vec::new();
    parts.extend(context.cluster_name().map(|name| format!("cluster {name}")));
    parts.push(match &notice.content {
        NoticeContent::WindowOpened { .. } => format!("first slot {}", notice.at),
        NoticeContent::WindowClosed { .. } => format!("last slot {}", notice.at),
        NoticeContent::Digest(_) => format!("digest of {}", notice.at),
        NoticeContent::Paused { .. } | NoticeContent::Resumed { .. } => format!("at {}", notice.at),
    });
    parts.join(" · ")
}

#[cfg(test)]
mod tests;
