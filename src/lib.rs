//! macaque, a chaos monkey for Kubernetes: on a cron schedule it picks random pods, disrupts them by eviction
//! or deletion, and says truthfully what the API server answered.
//!
//! ```text
//!              RoundDue{slot, seed}            RoundFinished{report}
//!   Clock ──────────────────────────▶ Killer ──────────────────────────▶ Notifier ──▶ log, Slack, Webex
//!     ▲                                │  ▲                                 ▲
//!     │        starts, restarts        │  │                                 │
//!     └────────────── Supervisor ──────┴──┼─────────────────────────────────┘
//!                                         │
//!                           cluster (kube client, by hand)
//!                                         │
//!                     the Kubernetes API: a real server, or the embedded sandbox
//! ```
//!
//! # Layout
//!
//! Dependencies point one way, from the bottom of this list to the top.
//!
//! - [`macaque_core`]: the pure core. When a round is due, which pods are candidates, who is drawn, what an answer means.
//!   Time, chance and answers are arguments; it knows no network, file, clock or global generator.
//! - [`cluster`]: the Kubernetes adapter. Alone in knowing `kube`.
//! - [`notify`]: the channels. Alone in knowing `awc`.
//! - [`journal`]: keeps the journal, in a ConfigMap or in memory; what a step is, `chaos` decides.
//! - [`round`]: one round from the list to the report, over `chaos`, `cluster` and `journal`.
//! - [`fault`]: the points at which a test makes macaque fail; none of them does anything otherwise.
//! - [`pulse`]: the signs of life of an actor, as the Supervisor sees them.
//! - [`health`]: the probes, from a thread of their own.
//! - [`actors`]: Clock, Killer, Notifier and Supervisor, thin shells round the above.
//! - [`settings`]: defaults, file, environment and flags, proved into a plan.
//! - [`telemetry`]: the log. Alone in knowing `env_logger`.
//! - `text`: the words of others made fit to be shown, for the channels and the terminal.
//! - [`cli`] and `main`: the commands; `main` holds the only exit.
//! - `sandbox` (feature, on by default): an embedded Kubernetes API for the demo and the tests. It is a server,
//!   spoken to over HTTP, and shares no code with the layers above.
#[cfg(panic = "abort")]
compile_error!("macaque's Supervisor restarts actors that panic: it needs `panic = \"unwind\"`");

pub mod actors;
pub mod cli;
pub mod failpoint;
pub mod health;
pub mod heartbeat;
pub mod journal;
pub mod k8s;
pub mod notify;
pub mod preview;
pub mod round;
pub mod settings;
pub mod telemetry;
mod text;
