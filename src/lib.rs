//! macaque, a chaos monkey for Kubernetes: on a cron schedule it picks random pods, disrupts them by eviction
//! or deletion, and says truthfully what the API server answered.
#[cfg(panic = "abort")]
compile_error!("macaque's Supervisor restarts actors that panic: it needs `panic = \"unwind\"`");

pub mod chaos;
#[cfg(feature = "sandbox")]
pub mod sandbox;
