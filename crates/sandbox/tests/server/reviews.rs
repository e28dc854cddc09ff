//! Reviews of who the user is and what a user may do; impersonation; and requests that need containers.

use kube_sandbox::AccessDenial;
use serde_json::{Value, json};

use crate::test_server::{TestServer, ready_pod};

const AUTHORIZATION: &str = "/apis/authorization.k8s.io/v1";

fn denied_evictions() -> TestServer {
    let server = TestServer::paused(&[ready_pod("a", "web")]);
    server.sandbox.deny(AccessDenial::new("create", "pods/eviction"));
    server
}

#[test]
fn access_reviews_answer_for_whomever_they_ask() {
    let server = denied_evictions();
    let evict =
        json!({ "verb": "create", "resource": "pods", "subresource": "eviction", "namespace": "shop" });
    let list = json!({ "verb": "list", "resource": "pods", "namespace": "shop" });
    let local = "namespaces/shop/localsubjectaccessreviews";
    let cases = [
        (
            "selfsubjectaccessreviews",
            json!({ "resourceAttributes": list }),
            true,
        ),
        (
            "selfsubjectaccessreviews",
            json!({ "resourceAttributes": evict }),
            false,
        ),
        (
            "selfsubjectaccessreviews",
            json!({ "nonResourceAttributes": { "path": "/", "verb": "get" } }),
            true,
        ),
        (
            "subjectaccessreviews",
            json!({ "user": "jane", "resourceAttributes": list }),
            true,
        ),
        (
            "subjectaccessreviews",
            json!({ "user": "jane", "resourceAttributes": evict }),
            false,
        ),
        (
            "subjectaccessreviews",
            json!({ "groups": ["ops"], "resourceAttributes": evict }),
            false,
        ),
        (local, json!({ "user": "jane", "resourceAttributes": list }), true),
        (
            local,
            json!({ "user": "jane", "resourceAttributes": evict }),
            false,
        ),
    ];

    for (path, spec, allowed) in cases {
        let answer = server.post(&format!("{AUTHORIZATION}/{path}"), &json!({ "spec": spec }));
        assert_eq!(answer.code, 201, "{path}: {}", answer.text);
        let review = answer.json();
        assert_eq!(review["status"]["allowed"], allowed, "{path}: {spec}");
        assert_eq!(review["apiVersion"], "authorization.k8s.io/v1");
        assert!(path.ends_with(&format!("{}s", review["kind"].as_str().unwrap().to_lowercase())));
    }
}

#[test]
fn a_review_that_asks_nothing_or_of_nobody_is_invalid() {
    let server = denied_evictions();
    let attributes = json!({ "verb": "list", "resource": "pods", "namespace": "shop" });
    let both = json!({ "user": "a", "resourceAttributes": {}, "nonResourceAttributes": {} });
    let subject = "subjectaccessreviews";
    let local = "namespaces/default/localsubjectaccessreviews";
    let cases = [
        (
            subject,
            json!({ "resourceAttributes": attributes }),
            "spec.user: Invalid value: \"\": at least one of",
        ),
        (
            subject,
            json!({ "user": "jane" }),
            "exactly one of nonResourceAttributes or resourceAttributes",
        ),
        (
            subject,
            both,
            "exactly one of nonResourceAttributes or resourceAttributes",
        ),
        (
            "selfsubjectaccessreviews",
            json!({}),
            "exactly one of nonResourceAttributes or resourceAttributes",
        ),
        (
            local,
            json!({ "user": "jane", "resourceAttributes": attributes }),
            "must match metadata.namespace",
        ),
    ];

    for (path, spec, message) in cases {
        let answer = server.post(&format!("{AUTHORIZATION}/{path}"), &json!({ "spec": spec }));
        assert_eq!(answer.code, 422, "{path}: {}", answer.text);
        assert!(answer.message().contains(message), "{}", answer.message());
    }
    let other_kind = json!({ "kind": "SelfSubjectReview" });
    assert_eq!(
        server
            .post(&format!("{AUTHORIZATION}/{subject}"), &other_kind)
            .code,
        400
    );
    assert_eq!(server.get(&format!("{AUTHORIZATION}/{subject}")).code, 405);
    assert_eq!(
        server
            .post(&format!("{AUTHORIZATION}/namespaces/shop/{subject}"), &json!({}))
            .code,
        404
    );
}

