//! The wording of a message about a recovery. It is understood without the message about its round, because not every
//! channel has threads, and a service may take a reply out of its thread.

use std::sync::Arc;

use macaque_core::recovery::{RecoveryReport, RecoveryVerdict};

use super::{FOOTER, LINE, MessageContext};
use crate::notify::local_time::with_local_times;
use crate::text::clean;

/// The message about one recovery. Every text is a single line of bounded length without invisible characters, and not yet
/// escaped for any service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryMessage {
    /// What became of the recovery.
    pub report: Arc<RecoveryReport>,
    /// The recovery in one sentence.
    pub headline: String,
    /// What to do about it.
    pub notes: Vec<String>,
    /// What identifies the recovery: round and victim.
    pub footer: String,
    /// The cluster's name, if it has one.
    pub cluster: Option<String>,
}

impl RecoveryMessage {
    /// Writes the message about `report` for a cluster without a name and a schedule in UTC.
    pub fn of(report: RecoveryReport) -> Self {
        Self::in_context(Arc::new(report), &MessageContext::default())
    }

    /// Writes the message about `report`.
    pub fn in_context(report: Arc<RecoveryReport>, context: &MessageContext) -> Self {
        let shown = |text: &str, max| clean(&with_local_times(text, &context.zone), max);
        let headline = shown(&sentence(&report), LINE);
        let notes = notes(&report, &headline);

        Self {
            headline,
            notes: notes.iter().map(|note| shown(note, LINE)).collect(),
            footer: shown(&footer(&report, context), FOOTER),
            cluster: context.cluster_name(),
            report,
        }
    }

    /// The verdict in one word; `stuck` while the recovery goes on and its replacement is stuck.
    pub fn status(&self) -> &'static str {
        self.report.verdict.map_or("stuck", RecoveryVerdict::as_str)
    }

    /// Whether people should hear of it even if all is quiet otherwise.
    pub fn is_bad(&self) -> bool {
        self.report.verdict.is_none_or(RecoveryVerdict::is_bad)
    }

    /// Whether a reply should be seen outside of its thread too.
    pub fn is_loud(&self) -> bool {
        self.report.verdict.is_some_and(RecoveryVerdict::is_bad)
    }
}

/// What to do about a recovery that is slow, stuck or failed, beside its headline.
fn notes(report: &RecoveryReport, headline: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(reason) = &report.paused {
        let reason = if headline.contains(reason) {
            String::new()
        } else {
            format!(": {reason}")
        };
        notes.push(format!(
            "macaque has paused itself{reason}; `macaque resume` lifts the pause"
        ));
    }

    let namespace = &report.pod.namespace;
    match (report.verdict, &report.replacement) {
        (None | Some(RecoveryVerdict::Unrecovered), Some(pod)) if report.trouble.is_some() => {
            notes.push(format!(
                "see what it waits for: kubectl -n {namespace} describe pod/{pod}"
            ));
        }
        (None | Some(RecoveryVerdict::Unrecovered), _) => {
            let owner = &report.owner;
            notes.push(format!(
                "see what is missing: kubectl -n {namespace} describe {owner}"
            ));
        }
        (Some(RecoveryVerdict::Slow), _) => notes.push(
            "if that is as it should be, `macaque/expect` on the workload sets how long it may take"
                .to_owned(),
        ),
        _ => {}
    }
    notes
}

fn footer(report: &RecoveryReport, context: &MessageContext) -> String {
    let mut parts = Vec::new();
    parts.extend(context.cluster_name().map(|name| format!("cluster {name}")));
    parts.push(format!("round {}", report.slot));
    parts.push(format!("victim {}", report.pod));
    parts.join(" · ")
}

/// The recovery in one sentence, which names the namespace after the owner: a reader may have workloads of that name in
/// several.
fn sentence(report: &RecoveryReport) -> String {
    let owner = report.owner.to_string();
    let sentence = report.to_string();
    match sentence.strip_prefix(&owner) {
        Some(rest) => format!("{owner} in {}{rest}", report.pod.namespace),
        None => sentence,
    }
}

#[cfg(test)]
pub(crate) mod tests;
