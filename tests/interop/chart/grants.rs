//! What the chart grants is what `macaque rbac` prints for the configuration that it writes.

use std::collections::{BTreeMap, BTreeSet};

use macaque_testkit::chart::{examples, merged, object, objects, rendered, side_by_side};
use serde_json::{Value, json};

use super::{minimal, run_on};

/// What is granted in each namespace, or in `*`: a verb, a group, a resource and a name.
type Grants = BTreeMap<String, BTreeSet<[String; 4]>>;

/// What decides whether a permission is needed: the sections in which the values of each are.
fn features() -> Vec<Vec<Value>> {
    let scopes = [
        "[]",
        r#"["chaos"]"#,
        r#"["shop", "cart"]"#,
        r#"["shop", "chaos"]"#,
        r#"["*"]"#,
    ];
    let by_name = |names| json!({"target": {"namespaces": serde_json::from_str::<Value>(names).unwrap()}});
    let mut scopes = scopes.map(by_name).to_vec();
    scopes.push(json!({"target": {"namespace_selector": "chaos=on"}}));
    let journals = ["auto", "memory", "configmap/records"].map(|journal| json!({"journal": journal}));
    let histories = ["auto", "off", "configmap/past"].map(|history| json!({"history": history}));
    let nodes = ["off", "leases", "nodes"].map(|nodes| json!({"guards": {"nodes": nodes}}));
    let pods = [
        json!({}),
        json!({"whole": false, "rollout": false, "min_ready": 0}),
        json!({"whole": false, "rollout": false, "min_ready": "off"}),
        json!({"whole": true, "rollout": false, "min_ready": "0%"}),
        json!({"whole": false, "rollout": "lenient", "min_ready": false}),
        json!({"whole": false, "rollout": "off", "min_ready": 1}),
        json!({"whole": "off", "rollout": false, "min_ready": "50%"}),
    ];
    let switch = |make: fn(bool) -> Value| [true, false].map(make).to_vec();
    vec![
        scopes,
        ["evict", "delete"]
            .map(|method| json!({"disrupt": {"method": method}}))
            .to_vec(),
        journals.to_vec(),
        nodes.to_vec(),
        pods.map(|guards| json!({"guards": guards})).to_vec(),
        switch(|freeze| json!({"guards": {"freeze": freeze}})),
        switch(|enabled| json!({"recovery": {"enabled": enabled}})),
        switch(|enabled| json!({"events": {"enabled": enabled}})),
        switch(|dry_run| json!({"dry_run": dry_run})),
        ["", "pool=spot"]
            .map(|nodes| json!({"target": {"node_selector": nodes}}))
            .to_vec(),
        ["opt-out", "opt-in"]
            .map(|mode| json!({"target": {"mode": mode}}))
            .to_vec(),
        histories.to_vec(),
    ]
}

/// Configurations in which every two values of two features meet, and all of recoveries, guards, Events and dry runs do.
fn configurations() -> Vec<Value> {
    let features = features();
    let (pods, switches) = (features[4].len(), 8);
    let mut configurations = Vec::new();
    for which in 0..pods * switches * features[0].len() {
        let (pod, switch, turn) = (which % pods, which / pods % switches, which / pods / switches);
        // The other features take turns that differ in length, or in when they begin.
        let choice = |feature: usize| match feature {
            0 => turn,
            1 => turn + switch + pod,
            2 => turn + pod,
            3 => turn + switch,
            4 => pod,
            5 => turn + pod / 2 + switch / 3,
            9 => turn / 2 + switch / 2 + pod,
            10 => turn / 3 + switch / 4 + pod / 2,
            11 => turn + switch / 2 + pod,
            _ => switch >> (feature - 6),
        };
        let values = features.iter().enumerate();
        let config = values.fold(json!({}), |config, (feature, values)| {
            merged(config, &values[choice(feature) % values.len()])
        });
        configurations.push(config);
    }
    configurations
}

/// What these Roles grant; their bindings must be of the one account, by the Role of their name.
fn granted(objects: &[Value], account: &Value) -> Grants {
    let mut grants = Grants::new();
    let namespace = |object: &Value| object["metadata"]["namespace"].as_str().unwrap_or("*").to_owned();
    for role in objects.iter().filter(|object| is_role(object)) {
        let kind = role["kind"].as_str().unwrap();
        let binding = objects.iter().find(|object| {
            object["kind"] == format!("{kind}Binding")
                && object["roleRef"]["name"] == role["metadata"]["name"]
                && object["roleRef"]["kind"] == kind
                && namespace(object) == namespace(role)
        });
        let binding = binding.unwrap_or_else(|| unreachable!("no binding of {role}"));
        assert_eq!(&binding["subjects"], &json!([account]));

        let rules = role["rules"].as_array().unwrap().iter().flat_map(permissions);
        grants.entry(namespace(role)).or_default().extend(rules);
    }
    grants
}

