//! The wording of a notice.

use std::sync::Arc;

use macaque_core::notice::Notice;

use super::{FOOTER, HEADLINE, MessageContext};
use crate::text::clean;

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
        Self {
            headline: clean(notice.content.kind(), HEADLINE),
            notes: Vec::new(),
            footer: clean(&notice.at.to_string(), FOOTER),
            cluster: context.cluster_name(),
            notice,
        }
    }
}
