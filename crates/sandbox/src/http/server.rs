//! The HTTP server: accepts connections, reads and records requests, and passes them to the API.

use std::convert::Infallible;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::Response;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::http::request::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::api;
use crate::http::response::{ResponseBody, encode};
use crate::store::request_log::RecordedRequest;
use crate::store::state::SharedState;
use crate::wire::protobuf;
use crate::wire::reply::ApiReply;
use crate::wire::request::ApiRequest;
use crate::wire::status_error::StatusError;

/// The limit of a real server (`MaxRequestBodyBytes` in `apiserver/pkg/server/config.go`).
const MAX_REQUEST_BODY: usize = 3 * 1024 * 1024;
/// The pause before the next attempt if the system refuses to accept, e.g. when it is out of file descriptors.
const ACCEPT_RETRY_PAUSE: Duration = Duration::from_millis(50);

/// The first byte of every TLS connection: the type of a record that holds a handshake.
const TLS_HANDSHAKE: u8 = 0x16;
/// The answer of Go's server to a client that does not speak TLS.
const NOT_TLS: &[u8] = b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";

/// Accepts and serves connections, forever; over TLS if there is an acceptor.
pub(crate) async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, shared: SharedState) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(serve_stream(stream, tls.clone(), shared.clone()));
            }
            Err(_) => tokio::time::sleep(ACCEPT_RETRY_PAUSE).await,
        }
    }
}

async fn serve_stream(stream: TcpStream, tls: Option<TlsAcceptor>, shared: SharedState) {
    // A small answer must not wait for the acknowledgement of the previous one.
    let _ = stream.set_nodelay(true);
    let Some(tls) = tls else {
        return serve_connection(stream, shared).await;
    };

    let mut first = [0];
    if matches!(stream.peek(&mut first).await, Ok(1)) && first != [TLS_HANDSHAKE] {
        return refuse_plain_http(stream).await;
    }
    // A failed handshake concerns only its client, which knows why.
    if let Ok(stream) = tls.accept(stream).await {
        serve_connection(stream, shared).await;
    }
}

/// Answers a client that does not speak TLS.
async fn refuse_plain_http(mut stream: TcpStream) {
    // Closing a socket with unread bytes resets the connection, and the client would not see the answer. A client that
    // hangs up does not wait for it.
    let _ = stream.read(&mut [0; 4096]).await;
    let _ = stream.write_all(NOT_TLS).await;
    let _ = stream.shutdown().await;
}

async fn serve_connection<S>(stream: S, shared: SharedState)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
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
        let now = shared.with(|state| state.now());
        return Ok(encode(ApiReply::from(refusal).into(), now, shared));
    };
    let body = body.to_bytes().to_vec();

    let request = read_request(&head, body);
    let recorded = record_of(&request, &head);
    let latency = shared.with(|state| {
        state.requests.push(recorded);
        state.options.latency
    });
    if !latency.is_zero() {
        tokio::time::sleep(latency).await;
    }

    let (answer, now) = shared.with(|state| (api::answer(state, &request), state.now()));
    Ok(encode(answer, now, shared))
}

/// Answers one request that did not come over a socket: at once, and without a record of it.
pub(crate) fn answer(shared: &SharedState, request: hyper::Request<Vec<u8>>) -> Response<ResponseBody> {
    let (head, body) = request.into_parts();
    let request = read_request(&head, body);
    let (answer, now) = shared.with(|state| (api::answer(state, &request), state.now()));
    encode(answer, now, shared.clone())
}

/// Converts a request into the form for the API.
fn read_request(head: &Parts, body: Vec<u8>) -> ApiRequest {
    let header = |name: HeaderName| {
        let value = head.headers.get(name).map(HeaderValue::to_str);
        value.and_then(Result::ok).unwrap_or_default().to_owned()
    };

    ApiRequest {
        accept: header(ACCEPT),
        content_type: header(CONTENT_TYPE),
        user_agent: header(USER_AGENT),
        impersonates: impersonated_user(&head.headers),
        body,
        ..ApiRequest::new(head.method.as_str(), path_and_query(head))
    }
}

fn path_and_query(head: &Parts) -> &str {
    let known = head.uri.path_and_query();
    known.map_or(head.uri.path(), PathAndQuery::as_str)
}

/// Converts a request into the form for the log.
fn record_of(request: &ApiRequest, head: &Parts) -> RecordedRequest {
    RecordedRequest {
        method: request.method.clone(),
        body: readable_body(request),
        path_and_query: path_and_query(head).to_owned(),
    }
}

/// The body as text: protobuf as the JSON of the same object, if it can be read.
fn readable_body(request: &ApiRequest) -> String {
    if request.media_type() == protobuf::MEDIA_TYPE
        && let Ok(object) = request.json()
    {
        return object.to_string();
    }
    String::from_utf8_lossy(&request.body).into_owned()
}

/// The user whom the `Impersonate-` headers name; empty if they name only groups or other attributes.
fn impersonated_user(headers: &HeaderMap) -> Option<String> {
    let mut names = headers.keys().map(HeaderName::as_str);
    names.find(|name| name.starts_with("impersonate-"))?;

    let user = headers.get("impersonate-user").map(HeaderValue::to_str);
    Some(user.and_then(Result::ok).unwrap_or_default().to_owned())
}
