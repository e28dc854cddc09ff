//! What the health probes `/livez` and `/readyz` say, from the state that the Supervisor maintains.
//!
//! The probes ask neither the API server nor a chat service, because restarting macaque fixes neither.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::platform::Platform;

/// The age at which the Supervisor's heartbeat fails the probe; lenient, because a throttled CPU is not a hang.
const STALE_AFTER: Duration = Duration::from_secs(15);

/// The state that the probes report: the Supervisor's heartbeat, which parts are up, and whether macaque is stopping.
#[derive(Debug)]
pub struct HealthState {
    platform: Platform,
    created: Instant,
    /// The time of the last heartbeat, in milliseconds since `created`.
    last_beat_ms: AtomicU64,
    parts: Vec<(&'static str, AtomicBool)>,
    stopping: AtomicBool,
}

/// The answer to a probe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// Whether every check passed.
    pub is_healthy: bool,
    /// The text: `ok`, or one line per check in the format of kube-apiserver's `?verbose`.
    pub text: String,
}

/// A named check, one line of a probe's answer.
type ProbeCheck = (&'static str, Result<(), String>);

impl HealthState {
    /// Creates the state with all `parts` down and a fresh heartbeat, so that a slow start does not count as a hang.
    pub fn new(parts: impl IntoIterator<Item = &'static str>, platform: &Platform) -> Self {
        Self {
            platform: platform.clone(),
            created: platform.monotonic(),
            last_beat_ms: AtomicU64::new(0),
            parts: parts
                .into_iter()
                .map(|name| (name, AtomicBool::new(false)))
                .collect(),
            stopping: AtomicBool::new(false),
        }
    }

    /// Records a heartbeat of the Supervisor.
    pub fn beat(&self) {
        let now = u64::try_from(self.age().as_millis()).unwrap_or(u64::MAX);
        self.last_beat_ms.store(now, Ordering::Relaxed);
    }

    /// Sets whether the part `name` is up.
    pub fn set_up(&self, name: &str, up: bool) {
        if let Some((_, flag)) = self.parts.iter().find(|(part, _)| *part == name) {
            flag.store(up, Ordering::Relaxed);
        }
    }

    /// Marks the process as shutting down.
    pub fn set_stopping(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// How long ago the Supervisor's last heartbeat was.
    pub(crate) fn silence(&self) -> Duration {
        let beat = Duration::from_millis(self.last_beat_ms.load(Ordering::Relaxed));
        self.age().saturating_sub(beat)
    }

    fn age(&self) -> Duration {
        self.platform.monotonic().duration_since(self.created)
    }

    /// The answer of `/livez`, which names every check if it is `verbose`.
    pub fn livez(&self, verbose: bool) -> ProbeAnswer {
        answer_of(&self.liveness(), verbose)
    }

    /// The answer of `/readyz`, which names every check if it is `verbose`.
    pub fn readyz(&self, verbose: bool) -> ProbeAnswer {
        answer_of(&self.readiness(), verbose)
    }

    /// The checks of `/livez`: the Supervisor's heartbeat only, because the Supervisor restarts the other actors
    /// itself.
    fn liveness(&self) -> Vec<ProbeCheck> {
        let age = self.silence();
        let fresh = if age < STALE_AFTER {
            Ok(())
        } else {
            Err(format!("no heartbeat for {} s", age.as_secs()))
        };
        vec![("Supervisor", fresh)]
    }

    /// The checks of `/readyz`: alive, every part up, and not shutting down.
    fn readiness(&self) -> Vec<ProbeCheck> {
        let mut checks = self.liveness();
        for (name, up) in &self.parts {
            let up = up.load(Ordering::Relaxed);
            checks.push((*name, check(up, "not running")));
        }

        let stopping = self.stopping.load(Ordering::Relaxed);
        checks.push(("running", check(!stopping, "stopping")));
        checks
    }
}

fn check(passed: bool, why_not: &str) -> Result<(), String> {
    passed.then_some(()).ok_or_else(|| why_not.to_owned())
}

fn answer_of(checks: &[ProbeCheck], verbose: bool) -> ProbeAnswer {
    let is_healthy = checks.iter().all(|(_, check)| check.is_ok());
    if is_healthy && !verbose {
        let text = "ok\n".to_owned();
        return ProbeAnswer { is_healthy, text };
    }

    let mut text = String::new();
    for (name, check) in checks {
        // Writing to a String cannot fail.
        let _ = match check {
            Ok(()) => writeln!(text, "[+]{name} ok"),
            Err(why) => writeln!(text, "[-]{name} failed: {why}"),
        };
    }
    ProbeAnswer { is_healthy, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failing(checks: &[ProbeCheck]) -> Vec<&'static str> {
        checks
            .iter()
            .filter(|(_, check)| check.is_err())
            .map(|(name, _)| *name)
            .collect()
    }

    #[test]
    fn ready_means_that_every_part_is_up_and_nobody_said_stop() {
        let health = HealthState::new(["Clock", "Killer"], &Platform::system());
        assert_eq!(failing(&health.readiness()), ["Clock", "Killer"]);
        health.set_up("Clock", true);
        health.set_up("Killer", true);
        assert!(failing(&health.readiness()).is_empty());
        health.set_stopping();
        assert_eq!(failing(&health.readiness()), ["running"]);
    }

    #[test]
    fn a_probe_says_ok_or_what_failed_and_names_every_check_on_request() {
        let health = HealthState::new(["Clock"], &Platform::system());
        assert_eq!(health.livez(false).text, "ok\n");
        assert_eq!(
            health.readyz(false),
            ProbeAnswer {
                is_healthy: false,
                text: "[+]Supervisor ok\n[-]Clock failed: not running\n[+]running ok\n".to_owned(),
            }
        );
        health.set_up("Clock", true);
        assert_eq!(health.readyz(false).text, "ok\n");
        assert_eq!(
            health.readyz(true).text,
            "[+]Supervisor ok\n[+]Clock ok\n[+]running ok\n"
        );
    }

    #[test]
    fn a_part_that_is_down_is_no_reason_to_restart_the_process() {
        let health = HealthState::new(["Notifier"], &Platform::system());
        assert!(failing(&health.liveness()).is_empty());
    }
}
