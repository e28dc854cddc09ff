//! The formats of the metrics, and which of them a scraper asks for.

/// The media type of OpenMetrics, without parameters.
const OPEN_METRICS: &str = "application/openmetrics-text";

/// A format of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpositionFormat {
    /// OpenMetrics 1.0, with exemplars.
    OpenMetrics,
    /// The classic text format of Prometheus.
    Classic,
}

/// A range of media types that an `Accept` header names.
#[derive(Debug, PartialEq)]
struct AcceptedRange {
    /// The type, in small letters.
    media_type: String,
    /// The parameter `version`.
    version: Option<String>,
    /// The weight, from 0 to 1.
    weight: f32,
}

impl ExpositionFormat {
    /// The format that a request with this `Accept` header asks for: OpenMetrics if the header names it and weighs it
    /// at least as much as the classic format, which everybody else gets.
    pub fn accepted(accept: Option<&str>) -> Self {
        let ranges: Vec<_> = accept.unwrap_or_default().split(',').filter_map(range).collect();
        let weight = |format: Self| {
            let weights = ranges.iter().filter(|range| range.names(format));
            weights.map(|range| range.weight).fold(0.0, f32::max)
        };

        let open_metrics = weight(Self::OpenMetrics);
        if open_metrics > 0.0 && open_metrics >= weight(Self::Classic) {
            Self::OpenMetrics
        } else {
            Self::Classic
        }
    }

    /// The media type of the format.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Classic => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

impl AcceptedRange {
    /// Whether the range names this format. A range of many types names the classic one: browsers and people send those.
    fn names(&self, format: ExpositionFormat) -> bool {
        let is_version = |versions: &[&str]| {
            self.version
                .as_deref()
                .is_none_or(|version| versions.contains(&version))
        };
        match format {
            ExpositionFormat::OpenMetrics => {
                self.media_type == OPEN_METRICS && is_version(&["1.0.0", "0.0.1"])
            }
            ExpositionFormat::Classic => {
                matches!(self.media_type.as_str(), "text/plain" | "text/*" | "*/*") && is_version(&["0.0.4"])
            }
        }
    }
}

/// Reads a range, `text/plain;version=0.0.4;q=0.5` for example; `None` if its weight cannot be read.
fn range(text: &str) -> Option<AcceptedRange> {
    let mut parts = text.split(';').map(str::trim);
    let media_type = parts.next()?.to_ascii_lowercase();

    let mut version = None;
    let mut weight = 1.0;
    for (name, value) in parts.filter_map(|part| part.split_once('=')) {
        match name.trim().to_ascii_lowercase().as_str() {
            "version" => version = Some(value.trim().trim_matches('"').to_owned()),
            "q" => weight = value.trim().parse().ok().filter(|q| (0.0..=1.0).contains(q))?,
            _ => {}
        }
    }
    Some(AcceptedRange {
        media_type,
        version,
        weight,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_written_only_for_those_who_ask_for_it_at_least_as_much() {
        let prometheus_2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,\
                            text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                            application/openmetrics-text;version=0.0.1;q=0.4,\
                            text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        let protobuf_first = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;\
                              encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1";
        let classic_only =
            "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.2";
        let asks = [
            prometheus_2,
            prometheus_3,
            protobuf_first,
            "application/openmetrics-text",
            "APPLICATION/OpenMetrics-Text ; Version=\"1.0.0\" ; charset=utf-8",
            "application/openmetrics-text;version=0.0.1",
            "text/plain;q=0.5, application/openmetrics-text;q=0.5",
            "*/*;q=nonsense, application/openmetrics-text;q=0.1",
        ];
        let asks_not = [
            classic_only,
            "*/*",
            "text/plain",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/openmetrics-text;q=0",
            "application/openmetrics-text;q=NaN",
            "application/openmetrics-text;q=7",
            "application/openmetrics-text;version=2.0.0",
            "application/openmetrics-text;q=0.4,text/plain;q=0.5",
            "application/openmetrics-text-but-not-quite",
            "application/json",
            "",
            ",;=,;;q=1,\u{fffd}",
        ];

        for accept in asks {
            assert_eq!(
                ExpositionFormat::accepted(Some(accept)),
                ExpositionFormat::OpenMetrics,
                "{accept}"
            );
        }
        for accept in asks_not {
            assert_eq!(
                ExpositionFormat::accepted(Some(accept)),
                ExpositionFormat::Classic,
                "{accept}"
            );
        }
        assert_eq!(ExpositionFormat::accepted(None), ExpositionFormat::Classic);
    }
}
