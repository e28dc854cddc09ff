//! The demo's output: one line for each event, in colour where the terminal supports it, and a summary.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use macaque_core::recovery::RecoveryVerdict;
use tokio::time::Instant;

use crate::cli::output::write;
use crate::notify::{RecoveryMessage, RoundMessage};
use crate::platform::Platform;
use crate::text::count;

const DISRUPTED: Style = AnsiColor::Red.on_default().bold();
const REFUSED: Style = AnsiColor::Yellow.on_default();
const HELD: Style = AnsiColor::Cyan.on_default();
const RECOVERED: Style = AnsiColor::Green.on_default();
const FAINT: Style = Style::new().dimmed();
const TITLE: Style = Style::new().bold();

/// The demo's screen; clones write to the same one.
#[derive(Clone)]
pub(super) struct DemoScreen {
    platform: Platform,
    state: Arc<Mutex<ScreenState>>,
}

struct ScreenState {
    opened: Instant,
    rounds: usize,
    evicted: usize,
    refused: usize,
    held: usize,
    /// How many recoveries are over.
    ended: usize,
    /// How long those took after which the workload was whole again.
    recoveries: Vec<Duration>,
}

impl DemoScreen {
    /// A screen that opens now.
    pub(super) fn new(platform: &Platform) -> Self {
        let state = ScreenState {
            opened: platform.monotonic(),
            rounds: 0,
            evicted: 0,
            refused: 0,
            held: 0,
            ended: 0,
            recoveries: Vec::new(),
        };

        Self {
            platform: platform.clone(),
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Shows the shop, and what will happen to it, for so many rounds or until Ctrl-C.
    pub(super) fn open(&self, every: Duration, rounds: Option<u16>) {
        let span = rounds.map_or("until Ctrl-C".to_owned(), |rounds| {
            format!("for {}", count(usize::from(rounds), "round"))
        });
        write(&format!(
            "{TITLE}A shop on an in-memory Kubernetes API; macaque evicts a pod every {} s, {span}.{TITLE:#}\n\n  \
             cart     3 replicas  budget: at most 1 unavailable\n  \
             web      4 replicas  budget: at least 3 available\n  \
             search   2 replicas  no budget\n  \
             db       3 replicas  budget: at least 3 available, so none can be evicted\n  \
             logs     a DaemonSet, exempt\n  \
             A workload is left alone until it has recovered: whole again, and still so 5 s later.\n",
            every.as_secs(),
        ));
    }

    /// Shows the victims of a round that ended.
    pub(super) fn round(&self, message: &RoundMessage) {
        let mut state = self.state();
        state.rounds += 1;

        let name = format!("round {}", state.rounds);
        if message.victims.is_empty() {
            self.line(&state, &name, FAINT, &message.headline);
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
                "held" => {
                    state.held += 1;
                    HELD
                }
                _ => FAINT,
            };
            let name = if n == 0 { name.as_str() } else { "" };
            self.line(&state, name, style, &victim.line);
        }
    }

    /// Shows how a recovery ended, or why it does not.
    pub(super) fn recovery(&self, message: &RecoveryMessage) {
        let mut state = self.state();
        let report = &message.report;
        let is_recovered = report.verdict.is_some_and(RecoveryVerdict::is_recovered);
        if is_recovered {
            let whole = report.times.whole_ms.unwrap_or_default();
            state.recoveries.push(Duration::from_millis(whole));
        }
        state.ended += usize::from(report.verdict.is_some());

        let style = if is_recovered { RECOVERED } else { REFUSED };
        self.line(&state, "", style, &message.headline);
    }

    /// Whether a victim's recovery is not over yet.
    pub(super) fn is_recovering(&self) -> bool {
        let state = self.state();
        state.ended < state.evicted
    }

    /// Shows the summary.
    pub(super) fn close(&self) {
        let state = self.state();
        let longest = state.recoveries.iter().max().map_or(0.0, Duration::as_secs_f64);
        let recoveries = match state.recoveries.len() {
            0 => "no recovery yet".to_owned(),
            1 => format!("1 recovery (it took {longest:.1} s)"),
            many => format!("{many} recoveries (the longest took {longest:.1} s)"),
        };

        write(&format!(
            "\n{TITLE}{}: {} evicted, {} refused by a budget, {} held back by a guard, {}.{TITLE:#}\n\n\
             Try it yourself: `macaque sandbox` serves this shop to kubectl and to `macaque once`.",
            count(state.rounds, "round"),
            count(state.evicted, "pod"),
            count(state.refused, "eviction"),
            state.held,
            recoveries,
        ));
    }

    fn state(&self) -> MutexGuard<'_, ScreenState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn line(&self, state: &ScreenState, name: &str, style: Style, words: &impl Display) {
        let elapsed = self.platform.monotonic().duration_since(state.opened);
        let seconds = elapsed.as_secs_f64();
        write(&format!(
            "{FAINT}{seconds:5.1} s{FAINT:#}  {name:<9} {style}{words}{style:#}"
        ));
    }
}
