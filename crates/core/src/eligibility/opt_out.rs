//! The pod's own word that it wants no disruption: macaque's, cluster-autoscaler's, Karpenter's or descheduler's.

use jiff::{SignedDuration, Span, Timestamp};

use crate::pod::Pod;

const PREFER_NO_EVICTION: &str = "descheduler.alpha.kubernetes.io/prefer-no-eviction";
const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";
const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/// macaque's own opt-out, read from annotations and labels alike.
const ENABLED: &str = "macaque/enabled";

/// The key and the value by which `pod` opts out at `now`, if it does.
pub(super) fn opt_out(pod: &Pod, now: Timestamp) -> Option<(String, String)> {
    let said = |key: &str, value: &String| Some((key.to_owned(), value.clone()));
    for words in [&pod.annotations, &pod.labels] {
        if let Some(value) = words.get(ENABLED).filter(|value| *value == "false") {
            return said(ENABLED, value);
        }
    }
    if let Some(value) = pod
        .annotations
        .get(SAFE_TO_EVICT)
        .filter(|value| *value == "false")
    {
        return said(SAFE_TO_EVICT, value);
    }
    if let Some(value) = pod.annotations.get(PREFER_NO_EVICTION) {
        return said(PREFER_NO_EVICTION, value);
    }
    let value = pod.annotations.get(DO_NOT_DISRUPT)?;
    protects(value, pod.started, now).then(|| (DO_NOT_DISRUPT.to_owned(), value.clone()))
}

/// Karpenter's rule: `"true"` protects for good, a duration protects that long from the pod's start (and as long
/// as the start is unknown), anything else protects nothing.
fn protects(value: &str, started: Option<Timestamp>, now: Timestamp) -> bool {
    if value == "true" {
        return true;
    }
    let Ok(span) = value.parse::<Span>() else {
        return false;
    };
    let Ok(shield) = SignedDuration::try_from(span) else {
        return false;
    };
    started.is_none_or(|start| now.duration_since(start) < shield)
}