#[test]
fn the_user_can_ask_who_it_is() {
    let server = TestServer::paused(&[]);
    let answer = server.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &json!({}));
    assert_eq!(answer.code, 201);
    let expected = json!({ "username": "sandbox", "groups": ["system:authenticated"] });
    assert_eq!(answer.json()["status"]["userInfo"], expected);

    let groups = server.get("/apis").json()["groups"].to_string();
    assert!(groups.contains("authentication.k8s.io"), "{groups}");
    let listed = server.get("/apis/authentication.k8s.io/v1").json();
    assert_eq!(listed["resources"][0]["name"], "selfsubjectreviews");
}

#[test]
fn nobody_is_impersonated_and_no_request_in_the_name_of_another_is_answered() {
    let server = TestServer::paused(&[ready_pod("a", "web")]);
    for path in ["/api/v1/namespaces/shop/pods", "/apis", "/nowhere"] {
        for header in [
            ("Impersonate-User", "jane"),
            ("Impersonate-Group", "ops"),
            ("impersonate-extra-x", "y"),
        ] {
            let refused = server.send("GET", path, &[header], "");
            assert_eq!(
                (refused.code, &refused.json()["reason"]),
                (403, &json!("Forbidden")),
                "{path} {header:?}"
            );
            let message = refused.message();
            assert!(
                message.contains("User \"sandbox\" cannot impersonate"),
                "{message}"
            );
        }
    }

    let refused = server.send("GET", "/api/v1/pods", &[("Impersonate-User", "jane")], "");
    assert_eq!(
        refused.message(),
        "users \"jane\" is forbidden: User \"sandbox\" cannot impersonate resource \"users\" in API group \"\" at the \
         cluster scope: the sandbox has a single user"
    );
}

#[test]
fn requests_that_need_containers_are_refused_with_the_reason() {
    let server = TestServer::paused(&[ready_pod("a", "web")]);
    let pod = "/api/v1/namespaces/shop/pods/a";
    let node = "/api/v1/nodes/node-1";
    let cases = [
        ("GET", format!("{pod}/log?follow=true"), "pods/log"),
        ("GET", format!("{pod}/exec?command=ls"), "pods/exec"),
        ("POST", format!("{pod}/exec?command=ls"), "pods/exec"),
        ("POST", format!("{pod}/attach"), "pods/attach"),
        ("GET", format!("{pod}/portforward?ports=80"), "pods/portforward"),
        (
            "PATCH",
            format!("{pod}/ephemeralcontainers"),
            "pods/ephemeralcontainers",
        ),
        ("GET", format!("{pod}/proxy"), "pods/proxy"),
        ("POST", format!("{pod}/proxy/a/b"), "pods/proxy"),
        ("GET", format!("{node}/proxy/metrics"), "nodes/proxy"),
    ];

    for (method, path, resource) in cases {
        let refused = server.send(method, &path, &[], "");
        assert_eq!(
            (refused.code, &refused.json()["reason"]),
            (405, &json!("MethodNotAllowed")),
            "{path}"
        );
        assert_eq!(
            refused.message(),
            format!("{resource} is not served: the sandbox runs no containers")
        );
    }

    let missing = server.get("/api/v1/namespaces/shop/pods/b/log");
    assert_eq!(
        (missing.code, missing.message().as_str()),
        (404, "pods \"b\" not found")
    );
    server.sandbox.deny(AccessDenial::new("get", "pods/log"));
    assert_eq!(server.get(&format!("{pod}/log")).code, 403);
    let unknown: Value = server.get(&format!("{pod}/nothing")).json();
    assert_eq!(
        unknown["message"],
        "the server could not find the requested resource"
    );
}
