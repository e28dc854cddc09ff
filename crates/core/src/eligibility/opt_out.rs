//! Reads the annotations and labels by which a pod opts out: macaque's, cluster-autoscaler's, Karpenter's and
//! descheduler's.
//!
//! Who writes such a key means something by it. Only a value that is understood as permission leaves the pod a
//! candidate; any other exempts it, even where the tool that the key belongs to would ignore the value.

use jiff::{SignedDuration, Span, Timestamp};

use crate::annotations::{ENABLED, pair, yes_or_no};
use crate::pod::Pod;

const PREFER_NO_EVICTION: &str = "descheduler.alpha.kubernetes.io/prefer-no-eviction";
const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";
const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";

/// One key by which a pod may opt out, with its value and what that means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OptOut {
    key: &'static str,
    value: String,
    meaning: OptOutMeaning,
}

/// What the value of such a key means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OptOutMeaning {
    /// The pod may be disrupted.
    Allows,
    /// The pod opts out.
    Exempts,
    /// The value says neither: the pod is exempt. The text names what would be understood.
    Unclear(&'static str),
}

/// The first key by which `pod` opts out at `now`, if any does.
pub(super) fn opt_out(pod: &Pod, now: Timestamp) -> Option<OptOut> {
    let mut found = opt_outs(pod, now).into_iter();
    found.find(|opt_out| opt_out.meaning != OptOutMeaning::Allows)
}

/// Every such key of the pod and its value, for people.
pub(super) fn seen(pod: &Pod, now: Timestamp) -> String {
    let keys: Vec<_> = opt_outs(pod, now).iter().map(OptOut::pair).collect();
    if keys.is_empty() {
        "no opt-out".to_owned()
    } else {
        keys.join(", ")
    }
}

/// Every key by which a pod may opt out that `pod` has.
fn opt_outs(pod: &Pod, now: Timestamp) -> Vec<OptOut> {
    let permission = |value: &str| match yes_or_no(value) {
        Some(true) => OptOutMeaning::Allows,
        Some(false) => OptOutMeaning::Exempts,
        None => OptOutMeaning::Unclear("neither yes nor no"),
    };
    let protection = |value: &str| protection(value, pod.started, now);
    let presence = |_: &str| OptOutMeaning::Exempts;

    let in_annotations = |key: &str| pod.annotations.get(key);
    let found = |key: &'static str, value: Option<&String>, meaning: &dyn Fn(&str) -> OptOutMeaning| {
        value.map(|value| OptOut {
            key,
            value: value.clone(),
            meaning: meaning(value),
        })
    };
    let keys = [
        found(ENABLED, in_annotations(ENABLED), &permission),
        found(ENABLED, pod.labels.get(ENABLED), &permission),
        found(SAFE_TO_EVICT, in_annotations(SAFE_TO_EVICT), &permission),
        found(PREFER_NO_EVICTION, in_annotations(PREFER_NO_EVICTION), &presence),
        found(DO_NOT_DISRUPT, in_annotations(DO_NOT_DISRUPT), &protection),
    ];
    keys.into_iter().flatten().collect()
}

/// Whether `value` protects the pod: yes protects for good, no does not, and a duration protects that long from the
/// pod's start, and while the start is unknown.
fn protection(value: &str, started: Option<Timestamp>, now: Timestamp) -> OptOutMeaning {
    let protected = match (yes_or_no(value), as_duration(value)) {
        (Some(protected), _) => protected,
        (None, Some(duration)) => started.is_none_or(|start| now.duration_since(start) < duration),
        (None, None) => return OptOutMeaning::Unclear("neither yes nor no nor a duration"),
    };

    if protected {
        OptOutMeaning::Exempts
    } else {
        OptOutMeaning::Allows
    }
}

/// Reads a duration as Go writes it, `1h30m`.
fn as_duration(value: &str) -> Option<SignedDuration> {
    let span: Span = value.trim().parse().ok()?;
    SignedDuration::try_from(span).ok()
}

impl OptOut {
    /// The reason for the exemption, in words.
    pub(super) fn reason(&self) -> String {
        let pair = self.pair();
        match self.meaning {
            OptOutMeaning::Allows | OptOutMeaning::Exempts => format!("opted out by {pair}"),
            OptOutMeaning::Unclear(why) => format!("opted out by {pair}, which is {why}"),
        }
    }

    /// The key and the value, of which a long one is shortened.
    fn pair(&self) -> String {
        pair(self.key, &self.value)
    }
}

#[cfg(test)]
mod tests;