fn is_role(object: &Value) -> bool {
    object["kind"] == "Role" || object["kind"] == "ClusterRole"
}

/// Each verb on each resource that a rule grants.
fn permissions(rule: &Value) -> Vec<[String; 4]> {
    let texts = |key: &str| -> Vec<String> {
        let texts = rule[key].as_array().cloned().unwrap_or_else(|| vec![json!("")]);
        texts
            .iter()
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    };
    let mut permissions = Vec::new();
    for verb in texts("verbs") {
        for group in texts("apiGroups") {
            for resource in texts("resources") {
                for name in texts("resourceNames") {
                    permissions.push([verb.clone(), group.clone(), resource.clone(), name]);
                }
            }
        }
    }
    permissions
}

/// What `macaque rbac` prints for the configuration of these objects, run where they say that macaque runs.
fn printed(objects_of_chart: &[Value], name: &str, account: &Value) -> Grants {
    let map = object(objects_of_chart, &format!("ConfigMap/{name}"));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let toml = text(&map["data"]["macaque.toml"]);
    let rbac = run_on(
        &toml,
        &text(&account["namespace"]),
        &format!("rbac --service-account {}", text(&account["name"])),
    );
    granted(&objects(&rbac), account)
}

/// Asserts that the chart grants for these values what `macaque rbac` prints; returns it.
fn agree(values: &Value, name: &str, account: &Value) -> Grants {
    let objects = rendered(values);
    let by_chart = granted(&objects, account);
    let mut printed = printed(&objects, name, account);
    if let Some(in_each) = printed.remove("NAMESPACE") {
        for namespace in values["rbac"]["namespaces"].as_array().unwrap() {
            let namespace = namespace.as_str().unwrap().to_owned();
            printed.entry(namespace).or_default().extend(in_each.clone());
        }
    }
    assert_eq!(by_chart, printed, "{values:#}");
    by_chart
}

fn account(name: &str) -> Value {
    json!({"kind": "ServiceAccount", "name": name, "namespace": "chaos"})
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn the_chart_grants_what_rbac_prints_over_all_features() {
    let armed_nowhere =
        |config: &Value| config["dry_run"] == false && config["target"]["namespaces"] == json!([]);
    let mut configurations = configurations();
    configurations.retain(|config| !armed_nowhere(config));
    assert!(configurations.len() >= 200, "{}", configurations.len());

    let grants = side_by_side(&configurations, |config| {
        let schedule =
            json!({"config": {"schedule": {"cron": "@hourly"}}, "image": {"repository": "macaque"}});
        let mut values = merged(schedule, &json!({"config": config}));
        if !config["target"]["namespace_selector"].is_null() {
            values["rbac"] = json!({"namespaces": ["shop", "chaos"]});
        }
        agree(&values, "macaque", &account("macaque"))
    });
    let distinct: BTreeSet<_> = grants.iter().collect();
    assert!(distinct.len() >= 80, "{} kinds of grants", distinct.len());
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn every_example_with_a_configuration_grants_what_rbac_prints() {
    let mut examples = examples();
    examples.retain(|(_, values)| values["existingConfigMap"].is_null() && values["rbac"].is_null());
    assert!(examples.len() >= 10);
    side_by_side(&examples, |(_, values)| {
        let objects = rendered(values);
        let account = object(&objects, "ServiceAccount");
        let name = account["metadata"]["name"].as_str().unwrap();
        let subject =
            json!({"kind": "ServiceAccount", "name": name, "namespace": account["metadata"]["namespace"]});
        agree(values, "macaque", &subject);
    });
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn a_dry_run_gets_no_verb_that_changes_anything() {
    for method in ["evict", "delete"] {
        let config = json!({"config": {"disrupt": {"method": method}, "guards": {"nodes": "leases"}}});
        let grants = agree(&merged(minimal(), &config), "macaque", &account("macaque"));
        let verbs: BTreeSet<_> = grants
            .values()
            .flatten()
            .map(|[verb, ..]| verb.as_str())
            .collect();
        assert_eq!(verbs, BTreeSet::from(["get", "list"]));
    }
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn eight_namespaces_get_a_role_each_and_there_is_no_cluster_role() {
    let (_, values) = examples()
        .into_iter()
        .find(|(name, _)| name == "shared-cluster-values.yaml")
        .unwrap();
    let objects = rendered(&values);
    assert!(
        !objects
            .iter()
            .any(|object| object["kind"].as_str().unwrap().starts_with("Cluster"))
    );

    let evict = ["create", "", "pods/eviction", ""].map(str::to_owned);
    let grants = granted(&objects, &account("macaque"));
    let may_evict = grants.values().filter(|granted| granted.contains(&evict));
    assert_eq!(may_evict.count(), 8, "{grants:#?}");
    // Its own namespace is none of them: there it only keeps its journal and its history.
    assert_eq!(grants["chaos"].len(), 4, "{grants:#?}");
}
