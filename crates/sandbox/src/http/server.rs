//! The HTTP server: accepts connections, reads and records requests, and passes them to the API.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use crate::api;
use crate::http::response::{ResponseBody, encode};
use crate::store::request_log::RecordedRequest;
use crate::store::state::SharedState;
use crate::wire::reply::ApiReply;
use crate::wire::request::ApiRequest;
use crate::wire::status_error::StatusError;

/// The limit of a real server (`MaxRequestBodyBytes` in `apiserver/pkg/server/config.go`).
const MAX_REQUEST_BODY: usize = 3 * 1024 * 1024;
/// The pause before the next attempt if the system refuses to accept, e.g. when it is out of file descriptors.
const ACCEPT_RETRY_PAUSE: Duration = Duration::from_millis(50);

/// Accepts and serves connections, forever.
pub(crate) async fn serve(listener: TcpListener, shared: SharedState) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, shared.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_RETRY_PAUSE).await,
        }
    }
}

async fn serve_connection(stream: TcpStream, shared: SharedState) {
    // A small answer must not wait for the acknowledgement of the previous one.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| respond(request, shared.clone()));

    // A broken connection concerns only its client.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// Answers one request. Refusals are answers too, so this never fails.
async fn respond(
    request: hyper::Request<Incoming>,
    shared: SharedState,
) -> Result<Response<ResponseBody>, Infallible> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, MAX_REQUEST_BODY).collect().await else {
        // Too large or broken off; in the latter case the client no longer reads the answer.
        let message = format!("limit is {MAX_REQUEST_BODY}");
        let refusal = StatusError::new(413, "RequestEntityTooLarge", message);
        return Ok(encode(ApiReply::from(refusal).into(), shared));
    };
    let body = body.to_bytes().to_vec();

    let (request, recorded) = read_request(&head, body);
    let latency = shared.with(|state| {
        state.requests.push(recorded);
        state.options.latency
    });
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }

    let answer = shared.with(|state| api::answer(state, &request));
    Ok(encode(answer, shared))
}

/// Converts a request into the form for the API and the form for the log.
fn read_request(head: &Parts, body: Vec<u8>) -> (ApiRequest, RecordedRequest) {
    let path_and_query = head
        .uri
        .path_and_query()
        .map_or_else(|| head.uri.path().to_owned(), ToString::to_string);
    let header = |name: HeaderName| {
        let value = head.headers.get(name).map(HeaderValue::to_str);
        value.and_then(Result::ok).unwrap_or_default().to_owned()
    };

    let recorded = RecordedRequest {
        method: head.method.to_string(),
        path_and_query: path_and_query.clone(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let request = ApiRequest {
        accept: header(ACCEPT),
        content_type: header(CONTENT_TYPE),
        body,
        ..ApiRequest::new(head.method.as_str(), &path_and_query)
    };
    (request, recorded)
}
