//! Requests to evict: preconditions, options, dry runs and bodies, and in which order they are judged.

use serde_json::json;

use crate::test_server::{TestServer, budget_with_status, eviction_body, eviction_path, ready_pod};

#[test]
fn a_wrong_uid_is_a_conflict_that_has_spent_the_budget_all_the_same() {
    let server = TestServer::paused(&[ready_pod("web-0", "web"), budget_with_status("web", 1, 2, 1)]);
    let answer = server.evict("web-0", json!({ "preconditions": { "uid": "other" } }));

    assert_eq!(answer.code, 409);
    assert_eq!(
        answer.message(),
        "Operation cannot be fulfilled on Pod \"web-0\": the UID in the precondition (other) does not match the \
         UID in record (uid-of-web-0). The object might have been deleted and then recreated"
    );
    assert_eq!(
        answer.json()["details"],
        json!({ "name": "web-0", "kind": "Pod" })
    );
    assert_eq!(server.pod("web-0")["metadata"].get("deletionTimestamp"), None);
    assert_eq!(server.budget("web")["status"]["disruptionsAllowed"], 0);
}

#[test]
fn a_right_uid_and_version_are_met() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let version = server.pod("web-0")["metadata"]["resourceVersion"].clone();
    let stale = server.evict("web-0", json!({ "preconditions": { "resourceVersion": "1" } }));
    assert_eq!(stale.code, 409);
    assert!(
        stale
            .message()
            .contains("the ResourceVersion in the precondition (1) does not match")
    );

    let options = json!({ "preconditions": { "uid": "uid-of-web-0", "resourceVersion": version } });
    assert_eq!(server.evict("web-0", options).code, 201);
}

#[test]
fn invalid_options_are_found_after_the_budget_was_spent() {
    let server = TestServer::paused(&[ready_pod("web-0", "web"), budget_with_status("web", 1, 2, 1)]);
    let answer = server.evict("web-0", json!({ "propagationPolicy": "Sideways" }));

    assert_eq!(
        (answer.code, answer.json()["details"]["kind"].as_str()),
        (422, Some("DeleteOptions"))
    );
    assert_eq!(
        answer.json()["details"]["causes"][0]["field"],
        "propagationPolicy"
    );
    assert_eq!(server.budget("web")["status"]["disruptionsAllowed"], 0);
    assert_eq!(
        server.pod("web-0")["status"]["conditions"][1]["type"],
        "DisruptionTarget"
    );
}

#[test]
fn a_dry_run_judges_and_writes_nothing() {
    let server = TestServer::paused(&[
        ready_pod("web-0", "web"),
        ready_pod("db-0", "db"),
        budget_with_status("web", 1, 2, 1),
        budget_with_status("db", 0, 1, 1),
    ]);
    let before = (server.pod("web-0"), server.budget("web"));
    let dry = json!({ "dryRun": ["All"] });
    for (path, options) in [
        (eviction_path("web-0") + "?dryRun=All", json!({})),
        (eviction_path("web-0") + "?dryRun=All", dry.clone()),
        (eviction_path("web-0"), dry.clone()),
    ] {
        assert_eq!(
            server.post(&path, &eviction_body("web-0", options)).code,
            201,
            "{path}"
        );
    }
    assert_eq!(server.evict("db-0", dry.clone()).code, 429);

    let wrong = json!({ "dryRun": ["All"], "preconditions": { "uid": "other" } });
    assert_eq!(server.evict("web-0", wrong).code, 409);
    assert_eq!((server.pod("web-0"), server.budget("web")), before);
}

#[test]
fn dry_runs_of_query_and_body_must_agree() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let path = eviction_path("web-0");
    let clash = server.post(
        &format!("{path}?dryRun=All"),
        &eviction_body("web-0", json!({ "dryRun": ["All", "All"] })),
    );
    assert_eq!((clash.code, clash.json().get("reason")), (500, None));
    assert_eq!(
        clash.message(),
        "Non-matching dry-run options in request and content: [All] and [All All]"
    );

    let unknown = server.post(&format!("{path}?dryRun=Some"), &eviction_body("web-0", json!({})));
    assert_eq!(
        (unknown.code, unknown.json()["details"]["kind"].as_str()),
        (422, Some("CreateOptions"))
    );
}

