//! Reads the annotations and labels by which a pod opts out: macaque's, cluster-autoscaler's, Karpenter's and
//! descheduler's.

use jiff::{SignedDuration, Span, Timestamp};

use crate::pod::Pod;

const PREFER_NO_EVICTION: &str = "descheduler.alpha.kubernetes.io/prefer-no-eviction";
const DO_NOT_DISRUPT: &str = "karpenter.sh/do-not-disrupt";
const SAFE_TO_EVICT: &str = "cluster-autoscaler.kubernetes.io/safe-to-evict";
/// The opt-out key of macaque itself, read from annotations and labels alike.
const ENABLED: &str = "macaque/enabled";

/// The key and the value by which `pod` opts out at `now`, if it does.
pub(super) fn opt_out(pod: &Pod, now: Timestamp) -> Option<(String, String)> {
    let opted_out = |key: &str, value: &String| Some((key.to_owned(), value.clone()));

    for source in [&pod.annotations, &pod.labels] {
        if let Some(value) = source.get(ENABLED).filter(|value| *value == "false") {
            return opted_out(ENABLED, value);
        }
    }

    let safe_to_evict = pod.annotations.get(SAFE_TO_EVICT);
    if let Some(value) = safe_to_evict.filter(|value| *value == "false") {
        return opted_out(SAFE_TO_EVICT, value);
    }
    if let Some(value) = pod.annotations.get(PREFER_NO_EVICTION) {
        return opted_out(PREFER_NO_EVICTION, value);
    }

    let value = pod.annotations.get(DO_NOT_DISRUPT)?;
    if protects(value, pod.started, now) {
        opted_out(DO_NOT_DISRUPT, value)
    } else {
        None
    }
}

/// Whether `value` protects the pod, by Karpenter's rule: `"true"` protects for good, a duration protects that long
/// from the pod's start (and while the start is unknown), and any other value does not protect.
fn protects(value: &str, started: Option<Timestamp>, now: Timestamp) -> bool {
    if value == "true" {
        return true;
    }

    let Ok(span) = value.parse::<Span>() else {
        return false;
    };
    let Ok(protection) = SignedDuration::try_from(span) else {
        return false;
    };

    started.is_none_or(|start| now.duration_since(start) < protection)
}
