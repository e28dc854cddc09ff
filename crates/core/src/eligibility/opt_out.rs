//! Reads the annotations and labels by which pods opt in and out: macaque's own, on the pod, its owner and its namespace;
//! and on the pod those of cluster-autoscaler, Karpenter and descheduler.
//!
//! Who writes such a key means something by it. Only a value that is understood as permission leaves the pod a
//! candidate; any other exempts it, even where the tool that the key belongs to would ignore the value. A no of any level
//! beats every yes.

use jiff::{SignedDuration, Span, Timestamp};

use super::rule::RuleInput;
use crate::annotations::{ENABLED, pair, yes_or_no};
use crate::levels::{Level, Place, levels};
use crate::pod::Pod;

const PREFER_NO_EVICTION: &str = "descheduler.alpha.kubernetes.io/prefer-no-eviction";
const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";
const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";

/// One key by which a pod may opt in or out, with its value and what that means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OptOut<'a> {
    place: Place<'a>,
    key: &'static str,
    value: &'a str,
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

/// The first key by which the pod opts out, if any does: on the pod, its owner or its namespace.
pub(super) fn opt_out<'a>(input: &RuleInput<'a>) -> Option<OptOut<'a>> {
    keys(input).find(OptOut::exempts)
}

/// The first key by which the owner or the namespace of the pod opts out, whatever the pod says.
pub(super) fn opt_out_around<'a>(input: &RuleInput<'a>) -> Option<OptOut<'a>> {
    enabled(input).find(|key| key.place != Place::Pod && key.exempts())
}

/// The nearest yes of `macaque/enabled`.
pub(super) fn opt_in<'a>(input: &RuleInput<'a>) -> Option<OptOut<'a>> {
    enabled(input).find(|key| !key.exempts())
}

/// The reason why a pod with these levels is in no scope into which it must opt: none of them says yes.
pub fn missing_opt_in<'a>(levels: impl IntoIterator<Item = Level<'a>>) -> Option<&'static str> {
    let mut enabled = levels.into_iter().flat_map(enabled_at);
    let is_missing = enabled.all(|key| key.exempts());
    is_missing.then_some(
        "nobody opted in: neither the pod nor its owner nor its namespace has macaque/enabled=\"true\"",
    )
}

/// Every such key and its value, for people.
pub(super) fn seen(input: &RuleInput<'_>) -> String {
    let keys: Vec<_> = keys(input).map(|key| key.pair()).collect();
    if keys.is_empty() {
        "no opt-out".to_owned()
    } else {
        keys.join(", ")
    }
}

/// Every key by which the pod may opt out, its own first.
fn keys<'a>(input: &RuleInput<'a>) -> impl Iterator<Item = OptOut<'a>> {
    let (of_pod, around): (Vec<_>, Vec<_>) = enabled(input).partition(|key| key.place == Place::Pod);
    let of_others = of_others(input.pod, input.now);
    of_pod.into_iter().chain(of_others).chain(around)
}

/// The values of `macaque/enabled` on every level, nearest first.
fn enabled<'a>(input: &RuleInput<'a>) -> impl Iterator<Item = OptOut<'a>> {
    levels(input.pod, &input.config.metadata).flat_map(enabled_at)
}

/// The values of `macaque/enabled` on one level.
fn enabled_at(level: Level<'_>) -> impl Iterator<Item = OptOut<'_>> {
    let values = [level.annotations, level.labels].map(|keys| keys.get(ENABLED));
    values.into_iter().flatten().map(move |value| OptOut {
        place: level.place,
        key: ENABLED,
        value,
        meaning: permission(value),
    })
}

/// The keys of other tools that the pod has.
fn of_others(pod: &Pod, now: Timestamp) -> impl Iterator<Item = OptOut<'_>> {
    let found = |key: &'static str, meaning: &dyn Fn(&str) -> OptOutMeaning| {
        let value = pod.annotations.get(key)?;
        Some(OptOut {
            place: Place::Pod,
            key,
            value,
            meaning: meaning(value),
        })
    };
    let keys = [
        found(SAFE_TO_EVICT, &permission),
        found(PREFER_NO_EVICTION, &|_| OptOutMeaning::Exempts),
        found(DO_NOT_DISRUPT, &|value| protection(value, pod.started, now)),
    ];
    keys.into_iter().flatten()
}

/// Whether `value` permits disruptions.
fn permission(value: &str) -> OptOutMeaning {
    match yes_or_no(value) {
        Some(true) => OptOutMeaning::Allows,
        Some(false) => OptOutMeaning::Exempts,
        None => OptOutMeaning::Unclear("neither yes nor no"),
    }
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

impl OptOut<'_> {
    /// Whether the pod is exempt by this key.
    fn exempts(&self) -> bool {
        self.meaning != OptOutMeaning::Allows
    }

    /// The reason for the exemption, in words.
    pub(super) fn reason(&self) -> String {
        let pair = self.pair();
        match self.meaning {
            OptOutMeaning::Allows | OptOutMeaning::Exempts => format!("opted out by {pair}"),
            OptOutMeaning::Unclear(why) => format!("opted out by {pair}, which is {why}"),
        }
    }

    /// The key and the value, of which a long one is shortened, and where they were found.
    pub(super) fn pair(&self) -> String {
        format!("{}{}", pair(self.key, self.value), self.place)
    }
}

#[cfg(test)]
mod tests;
