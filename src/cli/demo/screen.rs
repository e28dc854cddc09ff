//! What the demo shows: a line a happening, in colour where the terminal wants it, and a summary.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

use crate::notify::RoundMessage;
use macaque_core::pod::PodOwner;

use super::super::output::say;

const DISRUPTED: Style = AnsiColor::Red.on_default().bold();
const REFUSED: Style = AnsiColor::Yellow.on_default();
const WHOLE: Style = AnsiColor::Green.on_default();
const FAINT: Style = Style::new().dimmed();
const TITLE: Style = Style::new().bold();

/// The screen; clones write to the same one.
#[derive(Clone)]
pub(super) struct DemoScreen(Arc<Mutex<ScreenState>>);

struct ScreenState {
    opened: Instant,
    rounds: usize,
    evicted: usize,
    refused: usize,
    recoveries: Vec<Duration>,
}

impl Default for DemoScreen {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(ScreenState {
            opened: Instant::now(),
            rounds: 0,
            evicted: 0,
            refused: 0,
            recoveries: Vec::new(),
        })))
    }
}

impl DemoScreen {
    /// Sets the scene in words.
    pub(super) fn open(&self, every: Duration, rounds: u16) {
        say(&format!(
            "{TITLE}A shop on an embedded Kubernetes API, and a monkey that evicts a pod every {} s, {rounds} times.{TITLE:#}\n\n  \
             cart     3 replicas  budget: at most 1 unavailable\n  \
             web      4 replicas  budget: at least 3 available\n  \
             search   2 replicas  no budget\n  \
             db       3 replicas  budget: at least 3 available, so never one to spare\n  \
             logs     a DaemonSet, exempt\n",
            every.as_secs()
        ));
    }

    /// A round ended.
    pub(super) fn round(&self, message: &RoundMessage) {
        let mut state = self.state();
        state.rounds += 1;
        let name = format!("round {}", state.rounds);
        if message.victims.is_empty() {
            line(&state, &name, FAINT, &message.headline);
        }
        for (n, victim) in message.victims.iter().enumerate() {
            let style = match victim.outcome {
                "evicted" => {
                    state.evicted += 1;
                    DISRUPTED
                }
                "refused" => {
                    state.refused += 1;
                    REFUSED
                }
                _ => FAINT,
            };
            let name = if n == 0 { name.as_str() } else { "" };
            line(&state, name, style, &victim.line);
        }
    }

    /// A workload has all its pods ready again, so long after one was missing.
    pub(super) fn whole(&self, owner: &PodOwner, ready: usize, after: Duration) {
        let mut state = self.state();
        state.recoveries.push(after);
        let words = format!(
            "{owner} is whole again: {ready} ready, after {:.1} s",
            after.as_secs_f64()
        );
        line(&state, "", WHOLE, &words);
    }

    /// The summary.
    pub(super) fn close(&self) {
        let state = self.state();
        let longest = state.recoveries.iter().max().map_or(0.0, Duration::as_secs_f64);
        say(&format!(
            "\n{TITLE}{} rounds: {} pods evicted, {} evictions refused by a budget, {} recoveries (the longest took {longest:.1} s).{TITLE:#}\n\n\
             Try it yourself: `macaque sandbox` serves this shop to kubectl and to `macaque once`.",
            state.rounds,
            state.evicted,
            state.refused,
            state.recoveries.len()
        ));
    }

    fn state(&self) -> MutexGuard<'_, ScreenState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn line(state: &ScreenState, name: &str, style: Style, words: &impl Display) {
    let seconds = state.opened.elapsed().as_secs_f64();
    say(&format!(
        "{FAINT}{seconds:5.1} s{FAINT:#}  {name:<9} {style}{words}{style:#}"
    ));
}
