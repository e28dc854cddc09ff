//! Registers metrics, each with its description, and writes them as text.

use std::fmt;

use prometheus_client::encoding::{
    EncodeLabel as _, EncodeLabelSet, EncodeMetric, LabelSetEncoder, prometheus_text, text,
};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use super::ExpositionFormat;
use super::label_values::LabelValue;

/// The type of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the types of Prometheus")]
pub enum MetricKind {
    Counter,
    Gauge,
    Histogram,
}

/// A metric in words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricDescription {
    /// The name, with the suffix `_total` of a counter; a histogram has further suffixes in queries.
    pub name: &'static str,
    /// The type.
    pub kind: MetricKind,
    /// The names of the labels.
    pub labels: &'static [&'static str],
    /// What it counts or shows, in sentences; the last one without its full stop.
    pub help: &'static str,
}

/// The names of the labels of a metric with their values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Labels<const N: usize> {
    pub(super) names: &'static [&'static str; N],
    pub(super) values: [LabelValue; N],
}

/// A metric for each value of its labels.
#[derive(Debug, Clone)]
pub(super) struct LabeledMetric<M, const N: usize> {
    labels: &'static [&'static str; N],
    family: Family<Labels<N>, M>,
}

/// Takes the metrics of one process.
#[derive(Debug, Default)]
pub(super) struct Registrar {
    registry: Registry,
    descriptions: Vec<MetricDescription>,
}

/// The metrics that were registered.
#[derive(Debug)]
pub(super) struct RegisteredMetrics {
    registry: Registry,
    /// The metrics in words, in the order in which they are written.
    pub(super) descriptions: Vec<MetricDescription>,
}

impl MetricKind {
    /// The type in one word, as Prometheus writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl Registrar {
    /// Registers a metric for each value of its labels; one without labels appears once it has a value.
    pub(super) fn add<M, const N: usize>(
        &mut self,
        kind: MetricKind,
        name: &'static str,
        labels: &'static [&'static str; N],
        create: fn() -> M,
        help: &'static str,
    ) -> LabeledMetric<M, N>
    where
        M: EncodeMetric + TypedMetric + Send + Sync + fmt::Debug + 'static,
    {
        let family = Family::new_with_constructor(create);
        // The suffix of a counter is appended where it is written.
        let registered = name.strip_suffix("_total").unwrap_or(name);
        self.registry.register(registered, help, family.clone());
        self.descriptions.push(MetricDescription {
            name,
            kind,
            labels,
            help,
        });
        LabeledMetric { labels, family }
    }

    /// Registers a counter for each value of its labels.
    pub(super) fn counter<const N: usize>(
        &mut self,
        name: &'static str,
        labels: &'static [&'static str; N],
        help: &'static str,
    ) -> LabeledMetric<Counter, N> {
        self.add(MetricKind::Counter, name, labels, Counter::default, help)
    }

    /// Registers a gauge for each value of its labels.
    pub(super) fn gauge<const N: usize>(
        &mut self,
        name: &'static str,
        labels: &'static [&'static str; N],
        help: &'static str,
    ) -> LabeledMetric<Gauge, N> {
        self.add(MetricKind::Gauge, name, labels, Gauge::default, help)
    }

    /// Registers a metric whose value is always 1, for its labels tell what there is to know.
    pub(super) fn info<const N: usize>(
        &mut self,
        name: &'static str,
        labels: &'static [&'static str; N],
        values: [LabelValue; N],
        help: &'static str,
    ) {
        // The suffix is appended where it is written.
        let registered = name.strip_suffix("_info").unwrap_or(name);
        let info = Info::new(Labels {
            names: labels,
            values,
        });
        self.registry.register(registered, help, info);
        self.descriptions.push(MetricDescription {
            name,
            kind: MetricKind::Gauge,
            labels,
            help,
        });
    }

    /// What was registered.
    pub(super) fn finish(self) -> RegisteredMetrics {
        RegisteredMetrics {
            registry: self.registry,
            descriptions: self.descriptions,
        }
    }
}

impl RegisteredMetrics {
    /// The metrics as text in this format.
    pub(super) fn text(&self, format: ExpositionFormat) -> String {
        let mut written = String::new();
        let result = match format {
            ExpositionFormat::OpenMetrics => text::encode(&mut written, &self.registry),
            ExpositionFormat::Classic => prometheus_text::encode(&mut written, &self.registry),
        };
        result.expect("writing to a string does not fail");
        written
    }
}

impl<M: Clone, const N: usize> LabeledMetric<M, N> {
    /// The metric with these values of the labels; it is created if there is none.
    pub(super) fn with(&self, values: [LabelValue; N]) -> M {
        let labels = Labels {
            names: self.labels,
            values,
        };
        self.family.get_or_create_owned(&labels)
    }

    /// Removes the metric with these values of the labels.
    pub(super) fn without(&self, values: &[LabelValue; N]) {
        let labels = Labels {
            names: self.labels,
            values: values.clone(),
        };
        self.family.remove(&labels);
    }
}

impl<const N: usize> EncodeLabelSet for Labels<N> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        for (name, value) in self.names.iter().zip(&self.values) {
            (*name, value.as_ref()).encode(encoder.encode_label())?;
        }
        Ok(())
    }
}
