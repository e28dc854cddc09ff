//! macaque, a chaos monkey for Kubernetes: on a cron schedule it picks random pods, evicts or deletes them, and reports
//! truthfully what the API server answered.
//!
//! ```text
//!              RoundDue{slot, seed}            RoundFinished{report}
//!   Clock ──────────────────────────▶ Killer ──────────────────────────▶ Notifier ──▶ log, chat, webhooks
//!                                        │                                  ▲
//!                     DisruptionAccepted └────▶ Watcher ────────────────────┘
//!                                                        RecoveryReported{report}
//!
//!   EventRecorder: writes Kubernetes Events about what the others publish, if Events are on
//!   HistoryRecorder: writes what the others publish to the history, if there is one
//!   Supervisor: starts the others and restarts them
//!   Killer, Watcher and the recorders speak through k8s (kube client) with the Kubernetes API: a real server, or the sandbox
//! ```
//!
//! Decisions are in [`macaque_core`], where time, chance and answers are arguments. This crate carries them out.
//!
//! # Modules
//!
//! Dependencies point upwards in this list: a module knows only those above it.
//!
//! - [`program`]: the name by which macaque was called.
//! - `text`: makes untrusted text safe to show.
//! - `html`: the parts of pages, which escape what they show.
//! - `redact`: hides secrets in text, in whichever encoding it holds them.
//! - `secret_file`: reads files that hold secrets.
//! - `retry_after`: reads how long a server asks to wait.
//! - [`failpoint`]: the points at which a test makes macaque fail; inactive otherwise.
//! - [`platform`]: clocks, timers and randomness, from one source that is passed in.
//! - [`heartbeat`]: the heartbeats of the actors, as the Supervisor sees them.
//! - [`stop`]: the request to stop a round.
//! - [`facts`]: what happens in this process, for those who count or record it.
//! - [`proxy`]: which proxy leads to a server, and the connection through it.
//! - `http_client`: the HTTP client of gates and chat services. The only module that uses `awc`.
//! - [`k8s`]: the Kubernetes adapter. The only module that uses `kube`.
//! - `list_pager`: follows a list from page to page.
//! - `read_retry`: retries reads of the API server.
//! - [`gates`]: guards that ask other services: Prometheus, Alertmanager, or any over HTTP.
//! - [`guards`]: what must hold around a victim before it is disrupted.
//! - [`recovery`]: follows a workload until it is whole again after a disruption.
//! - [`events`]: Kubernetes Events about disruptions and recoveries.
//! - [`notify`]: the notification channels.
//! - [`journal`]: stores the journal, in a ConfigMap or in memory; the core decides what a step is.
//! - [`round`]: one round, from the list of pods to the report.
//! - [`preview`]: what a round would do, for `plan` and `why`.
//! - [`calendar_feed`]: the schedule as an iCalendar file.
//! - [`metrics`]: the facts, counted for Prometheus. The only module that uses `prometheus-client`.
//! - [`health`]: what the probes say.
//! - [`history`]: writes what happened to a ConfigMap, and reads it and the log.
//! - [`status`]: the status page, and what it shows as JSON.
//! - [`http_server`]: serves the probes, the metrics and the status page, on a thread of its own.
//! - [`settings`]: defaults, file, environment and flags, validated into one configuration.
//! - [`migrate`]: the settings that do what another tool was configured to do.
//! - [`reload`]: judges and proves a configuration file that has changed, before it is in force.
//! - [`actors`]: Clock, Killer, Watcher, Notifier, EventRecorder, HistoryRecorder, Reloader and Supervisor, thin shells around
//!   the modules above.
//! - [`telemetry`]: the log. The only module that uses `env_logger`.
//! - [`cli`] and `main`: one file for each command; `main` holds the only exit.
//!
//! The sandbox, an in-memory Kubernetes API for the demo and the tests, is the crate `kube-sandbox` (feature `sandbox`).
//! macaque talks to it over HTTP, and it shares no code with macaque.

#[cfg(panic = "abort")]
compile_error!("macaque's Supervisor restarts actors that panic: it needs `panic = \"unwind\"`");

pub mod actors;
pub mod calendar_feed;
pub mod cli;
pub mod events;
pub mod facts;
pub mod failpoint;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
pub mod gates;
pub mod guards;
pub mod health;
pub mod heartbeat;
pub mod history;
mod html;
mod http_client;
pub mod http_server;
pub mod journal;
pub mod k8s;
mod list_pager;
pub mod metrics;
pub mod migrate;
pub mod notify;
pub mod platform;
pub mod preview;
pub mod program;
pub mod proxy;
mod read_retry;
pub mod recovery;
mod redact;
pub mod reload;
mod retry_after;
pub mod round;
mod secret_file;
pub mod settings;
pub mod status;
pub mod stop;
pub mod telemetry;
mod text;
