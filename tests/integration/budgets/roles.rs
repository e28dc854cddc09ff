//! Promises of `macaque rbac`.

use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding};
use macaque_testkit::manifest::{FOR_ARMED, with_rules};
use serde_json::Value;

use crate::macaque;

/// The documents of a YAML stream, by kind, in their order.
fn documents(text: &str) -> Vec<(String, Value)> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    let known = documents.into_iter().filter(|document| !document.is_null());
    known
        .map(|document| (document["kind"].as_str().unwrap().to_owned(), document))
        .collect()
}

fn printed(words: &[&str]) -> Vec<(String, Value)> {
    let program = words
        .iter()
        .fold(macaque("rbac"), |program, word| program.arg(word));
    let said = program.run();
    assert_eq!(said.code, 0, "{}", said.err);
    documents(&said.out)
}

/// `GROUP/RESOURCE VERBS` of each rule.
fn rules(words: &[&str]) -> Vec<String> {
    rules_in(&printed(words).remove(0).1)
}

/// The same of the first Role that was printed.
fn rules_of(text: &str) -> Vec<String> {
    rules_in(&documents(text).remove(0).1)
}

fn rules_in(role: &Value) -> Vec<String> {
    let rules = serde_json::from_value::<Vec<PolicyRule>>(role["rules"].clone()).unwrap();
    rules
        .into_iter()
        .map(|rule| {
            let groups = rule.api_groups.unwrap();
            let resources = rule.resources.unwrap();
            format!(
                "{}/{} {}",
                groups.join(","),
                resources.join(","),
                rule.verbs.join(",")
            )
        })
        .collect()
}

#[test]
fn the_manifest_grants_what_rbac_prints_for_a_dry_run_and_its_comments_what_it_prints_for_an_armed_evict() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/macaque.yaml");
    let manifest = std::fs::read_to_string(path).unwrap();
    let granted = |manifest: &str| -> Vec<_> {
        let is_rbac = |(kind, _): &(String, Value)| kind == "Role" || kind == "RoleBinding";
        documents(manifest).into_iter().filter(is_rbac).collect()
    };

    assert_eq!(granted(&manifest), printed(&["-n", "shop", "--dry-run"]));
    assert_eq!(
        granted(&with_rules(&manifest, FOR_ARMED)),
        printed(&["-n", "shop", "--dry-run=false", "--method", "evict"])
    );
}

#[test]
fn each_mode_gets_its_verb_and_no_other() {
    let of = |words: &[&str]| rules(&[&["-n", "shop"], words].concat());
    let of = |words: &[&str]| of(&[&["--required-only"], words].concat());
    assert_eq!(of(&["--dry-run"]), ["/pods get,list"]);
    assert_eq!(of(&["--dry-run", "--method", "delete"]), ["/pods get,list"]);
    assert_eq!(
        of(&["--dry-run=false"]),
        [
            "/pods get,list",
            "/pods/eviction create",
            "/configmaps get,update"
        ]
    );
    assert_eq!(
        of(&["--dry-run=false", "--method", "delete"]),
        ["/pods get,list,delete", "/configmaps get,update"]
    );

    let preview = ["/pods get,list", "policy/poddisruptionbudgets list"];
    assert_eq!(of(&["--dry-run", "--preview"]), preview);
}

#[test]
fn what_guards_see_more_with_is_optional_and_said_to_be() {
    let optional = [
        "apps/deployments/scale get",
        "apps/statefulsets/scale get",
        "apps/replicasets/scale get",
        "/namespaces get",
    ];
    let granted = rules(&["-n", "shop", "--dry-run"]);
    assert_eq!(granted, [&["/pods get,list"], &optional[..]].concat());

    let said = macaque("rbac -n shop,bank --dry-run").run();
    let comments: Vec<_> = said
        .out
        .lines()
        .filter(|line| line.contains("# Optional."))
        .collect();
    assert_eq!(
        comments.len(),
        4,
        "two purposes in each of two namespaces: {}",
        said.out
    );
    for rule in ["deployments/scale", "namespaces"] {
        let above = said.out.split(&format!("  resources: [{rule}]")).next().unwrap();
        let mut lines = above.lines().rev();
        assert!(lines.next().unwrap().contains("- apiGroups"));
        let comment = lines.next().unwrap();
        assert!(
            comment.contains("# Optional. Without it macaque does not see"),
            "{comment}"
        );
    }
    let bare = macaque("rbac -n shop --dry-run --required-only").run();
    assert!(!bare.out.contains("Optional"), "{}", bare.out);
}

