//! Answers in plain text, and those of paths at which nothing is served.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Bytes;

/// An answer, whose body may be shared.
pub(super) type Answer = Response<Full<Bytes>>;

/// The answer for a page that is not served here.
pub(super) fn missing(remedy: &str) -> Answer {
    text(StatusCode::NOT_FOUND, format!("{remedy}\n"))
}

/// A plain text.
pub(super) fn text(status: StatusCode, text: String) -> Answer {
    let mut answer = Response::new(Full::from(text));
    *answer.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, plain);
    answer
}
