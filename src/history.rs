//! The history outside the core: written to a ConfigMap while macaque runs, read back by commands, and read out of the log.

mod log_reader;

pub use self::log_reader::{LogCounts, LogHistory, last_instant, read_log};
