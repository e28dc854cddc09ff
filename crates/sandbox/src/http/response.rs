//! Encodes answers: status line, headers and bytes.

use std::convert::Infallible;

use futures_util::StreamExt;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Bytes, Frame};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, DATE, HeaderValue};
use hyper::{Response, StatusCode};
use jiff::Timestamp;
use serde::Serializer;
use serde_json::Value;

use crate::api::ApiAnswer;
use crate::http::watch_stream::watch_lines;
use crate::store::state::SharedState;
use crate::wire::reply::ReplyBody;

/// The body of a response, whole or streamed.
pub type ResponseBody = UnsyncBoxBody<Bytes, Infallible>;

/// The fields that a real server writes first.
const LEADING_FIELDS: [&str; 3] = ["kind", "apiVersion", "metadata"];

const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Encodes an answer that is given at `now` by the cluster's clock; a watch streams its events from the shared state.
pub(super) fn encode(answer: ApiAnswer, now: Timestamp, shared: SharedState) -> Response<ResponseBody> {
    let mut response = match answer {
        ApiAnswer::Watch(watch) => {
            let lines = watch_lines(*watch, shared);
            let frames = lines.map(|line| Ok(Frame::data(Bytes::from(line))));
            response(200, JSON, StreamBody::new(frames).boxed_unsync())
        }
        ApiAnswer::Reply(reply) => {
            let mut response = match reply.body {
                ReplyBody::Json(object) => response(reply.code, JSON, whole(encode_object(object))),
                ReplyBody::Text(text) => response(reply.code, TEXT, whole(text)),
            };
            for (name, value) in reply.headers {
                if let Ok(value) = HeaderValue::from_str(&value) {
                    response.headers_mut().append(name, value);
                }
            }
            response
        }
    };

    // The HTTP library would write the machine's time.
    let date = now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    if let Ok(date) = HeaderValue::from_str(&date) {
        response.headers_mut().insert(DATE, date);
    }
    response
}

fn response(code: u16, content_type: &'static str, body: ResponseBody) -> Response<ResponseBody> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);

    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    response
}

/// Encodes an object in the order of a real server: its kind, then its metadata, and then its items or other fields.
///
/// serde_json sorts the fields of an object, but a client that parses a list as it arrives may rely on this order.
fn encode_object(object: Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1024);
    // Nothing fails: a value has only text for keys, and a vector takes every byte.
    let _ = match object {
        Value::Object(mut object) => {
            let leading = LEADING_FIELDS.map(|key| object.remove_entry(key));
            let fields = leading.into_iter().flatten().chain(object);
            serde_json::Serializer::new(&mut bytes).collect_map(fields)
        }
        other => serde_json::to_writer(&mut bytes, &other),
    };
    bytes.push(b'\n');
    bytes
}

fn whole(bytes: impl Into<Bytes>) -> ResponseBody {
    Full::new(bytes.into()).boxed_unsync()
}