#[test]
fn unknown_fields_warn_or_are_refused_as_the_client_wishes() {
    let server = TestServer::paused(&[ready_pod("web-0", "web"), ready_pod("web-1", "web")]);
    let misspelt = |pod: &str| {
        let mut body = eviction_body(pod, json!({}));
        body["delete_options"] = json!({ "preconditions": { "uid": "other" } });
        body
    };
    let strict = server.post(
        &(eviction_path("web-0") + "?fieldValidation=Strict"),
        &misspelt("web-0"),
    );
    assert_eq!(
        (strict.code, strict.json()["reason"].as_str()),
        (400, Some("BadRequest"))
    );
    assert_eq!(
        strict.message(),
        "Eviction in version \"v1\" cannot be handled as a Eviction: strict decoding error: unknown field \
         \"delete_options\""
    );

    let warned = server.post(&eviction_path("web-0"), &misspelt("web-0"));
    assert_eq!(
        (warned.code, warned.header("warning")),
        (201, Some(r#"299 - "unknown field \"delete_options\"""#))
    );

    let silent = server.post(
        &(eviction_path("web-1") + "?fieldValidation=Ignore"),
        &misspelt("web-1"),
    );
    assert_eq!((silent.code, silent.header("warning")), (201, None));
}

#[test]
fn a_body_that_does_not_fit_is_refused() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let mut elsewhere = eviction_body("web-0", json!({}));
    elsewhere["metadata"]["namespace"] = json!("other");
    let mut version = eviction_body("web-0", json!({}));
    version["apiVersion"] = json!("policy/v2");
    let mut nameless = eviction_body("web-0", json!({}));
    nameless["metadata"] = json!({});
    let name = "name in URL does not match name in Eviction object";
    for (body, message) in [
        (eviction_body("web-1", json!({})), name),
        (nameless, name),
        (
            elsewhere,
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
        (version, "cannot be handled as a Eviction"),
        (
            eviction_body("web-0", json!({ "gracePeriodSeconds": "5" })),
            "cannot unmarshal",
        ),
    ] {
        let answer = server.post(&eviction_path("web-0"), &body);
        assert_eq!(
            (answer.code, answer.json()["reason"].as_str()),
            (400, Some("BadRequest")),
            "{message}"
        );
        assert!(answer.message().contains(message), "{}", answer.text);
    }
    let text = server.send(
        "POST",
        &eviction_path("web-0"),
        &[("Content-Type", "text/plain")],
        "evict",
    );
    assert_eq!(
        (text.code, text.json()["reason"].as_str()),
        (415, Some("UnsupportedMediaType"))
    );

    let got = server.get(&eviction_path("web-0"));
    assert_eq!(
        (got.code, got.json()["reason"].as_str()),
        (405, Some("MethodNotAllowed"))
    );
}

#[test]
fn absent_pods_and_namespaces_are_distinguished() {
    let server = TestServer::paused(&[ready_pod("web-0", "web")]);
    let pod = server.evict("nobody", json!({}));
    assert_eq!(
        (pod.code, pod.message().as_str()),
        (404, "pods \"nobody\" not found")
    );
    assert_eq!(pod.json()["details"], json!({ "name": "nobody", "kind": "pods" }));

    let body = json!({ "apiVersion": "policy/v1", "kind": "Eviction", "metadata": { "name": "web-0" } });
    let namespace = server.post("/api/v1/namespaces/nowhere/pods/web-0/eviction", &body);
    assert_eq!(
        (namespace.code, namespace.message().as_str()),
        (404, "namespaces \"nowhere\" not found")
    );
    assert_eq!(namespace.json()["details"]["kind"], "namespaces");
}

#[test]
fn a_terminating_namespace_takes_no_evictions_but_deletions() {
    let server = TestServer::paused(&[
        ready_pod("web-0", "web"),
        json!({
            "apiVersion": "v1", "kind": "Namespace",
            "metadata": { "name": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z" },
            "status": { "phase": "Terminating" },
        }),
    ]);
    let answer = server.evict("web-0", json!({}));
    assert_eq!(
        (answer.code, answer.json()["reason"].as_str()),
        (403, Some("Forbidden"))
    );
    assert_eq!(
        answer.message(),
        "pods \"web-0\" is forbidden: unable to create new content in namespace shop because it is being terminated"
    );

    let cause = json!([{
        "reason": "NamespaceTerminating", "message": "namespace shop is being terminated",
        "field": "metadata.namespace",
    }]);
    assert_eq!(answer.json()["details"]["causes"], cause);
    assert_eq!(
        server.delete("/api/v1/namespaces/shop/pods/web-0", None).code,
        200
    );
}
