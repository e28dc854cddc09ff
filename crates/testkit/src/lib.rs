//! What macaque's tests share: a fault proxy, a cluster fixture, fake services, and one way to run the program.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of tests for code of the program"
)]

pub mod browser;
pub mod chart;
pub mod chat_room;
pub mod chat_server;
pub mod cluster;
pub mod control_plane;
pub mod fact_recorder;
pub mod fake_gate;
pub mod fault_proxy;
pub mod history_log;
pub mod loopback_server;
pub mod manifest;
pub mod metrics;
pub mod monitoring;
pub mod notify;
pub mod process_cost;
pub mod program;
pub mod python;
pub mod scrape;
pub mod server_answer;
pub mod tcp_proxy;
pub mod terminal;
pub mod tls_front;
pub mod web_proxy;

pub use self::cluster::{TestCluster, evict_one};
pub use self::fact_recorder::{FactRecorder, RecordedFact};
pub use self::program::{Program, ProgramOutput, RunningProgram};
pub use self::terminal::TerminalProgram;

/// A secret that may be seen nowhere but on the wire.
pub const CANARY: &str = "xoxb-CANARY-5ecr3t";
