//! Promises of the metrics: facts in, text out.

mod at_start;
mod bounds;
mod counters;
mod journal;
mod recoveries;

use jiff::Timestamp;
use macaque::metrics::{ExpositionFormat, Metrics, MetricsConfig};
use macaque::platform::Platform;
use macaque_testkit::scrape::Scrape;

/// Metrics of a process that started on a Monday at half past nine.
fn metrics(config: &MetricsConfig) -> Metrics {
    Metrics::new(config, &Platform::simulated(1, start()))
}

fn start() -> Timestamp {
    "2027-03-01T09:30:00Z".parse().unwrap()
}

/// The metrics in the classic text, read.
fn scrape(metrics: &Metrics) -> Scrape {
    Scrape::read(&text(metrics, ExpositionFormat::Classic))
}

fn text(metrics: &Metrics, format: ExpositionFormat) -> String {
    String::from_utf8(metrics.write(format).text.to_vec()).unwrap()
}
