//! Bodies in protobuf, as client-go's typed clients and kubectl send them.

use kube_sandbox::scenario;
use serde_json::{Value, json};

use crate::test_server::{TestResponse, TestServer, eviction_path, ready_pod};

const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

/// The options of a deletion with nothing in them, byte by byte as client-go sends them.
const NO_OPTIONS: &str = "k8s\0\n\x13\n\x02v1\x12\rDeleteOptions\x12\0\x1a\0\"\0";

const PODS: &str = "/api/v1/namespaces/shop/pods";
const DAEMON_SETS: &str = "/apis/apps/v1/namespaces/shop/daemonsets";
const LEASES: &str = "/apis/coordination.k8s.io/v1/namespaces/shop/leases";

/// A field that holds a text or a message; short ones are all that these tests need.
fn field(number: u8, value: &str) -> String {
    let length = u8::try_from(value.len()).unwrap();
    assert!(number < 16 && length < 128, "one byte each");
    format!("{}{}{value}", char::from(number << 3 | 2), char::from(length))
}

/// A field that holds a small number.
fn number_field(number: u8, value: u8) -> String {
    format!("{}{}", char::from(number << 3), char::from(value))
}

/// A body: the envelope around the message of an object.
fn body(api_version: &str, kind: &str, message: &str) -> String {
    let kind = [field(1, api_version), field(2, kind)].concat();
    ["k8s\0", &field(1, &kind), &field(2, message)].concat()
}

fn map_entry(key: &str, value: &str) -> String {
    [field(1, key), field(2, value)].concat()
}

fn send(server: &TestServer, method: &str, path: &str, body: &str) -> TestResponse {
    server.send(method, path, &[("Content-Type", PROTOBUF)], body)
}

#[test]
fn a_deletion_heeds_its_options_in_protobuf() {
    let dry_run = body("v1", "DeleteOptions", &field(5, "All"));
    let other_uid = body("apps/v1", "DeleteOptions", &field(2, &field(1, "another")));
    let at_once = body("v1", "DeleteOptions", &number_field(1, 0));
    let background = body("v1", "DeleteOptions", &field(4, "Sometime"));
    let cases = [
        // A query counts only without a body, as on a real server: this is no dry run.
        ("?dryRun=All", NO_OPTIONS, 200, Some(30)),
        ("", &dry_run, 200, None),
        ("", &other_uid, 409, None),
        ("", &background, 422, None),
    ];

    for (query, options, code, grace_period) in cases {
        let server = TestServer::paused(&[ready_pod("a", "web")]);
        let answer = send(&server, "DELETE", &format!("{PODS}/a{query}"), options);
        assert_eq!(answer.code, code, "{options:?}: {}", answer.text);
        let left = &server.pod("a")["metadata"]["deletionGracePeriodSeconds"];
        assert_eq!(left.as_i64(), grace_period, "{options:?}");
    }

    let server = TestServer::paused(&[ready_pod("a", "web")]);
    assert_eq!(send(&server, "DELETE", &format!("{PODS}/a"), &at_once).code, 200);
    assert_eq!(server.get(&format!("{PODS}/a")).code, 404);
}

#[test]
fn an_eviction_in_protobuf_is_an_eviction() {
    let server = TestServer::paused(&[ready_pod("a", "web"), ready_pod("b", "web")]);
    let metadata = [field(1, "a"), field(3, "shop")].concat();
    let eviction = |options: &str| {
        body(
            "policy/v1",
            "Eviction",
            &[field(1, &metadata), field(2, options)].concat(),
        )
    };

    let dry_run = send(&server, "POST", &eviction_path("a"), &eviction(&field(5, "All")));
    assert_eq!(dry_run.code, 201, "{}", dry_run.text);
    assert!(server.pod("a")["metadata"].get("deletionTimestamp").is_none());

    let other = send(&server, "POST", &eviction_path("b"), &eviction(""));
    assert_eq!(
        other.message(),
        "name in URL does not match name in Eviction object"
    );

    assert_eq!(
        send(&server, "POST", &eviction_path("a"), &eviction("")).code,
        201
    );
    assert!(server.pod("a")["metadata"]["deletionTimestamp"].is_string());
}