#[test]
fn events_are_granted_to_an_armed_macaque_that_writes_them_and_to_no_other() {
    let grant = "events.k8s.io/events create";
    let of = |words: &str, enabled: &str| {
        let said = macaque(&format!("rbac -n shop {words}"))
            .env("MACAQUE_EVENTS__ENABLED", enabled)
            .run();
        assert_eq!(said.code, 0, "{}", said.err);
        (rules_of(&said.out).contains(&grant.to_owned()), said.out)
    };

    let (granted, printed) = of("--dry-run=false", "true");
    assert!(granted, "{printed}");
    assert!(
        printed.contains("# Optional. Without it no Events are written.\n"),
        "{printed}"
    );
    for (words, enabled) in [
        ("--dry-run=false", "false"),
        ("--dry-run", "true"),
        ("--dry-run=false --required-only", "true"),
    ] {
        let (granted, printed) = of(words, enabled);
        assert!(!granted, "{words} {enabled}: {printed}");
    }
}

#[test]
fn journal_and_history_are_granted_by_their_names_where_macaque_lives_and_nowhere_else() {
    let kept = |words: &[&str]| -> Vec<(String, Vec<Value>)> {
        let roles = printed(words)
            .into_iter()
            .filter(|(kind, _)| kind.ends_with("Role"));
        let names = |role: &Value| -> Vec<Value> {
            let rules = role["rules"].as_array().unwrap().iter();
            let kept = rules.filter(|rule| rule["resources"][0] == "configmaps");
            kept.map(|rule| {
                assert_eq!(rule["verbs"], serde_json::json!(["get", "update"]));
                rule["resourceNames"].clone()
            })
            .collect()
        };
        let of = |role: Value| Some((role["metadata"]["namespace"].as_str()?.to_owned(), names(&role)));
        let kept = roles.filter_map(|(_, role)| of(role));
        kept.filter(|(_, names)| !names.is_empty()).collect()
    };
    let both = |namespace: &str| {
        let names = ["macaque-journal", "macaque-history"].map(|name| serde_json::json!([name]));
        vec![(namespace.to_owned(), names.to_vec())]
    };

    assert_eq!(kept(&["-n", "shop,bank", "--dry-run=false"]), both("shop"));
    let elsewhere = ["--dry-run=false", "--service-account-namespace", "chaos"];
    assert_eq!(kept(&[&["-n", "shop"], &elsewhere[..]].concat()), both("chaos"));
    assert_eq!(kept(&[&["-A"], &elsewhere[..]].concat()), both("chaos"));
    assert_eq!(kept(&["-n", "shop", "--dry-run"]), []);

    let required = kept(&["-n", "shop", "--dry-run=false", "--required-only"]);
    assert_eq!(required[0].1, [serde_json::json!(["macaque-journal"])]);
}

#[test]
fn every_namespace_gets_a_role_and_all_of_them_a_cluster_role() {
    let documents = printed(&["-n", "shop,bank", "--service-account", "monkey"]);
    let kinds: Vec<_> = documents.iter().map(|(kind, _)| &**kind).collect();
    assert_eq!(kinds, ["Role", "RoleBinding", "Role", "RoleBinding"]);
    // Where the bank's own macaque may have a Role, the name says whose this is.
    let expected = [("shop", "monkey"), ("bank", "monkey-shop")];
    for (pair, (namespace, name)) in documents.chunks(2).zip(expected) {
        for (_, document) in pair {
            assert_eq!(document["metadata"]["namespace"], namespace);
            assert_eq!(document["metadata"]["name"], name);
        }
    }
    let binding: RoleBinding = serde_json::from_value(documents[3].1.clone()).unwrap();
    let subject = &binding.subjects.unwrap()[0];
    assert_eq!(
        (&*subject.name, subject.namespace.as_deref()),
        ("monkey", Some("shop"))
    );
    assert_eq!(binding.role_ref.name, "monkey-shop");
    serde_json::from_value::<Role>(documents[2].1.clone()).unwrap();

    let documents = printed(&["-A", "--service-account-namespace", "chaos"]);
    let [(_, role), (_, binding)] = &documents[..] else {
        panic!("{documents:?}");
    };
    let role: ClusterRole = serde_json::from_value(role.clone()).unwrap();
    let binding: ClusterRoleBinding = serde_json::from_value(binding.clone()).unwrap();
    assert_eq!(
        (role.metadata.namespace, &*binding.role_ref.kind),
        (None, "ClusterRole")
    );
    assert_eq!(binding.subjects.unwrap()[0].namespace.as_deref(), Some("chaos"));
}

#[test]
fn names_that_yaml_would_read_as_something_else_are_quoted() {
    let documents = printed(&["-n", "123,true,null"]);
    for ((_, document), namespace) in documents.iter().step_by(2).zip(["123", "true", "null"]) {
        assert_eq!(document["metadata"]["namespace"], namespace);
    }
}

#[test]
fn without_a_namespace_for_the_account_a_cluster_role_is_refused() {
    let refused = macaque("rbac -A").run();
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("--service-account-namespace"),
        "{}",
        refused.err
    );

    let strange = macaque("rbac -n shop --service-account").arg("a: b").run();
    assert_eq!((strange.code, strange.out.as_str()), (2, ""));
    assert!(strange.err.contains("--service-account"), "{}", strange.err);
}
