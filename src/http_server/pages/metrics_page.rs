//! The metrics, in the format that a request asks for.

use std::sync::Arc;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Response};
use http_body_util::Full;

use super::answers::Answer;
use super::fresh::Fresh;
use crate::metrics::{Exposition, ExpositionFormat, Metrics};
use crate::platform::Platform;

/// The metrics, as they were written last in each format.
pub(super) struct MetricsPage {
    metrics: Arc<Metrics>,
    platform: Platform,
    open_metrics: Fresh<Exposition>,
    classic: Fresh<Exposition>,
}

impl MetricsPage {
    pub(super) fn new(metrics: Arc<Metrics>, platform: &Platform) -> Self {
        Self {
            metrics,
            platform: platform.clone(),
            open_metrics: Fresh::default(),
            classic: Fresh::default(),
        }
    }

    /// The metrics, in the format that the headers of a request ask for.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Answer {
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
        let Exposition { content_type, text } = self.written(ExpositionFormat::accepted(accept));

        let mut answer = Response::new(Full::from(text));
        answer.headers_mut().insert(CONTENT_TYPE, content_type);
        answer
    }

    /// The metrics as they were written a moment ago, or are written now.
    pub(super) fn written(&self, format: ExpositionFormat) -> Exposition {
        let written = match format {
            ExpositionFormat::OpenMetrics => &self.open_metrics,
            ExpositionFormat::Classic => &self.classic,
        };
        written.get(&self.platform, || self.metrics.write(format))
    }
}
