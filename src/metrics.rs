//! The metrics: counts the facts of this process, and writes them as Prometheus reads them. The only module that uses
//! `prometheus-client`.

use http::HeaderValue;
use hyper::body::Bytes;

use crate::facts::{Fact, FactListener};

/// What the metrics are about.
#[derive(Debug, Clone, Default)]
pub struct MetricsConfig {
    /// Whether macaque disrupts, and is no dry run.
    pub armed: bool,
    /// The namespaces in scope by name; empty for the whole cluster.
    pub namespaces: Vec<String>,
    /// The names of the guards that are on.
    pub guards: Vec<String>,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// Whether recoveries are also counted by owner.
    pub owners: bool,
}

/// The metrics of this process.
#[derive(Debug)]
pub struct Metrics {}

/// The metrics in one of the formats of Prometheus.
#[derive(Debug, Clone)]
pub struct Exposition {
    /// The media type.
    pub content_type: HeaderValue,
    /// The text.
    pub text: Bytes,
}

impl Metrics {
    /// Creates the metrics, with every label set that is known at 0.
    pub fn new(_config: &MetricsConfig) -> Self {
        Self {}
    }

    /// The metrics in the format that a request with this `Accept` header asks for.
    pub fn exposition(&self, _accept: Option<&str>) -> Exposition {
        Exposition {
            content_type: HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"),
            text: Bytes::new(),
        }
    }
}

impl FactListener for Metrics {
    fn note(&self, _fact: Fact<'_>) {}
}
