//! The HTTP server: reads requests, records them, asks the API and writes its answers.

use std::convert::Infallible;
use std::time::Duration;

use futures_util::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use crate::RecordedRequest;
use crate::api;
use crate::store::state::SharedState;
use crate::wire::reply::{ApiReply, ReplyBody};
use crate::wire::request::Request;
use crate::wire::status_error::StatusError;

type Answer = UnsyncBoxBody<Bytes, Infallible>;

/// As a real server has it.
const LARGEST_BODY: usize = 3 * 1024 * 1024;
/// Between two attempts to accept when the system refuses one, such as for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Accepts connections for ever.
pub(crate) async fn serve(listener: TcpListener, shared: SharedState) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_connection(stream, shared.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn serve_connection(stream: TcpStream, shared: SharedState) {
    // A small answer is not to wait for the acknowledgement of the one before it.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| respond(request, shared.clone()));
    // A connection that breaks concerns its client alone.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn respond(
    request: hyper::Request<Incoming>,
    shared: SharedState,
) -> Result<Response<Answer>, Infallible> {
    let (head, body) = request.into_parts();
    let body = Limited::new(body, LARGEST_BODY)
        .collect()
        .await
        .map(|collected| collected.to_bytes().to_vec());
    let Ok(body) = body else {
        // Too large, or broken off: in the latter case nobody is there to read this.
        let failure = StatusError::new(413, "RequestEntityTooLarge", format!("limit is {LARGEST_BODY}"));
        return Ok(response(failure.into(), shared));
    };
    let address = head
        .uri
        .path_and_query()
        .map_or_else(|| head.uri.path().to_owned(), ToString::to_string);
    let text = |name| {
        head.headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
            .unwrap_or_default()
    };
    let recorded = RecordedRequest {
        method: head.method.to_string(),
        path_and_query: address.clone(),
        body: String::from_utf8_lossy(&body).into_owned(),
    };
    let mut request = Request::new(head.method.as_str(), &address);
    request.accept = text(ACCEPT).to_owned();
    request.content_type = text(CONTENT_TYPE).to_owned();
    request.body = body;
    let latency = shared.with(|state| {
        state.record(recorded);
        state.options.latency
    });
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }
    let reply = shared.with(|state| api::answer(state, &request));
    Ok(response(reply, shared))
}

fn response(reply: ApiReply, shared: SharedState) -> Response<Answer> {
    let ApiReply { code, headers, body } = reply;
    let (kind, body) = match body {
        ReplyBody::Json(value) => ("application/json", whole(text(value))),
        ReplyBody::Text(text) => ("text/plain; charset=utf-8", whole(text)),
        ReplyBody::ResourceWatch(watch) => {
            let frames = watch.lines(shared).map(|line| Ok(Frame::data(Bytes::from(line))));
            ("application/json", StreamBody::new(frames).boxed_unsync())
        }
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
        .headers_mut()
        .insert("cache-control", HeaderValue::from_static("no-cache, private"));
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// An object as a real server writes it: what it is, then its metadata, and only then its items or whatever it has.
fn text(object: Value) -> String {
    const FIRST: [&str; 3] = ["kind", "apiVersion", "metadata"];
    let Value::Object(mut object) = object else {
        return format!("{object}\n");
    };
    let first = FIRST.map(|key| object.remove_entry(key));
    let members = first.into_iter().flatten().chain(object);
    let members: Vec<String> = members
        .map(|(key, value)| format!("{}:{value}", Value::String(key)))
        .collect();
    format!("{{{}}}\n", members.join(","))
}

fn whole(text: String) -> Answer {
    Full::new(Bytes::from(text)).boxed_unsync()
}
