//! What macaque writes, read by those it is written for: Prometheus and its parsers, Helm, a TOML language server, and the
//! reference libraries of the formats. `just interop` installs them and runs the tests.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod calendar;
mod chart;
mod editors;
mod junit;
mod metrics;
mod monitoring;
mod packages;
mod python;
mod release;
mod webhooks;