/// A Lease with a holder, at a version of its object.
fn lease(holder: &str, version: &str) -> String {
    let metadata = [field(1, "leader"), field(6, version)].concat();
    let spec = [field(1, holder), number_field(2, 15)].concat();
    let message = [field(1, &metadata), field(2, &spec)].concat();
    body("coordination.k8s.io/v1", "Lease", &message)
}

/// A DaemonSet with an annotation as its lock, at a version of its object.
fn daemon_set(lock: &str, version: &str) -> String {
    let labels = map_entry("app", "a");
    let metadata = [
        field(1, "a"),
        field(6, version),
        field(12, &map_entry("lock", lock)),
    ]
    .concat();
    let pod = field(2, &[field(1, "main"), field(2, "image")].concat());
    let template = [field(1, &field(11, &labels)), field(2, &pod)].concat();
    let spec = [field(1, &field(1, &labels)), field(2, &template)].concat();
    body(
        "apps/v1",
        "DaemonSet",
        &[field(1, &metadata), field(2, &spec)].concat(),
    )
}

#[test]
fn objects_are_created_and_replaced_in_protobuf() {
    type Encode = fn(&str, &str) -> String;
    let cases: [(&str, &str, Encode, &str); 2] = [
        (LEASES, "leader", lease, "/spec/holderIdentity"),
        (DAEMON_SETS, "a", daemon_set, "/metadata/annotations/lock"),
    ];

    let server = TestServer::paused(&[scenario::pod("shop", "any", "any")]);
    for (path, name, encode, pointer) in cases {
        let created = send(&server, "POST", path, &encode("one", ""));
        assert_eq!(created.code, 201, "{}", created.text);
        let created = created.json();
        assert_eq!(created.pointer(pointer), Some(&json!("one")));

        let version = created["metadata"]["resourceVersion"].as_str().unwrap();
        let path = format!("{path}/{name}");
        let replaced = send(&server, "PUT", &path, &encode("two", version));
        assert_eq!(replaced.code, 200, "{}", replaced.text);
        assert_eq!(server.get(&path).json().pointer(pointer), Some(&json!("two")));
        assert_eq!(send(&server, "PUT", &path, &encode("late", version)).code, 409);
    }
    let set = server.get(&format!("{DAEMON_SETS}/a")).json();
    assert_eq!(set["spec"]["template"]["spec"]["containers"][0]["image"], "image");
    let lease = server.get(&format!("{LEASES}/leader")).json();
    assert_eq!(lease["spec"]["leaseDurationSeconds"], 15);
}

#[test]
fn what_cannot_be_read_in_protobuf_is_refused_with_the_way_out() {
    let gadget = body("example.com/v1", "Gadget", "");
    let of_another_path = body("v1", "ConfigMap", &field(1, &field(1, "a")));
    let cut = &NO_OPTIONS[..20];
    let cases = [
        (
            gadget.as_str(),
            415,
            "a Gadget of apiVersion \"example.com/v1\" in protobuf: send it as JSON",
        ),
        (
            &of_another_path,
            400,
            "ConfigMap in version \"v1\" cannot be handled as a Pod",
        ),
        ("{}", 400, "does not appear to be a protobuf message"),
        (cut, 400, "is no object in protobuf: it ends within a field"),
    ];

    let server = TestServer::paused(&[]);
    for (body, code, message) in cases {
        let refused = send(&server, "POST", PODS, body);
        assert_eq!(refused.code, code, "{}", refused.text);
        assert!(refused.message().contains(message), "{}", refused.message());
    }
    let patched = send(&server, "PATCH", &format!("{PODS}/a"), NO_OPTIONS);
    assert_eq!(patched.code, 415);
}

#[test]
fn the_record_of_requests_shows_protobuf_as_json() {
    let server = TestServer::paused(&[ready_pod("a", "web")]);
    let options = body("v1", "DeleteOptions", &field(5, "All"));
    send(&server, "DELETE", &format!("{PODS}/a"), &options);

    let recorded: Value = serde_json::from_str(&server.sandbox.requests()[0].body).unwrap();
    let expected = json!({ "apiVersion": "v1", "kind": "DeleteOptions", "dryRun": ["All"] });
    assert_eq!(recorded, expected);
}
