//! The guards that judge the pods of a victim's owner: `whole`, `rollout` and `min_ready`.

use jiff::{SignedDuration, Timestamp};

use super::{GuardAnswer, GuardConfig, GuardFinding, MinReady, MinReadyWish, RolloutGuard};
use crate::pod::ReplicaCount;
use crate::siblings::SiblingPods;

/// The minimum age of the newest pod for `rollout = "lenient"`.
const SETTLED: SignedDuration = SignedDuration::from_mins(10);

/// Judges a victim by its siblings at `now`; `uid` is the victim's. Only guards that are on have a finding, in the order
/// in which they are asked; the `wish` of the victim's team may switch `min_ready` on, or raise it.
pub fn judge_siblings(
    uid: &str,
    siblings: &SiblingPods,
    config: &GuardConfig,
    wish: Option<&MinReadyWish>,
    now: Timestamp,
) -> Vec<GuardFinding> {
    let mut findings = Vec::new();
    if config.whole {
        findings.push(whole(siblings, now));
    }
    if config.rollout != RolloutGuard::Off {
        findings.push(rollout(siblings, config.rollout, now));
    }
    let wish = wish.filter(|wish| !wish.min_ready.is_off());
    if !config.min_ready.is_off() || wish.is_some() {
        findings.push(min_ready(uid, siblings, config.min_ready, wish));
    }
    findings
}

/// The finding of the first guard that is on and needs the siblings of a victim, if they cannot be read for this reason.
pub fn unknown_siblings(
    config: &GuardConfig,
    wish: Option<&MinReadyWish>,
    why: String,
) -> Option<GuardFinding> {
    // Which guards are on does not depend on the pods.
    let findings = judge_siblings("", &SiblingPods::default(), config, wish, Timestamp::UNIX_EPOCH);
    let first = findings.into_iter().next()?;
    Some(GuardFinding {
        answer: GuardAnswer::CannotAnswer,
        seen: why,
        ..first
    })
}

/// The reason why `min_ready` can never pass for an owner with as many replicas as `siblings` shows, if so: even a whole owner has
/// too few.
pub fn unreachable_min_ready(siblings: &SiblingPods, min_ready: MinReady) -> Option<String> {
    unreachable(siblings, min_ready, &setting(min_ready))
}

/// The reason why `min_ready`, which comes from this setting, can never pass.
fn unreachable(siblings: &SiblingPods, min_ready: MinReady, setting: &str) -> Option<String> {
    let replicas = siblings.replicas();
    let required = min_ready.required(replicas);
    (replicas > 0 && required >= replicas && !min_ready.is_off())
        .then(|| format!("can never pass: {required} of {replicas} must stay ready ({setting})"))
}

fn setting(min_ready: MinReady) -> String {
    format!("guards.min_ready = {min_ready}")
}

fn whole(siblings: &SiblingPods, now: Timestamp) -> GuardFinding {
    let count = siblings.count();
    let missing = siblings.desired().is_some_and(|desired| count.live != desired);
    let is_whole = count.ready == count.live && count.terminating == 0 && !missing;
    let seen = whole_seen(siblings, &count, now);
    finding("whole", is_whole, "guards.whole = true".to_owned(), seen)
}

/// The numbers behind `whole`: `2 of 3 pods ready, 1 not ready since 12m`.
fn whole_seen(siblings: &SiblingPods, count: &ReplicaCount, now: Timestamp) -> String {
    let mut seen = format!("{} of {} {} ready", count.ready, count.live, noun(count.live));

    let unready = count.live - count.ready;
    if unready > 0 {
        seen.push_str(&format!(", {unready} not ready"));
        if let Some(since) = siblings.unready_since() {
            seen.push_str(&format!(" since {}", brief(now.duration_since(since))));
        }
    }
    if count.terminating > 0 {
        seen.push_str(&format!(", {} terminating", count.terminating));
    }
    if let Some(desired) = siblings.desired().filter(|desired| *desired != count.live) {
        seen.push_str(&format!(", {desired} wanted"));
    }
    seen
}

fn rollout(siblings: &SiblingPods, config: RolloutGuard, now: Timestamp) -> GuardFinding {
    let revisions = siblings.revisions();
    let count = siblings.count();
    let is_settled = || {
        let newest = siblings.newest();
        count.ready == count.live && newest.is_some_and(|newest| now.duration_since(newest) >= SETTLED)
    };
    let passes = match revisions.len() {
        0 | 1 => true,
        2 => config == RolloutGuard::Lenient && is_settled(),
        _ => false,
    };

    let seen = match revisions.len() {
        0 => "no revision label".to_owned(),
        1 => "1 revision".to_owned(),
        several => {
            let revisions = revisions.iter();
            let pods: Vec<_> = revisions.map(|(name, pods)| format!("{name}: {pods}")).collect();
            format!("{several} revisions ({})", pods.join(", "))
        }
    };
    let setting = format!("guards.rollout = {config}");
    finding("rollout", passes, setting, seen)
}

fn min_ready(
    uid: &str,
    siblings: &SiblingPods,
    config: MinReady,
    wish: Option<&MinReadyWish>,
) -> GuardFinding {
    let replicas = siblings.replicas();
    let raises = |wish: &&MinReadyWish| {
        config.is_off() || wish.min_ready.required(replicas) > config.required(replicas)
    };
    let (min_ready, setting) = match wish.filter(raises) {
        Some(wish) => (wish.min_ready, wish.said_by.clone()),
        None => (config, setting(config)),
    };

    let required = min_ready.required(replicas);
    let stay = siblings.ready_without(uid);

    let mut seen = format!("{stay} would stay ready, {required} required");
    if let MinReady::Percent(_) = min_ready {
        seen.push_str(&format!(" ({min_ready} of {replicas})"));
    }
    if let Some(never) = unreachable(siblings, min_ready, &setting).filter(|_| stay < required) {
        seen = never;
    }
    finding("min_ready", stay >= required, setting, seen)
}

fn finding(guard: &str, passes: bool, setting: String, seen: String) -> GuardFinding {
    let answer = if passes {
        GuardAnswer::Go
    } else {
        GuardAnswer::HoldsBack
    };
    GuardFinding::new(guard, answer, setting, seen)
}

fn noun(pods: usize) -> &'static str {
    if pods == 1 { "pod" } else { "pods" }
}

/// A duration in its largest unit, rounded down: `45s`, `12m`, `3h`, `2d`.
fn brief(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}

#[cfg(test)]
mod tests;
