//! Fields that are unknown or come twice: refused, warned about or ignored, as a client asks for.

use kube_sandbox::scenario;
use serde_json::json;

use crate::test_server::{TestResponse, TestServer};

const MAPS: &str = "/api/v1/namespaces/default/configmaps";

fn warnings(answer: &TestResponse) -> Vec<&str> {
    let headers = answer.headers.iter().filter(|(name, _)| name == "warning");
    headers.map(|(_, warning)| warning.as_str()).collect()
}

#[test]
fn a_field_that_comes_twice_is_refused_or_warned_about() {
    let server = TestServer::paused(&[]);
    let json = [("Content-Type", "application/json")];
    let body = r#"{"metadata":{"name":"twice"},"data":{"k":"1","k":"2"},"odd":1}"#;
    let strict = server.send("POST", &format!("{MAPS}?fieldValidation=Strict"), &json, body);
    assert_eq!(
        (strict.code, strict.message().as_str()),
        (
            400,
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: duplicate field \
             \"data.k\", unknown field \"odd\""
        )
    );

    let warned = server.send("POST", MAPS, &json, body);
    assert_eq!((warned.code, &warned.json()["data"]), (201, &json!({ "k": "2" })));
    assert_eq!(
        warnings(&warned),
        [
            r#"299 - "duplicate field \"data.k\"""#,
            r#"299 - "unknown field \"odd\"""#
        ]
    );
    assert_eq!(warned.json().get("odd"), None);
}

#[test]
fn an_unknown_field_is_stored_by_no_write() {
    let server = TestServer::paused(&[scenario::deployment("shop", "web", 2)]);
    let path = "/apis/apps/v1/namespaces/shop/deployments/web";
    let odd = json!({ "spec": { "oddity": 1, "template": { "spec": { "oddity": 1 } } } });
    let patched = server.merge_patch(path, &odd);
    assert_eq!(patched.code, 200, "{}", patched.text);
    assert_eq!(warnings(&patched).len(), 2);

    let mut deployment = server.get(path).json();
    assert!(!deployment.to_string().contains("oddity"), "{deployment}");
    deployment["spec"]["oddity"] = json!(1);
    let strict = format!("{path}?fieldValidation=Strict");
    assert_eq!(server.put(&strict, &deployment).code, 400);
    assert_eq!(server.merge_patch(&strict, &odd).code, 422);
    let ignored = server.put(&format!("{path}?fieldValidation=Ignore"), &deployment);
    assert_eq!((ignored.code, warnings(&ignored).len()), (200, 0));
    assert_eq!(ignored.json()["spec"].get("oddity"), None);
}
