//! Laws of the sandbox: how it reads requests, and that any request has an answer.

use std::collections::BTreeMap;

use kube_sandbox::fuzzing::{LocalCluster, RawRequest, decode_protobuf, path_segments, query_values};
use kube_sandbox::scenario;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::text;

pub(crate) const READING_LAW: &str = "paths and queries are decoded as a browser decodes them, and a body in protobuf \
                                      gives an object of the kind that it names, or an error";
pub(crate) const REQUESTS_LAW: &str = "any requests have answers: a failure is a Status with the code on the wire, what \
                                       was created is read again, and no pod loses its UID";

/// The line between two requests.
const NEXT: &str = "\n---\n";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// A query, or a body in protobuf.
pub(crate) fn reading(bytes: &[u8]) {
    match decode_protobuf(bytes) {
        Ok(object) => assert!(object.is_object(), "{object}"),
        Err(why) => assert!(!why.is_empty()),
    }

    let Some(text) = text::of(bytes) else { return };
    let mut expected: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (key, value) in form_urlencoded::parse(bytes) {
        expected
            .entry(key.into_owned())
            .or_default()
            .push(value.into_owned());
    }
    for (key, values) in expected {
        assert_eq!(query_values(text, &key), values, "{key:?}");
    }

    let path = text.split('?').next().unwrap_or_default();
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let segments = segments.map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned());
    assert_eq!(path_segments(text), segments.collect::<Vec<_>>());
}

/// Each request is a line with its method, its path and perhaps its content type, and its body.
pub(crate) fn requests(bytes: &[u8]) {
    let objects = vec![
        scenario::deployment("shop", "web", 2),
        scenario::budget("shop", "web", json!({ "minAvailable": 1 })),
    ];
    let mut cluster = LocalCluster::new(objects).expect("the objects can be stored");
    let mut rest = bytes;
    loop {
        let end = rest.windows(NEXT.len()).position(|part| part == NEXT.as_bytes());
        let (request, after) = end.map_or((rest, &[][..]), |end| (&rest[..end], &rest[end + NEXT.len()..]));
        send(&mut cluster, request);
        if after.is_empty() {
            return;
        }
        rest = after;
    }
}

fn send(cluster: &mut LocalCluster, request: &[u8]) {
    let end = request
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(request.len());
    let (head, body) = request.split_at(end);
    let Some(head) = text::of(head) else { return };
    let mut words = head.split(' ');
    let request = RawRequest {
        method: words.next().unwrap_or_default(),
        path_and_query: words.next().unwrap_or_default(),
        content_type: words.next().unwrap_or_default(),
        accept: words.next().unwrap_or_default(),
        body: body.get(1..).unwrap_or_default(),
    };
    if request.content_type == PROTOBUF {
        let _ = decode_protobuf(request.body);
    }

    let Some((code, answer)) = cluster.answer(&request) else {
        return;
    };
    assert!((200..600).contains(&code), "{code}");
    if code >= 400 && answer.is_object() {
        assert_eq!(
            (&answer["kind"], &answer["code"]),
            (&"Status".into(), &code.into()),
            "{answer}"
        );
        assert!(
            answer["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty()),
            "{answer}"
        );
    }
    if request.method == "POST" && code == 201 && answer["kind"] != "Status" {
        assert_read_again(cluster, &request, &answer);
    }

    cluster.control();
    let pods = RawRequest {
        method: "GET",
        path_and_query: "/api/v1/pods",
        ..RawRequest::default()
    };
    let (code, pods) = cluster.answer(&pods).expect("a list is no watch");
    assert_eq!(code, 200, "{pods}");
    for pod in pods["items"].as_array().into_iter().flatten() {
        let uid = pod["metadata"]["uid"].as_str();
        assert!(uid.is_some_and(|uid| !uid.is_empty()), "{pod}");
    }
}

/// Checks that what was created is there, unless it was a dry run, a review or a subresource.
fn assert_read_again(cluster: &mut LocalCluster, created: &RawRequest<'_>, answer: &Value) {
    let (path, query) = created
        .path_and_query
        .split_once('?')
        .unwrap_or((created.path_and_query, ""));
    let (Some(name), Some(uid)) = (
        answer["metadata"]["name"].as_str(),
        answer["metadata"]["uid"].as_str(),
    ) else {
        return;
    };
    if !query.is_empty() || !created.accept.is_empty() {
        return;
    }
    let path = format!("{}/{name}", path.trim_end_matches('/'));
    let read = RawRequest {
        method: "GET",
        path_and_query: &path,
        ..RawRequest::default()
    };
    let (code, read) = cluster.answer(&read).expect("a read is no watch");
    assert_eq!(
        (code, read["metadata"]["uid"].as_str()),
        (200, Some(uid)),
        "{path}"
    );
}
