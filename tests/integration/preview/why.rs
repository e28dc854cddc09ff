//! What `macaque why` prints.

use kube_sandbox::{AccessDenial, scenario};
use serde_json::{Value, json};

use super::fixture::ShopFixture;

#[test]
fn every_rule_is_listed_with_the_setting_that_decides_and_what_was_seen() {
    let shop = ShopFixture::open();
    let logs = shop.macaque(&["why", "ds/logs"]);
    assert_eq!(logs.code, 0, "{logs:?}");
    assert_eq!(
        logs.line("EXEMPT"),
        "daemonset EXEMPT target.include without daemonset daemonset/logs: belongs to a DaemonSet"
    );
    assert!(
        logs.line("too-young")
            .starts_with("too-young ok target.min_age = 1m age 1h")
    );
    assert_eq!(
        logs.line("namespace "),
        "namespace ok target.namespaces = [shop] namespace shop"
    );
    assert!(
        logs.out.contains("cannot be picked: belongs to a DaemonSet."),
        "{logs:?}"
    );
}

#[test]
fn a_pod_out_of_scope_is_listed_with_the_scope_first_and_every_rule_that_is_against_it() {
    let shop = ShopFixture::open();
    let mut pod = scenario::pod("attic", "old", "old");
    pod["metadata"]["annotations"] = json!({"macaque/enabled": "false"});
    shop.sandbox().apply(&[pod]).unwrap();
    let why = shop
        .macaque(&["why", "attic/old", "-o", "json", "-l", "app=web"])
        .json();
    let explained = &why["pods"][0];
    let against: Vec<_> = explained["rules"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|rule| rule["result"] == "exempt")
        .map(|rule| rule["rule"].as_str().unwrap())
        .collect();

    assert_eq!(
        against,
        ["namespace", "selector", "bare", "opted-out", "too-young"]
    );
    assert!(
        explained["conclusion"]
            .as_str()
            .unwrap()
            .contains("opted out by macaque/enabled=\"false\"")
    );
    assert_eq!(
        explained["verdict"], "allowed",
        "what a budget would say is printed all the same"
    );
}

#[test]
fn an_owners_pods_are_listed_in_brief_and_the_first_in_detail() {
    let shop = ShopFixture::open();
    let db = shop.macaque(&["why", "statefulset/db"]);
    assert!(db.out.starts_with("statefulset/db: 3 pods\n"), "{db:?}");
    assert_eq!(db.out.matches("yes    refused by budget db").count(), 3, "{db:?}");
    assert_eq!(db.out.matches("too-young").count(), 1);

    let sum = "budget db, minAvailable 3: 3 expected, 3 healthy, 3 needed, so it allows 0";
    assert!(db.out.contains(sum), "{db:?}");

    let conclusion = "shop/db-0 can be picked, but its eviction would be refused by budget db:";
    assert!(db.out.contains(conclusion), "{db:?}");
}

#[test]
fn a_pod_can_be_named_in_several_ways() {
    let shop = ShopFixture::open();
    let answers = ["shop/db-1", "db-1", "pod/db-1"].map(|whom| {
        let mut explained = shop.macaque(&["why", whom, "-o", "json"]).json();
        explained["pods"][0]["rules"] = json!(null); // an age may pass a second meanwhile
        explained
    });

    assert_eq!(answers[0]["pods"][0]["pod"]["name"], "db-1");
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
}

#[test]
fn pods_on_their_way_out_are_counted_apart_and_never_explained_first() {
    let shop = ShopFixture::open();
    shop.add_departing_pods("cart");
    let cart = shop.macaque(&["why", "deploy/cart"]);

    let heading = "deployment/cart: 3 pods, and 3 that are terminating or finished\n";
    assert!(cart.out.starts_with(heading), "{cart:?}");
    let leaving = cart.line("shop/cart-terminating");
    assert_eq!(
        leaving,
        "shop/cart-terminating no not eligible: already terminating"
    );
    assert!(
        cart.line(", of deployment/cart,")
            .ends_with(", of deployment/cart, ready"),
        "{cart:?}"
    );

    let alone = shop.macaque(&["why", "shop/cart-terminating"]);
    let first = "shop/cart-terminating, of deployment/cart, terminating\n";
    assert!(alone.out.starts_with(first), "{alone:?}");
    let json = shop.macaque(&["why", "shop/cart-evicted", "-o", "json"]).json();
    assert_eq!(json["pods"][0]["state"], "finished");
    assert_eq!(json["pods"][0]["ready"], false);
}

/// An old and ready pod that this controller holds.
fn pod_of(kind: &str, owner: &str, name: &str) -> Value {
    let mut pod = scenario::pod("shop", name, owner);
    pod["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    pod["metadata"]["ownerReferences"] = json!([{
        "apiVersion": "example.com/v1", "kind": kind, "name": owner, "uid": "u", "controller": true,
    }]);
    pod
}

#[test]
fn every_owner_can_be_named_as_plan_and_kubectl_print_it() {
    let shop = ShopFixture::open();
    let pods = [
        pod_of("Widget", "gizmo", "gizmo-x7k2p"),
        pod_of("ReplicationController", "rc-1", "rc-1-x7k2p"),
        pod_of("Job", "backup-29000000", "backup-29000000-x7k2p"),
    ];
    shop.sandbox().apply(&pods).unwrap();

    let plan = shop.macaque(&["plan", "-o", "json"]).json();
    let printed: Vec<_> = plan["owners"].as_array().unwrap().iter().collect();
    assert_eq!(printed.len(), 7, "{plan:#}");
    for owner in printed {
        let name = owner["owner"].as_str().unwrap();
        let heading = format!("{name}: {} pod", owner["pods"]);
        let why = shop.macaque(&["why", name]);
        assert!(why.out.starts_with(&heading), "{why:?}");
    }

    let cart = shop.pod_of("cart");
    let (replica_set, _) = cart.rsplit_once('-').unwrap();
    let rows = [
        ("deployment.apps/cart", "deployment/cart: 3 pods"),
        ("deployments.apps/cart", "deployment/cart: 3 pods"),
        ("Deployment/cart", "deployment/cart: 3 pods"),
        (
            &*format!("replicaset.apps/{replica_set}"),
            &*format!("replicaset/{replica_set}: 3 pods"),
        ),
        ("statefulset.apps/db", "statefulset/db: 3 pods"),
        ("rc/rc-1", "replicationcontroller/rc-1: 1 pod"),
        ("widget/gizmo", "widget/gizmo: 1 pod"),
        ("Widget/gizmo", "widget/gizmo: 1 pod"),
        ("widget.example.com/gizmo", "widget/gizmo: 1 pod"),
        ("widgets.example.com/gizmo", "widgets/gizmo: 1 pod"),
        ("cronjob.batch/backup", "cronjob/backup: 1 pod"),
        ("pods/db-0", "shop/db-0, of statefulset/db, ready"),
        ("Pod/db-0", "shop/db-0, of statefulset/db, ready"),
    ];
    for (whom, heading) in rows {
        let why = shop.macaque(&["why", whom]);
        assert!(why.out.starts_with(&format!("{heading}\n")), "{whom}: {why:?}");
    }
}

#[test]
fn a_word_that_may_be_a_namespace_or_a_kind_is_tried_as_both() {
    let shop = ShopFixture::open();
    let of_widget = pod_of("Widget", "gizmo", "gizmo-x7k2p");
    let elsewhere = scenario::pod("widget", "gadget", "gadget");
    shop.sandbox().apply(&[of_widget, elsewhere]).unwrap();

    let pod = shop.macaque(&["why", "widget/gadget"]);
    assert!(
        pod.out.starts_with("widget/gadget, without an owner, ready\n"),
        "{pod:?}"
    );
    let owner = shop.macaque(&["why", "widget/gizmo"]);
    assert!(owner.out.starts_with("widget/gizmo: 1 pod\n"), "{owner:?}");

    let neither = shop.macaque(&["why", "widget/gone"]);
    let words =
        "macaque: pod widget/gone does not exist, and no pod in namespace shop is owned by widget/gone";
    assert_eq!((neither.code, neither.err.trim()), (1, words));
    let nowhere = shop.macaque(&["why", "widget/gizmo", "-A"]);
    let words = "macaque: pod widget/gizmo does not exist; if widget is the kind of an owner, name its namespace with \
                 --namespace";
    assert_eq!((nowhere.code, nowhere.err.trim()), (1, words));
    let invalid = shop.macaque(&["why", "a/b/c"]);
    assert!(
        invalid.err.contains("write POD, NAMESPACE/POD or KIND/NAME"),
        "{invalid:?}"
    );
    assert_eq!(invalid.code, 2);

    shop.sandbox()
        .deny(AccessDenial::new("get", "pods").within("widget"));
    let forbidden = shop.macaque(&["why", "widget/gizmo"]);
    assert!(
        forbidden.out.starts_with("widget/gizmo: 1 pod\n"),
        "{forbidden:?}"
    );
}

#[test]
fn who_does_not_exist_is_named_in_clear_words() {
    let shop = ShopFixture::open();
    let pod = shop.macaque(&["why", "shop/nobody"]);
    assert_eq!(
        (pod.code, pod.err.trim()),
        (1, "macaque: pod shop/nobody does not exist")
    );

    let owner = shop.macaque(&["why", "deploy/nobody"]);
    let words = "macaque: deployment/nobody has no pods in namespace shop, or does not exist";
    assert_eq!((owner.code, owner.err.trim()), (1, words));

    let nowhere = shop.macaque(&["why", "deploy/web", "-n", "a,b"]);
    let words = "macaque: deployment/web: no single namespace is in scope: name one with --namespace";
    assert_eq!((nowhere.code, nowhere.err.trim()), (2, words));
    assert_eq!(shop.macaque(&["why", "shop/a b"]).code, 2);
}

#[test]
fn what_may_not_be_read_is_reported_with_the_servers_words() {
    let shop = ShopFixture::open();
    shop.sandbox().deny(AccessDenial::new("get", "pods"));
    let why = shop.macaque(&["why", "shop/db-0"]);

    assert_eq!(why.code, 1);
    assert!(why.err.contains("get pod shop/db-0: forbidden"), "{why:?}");
    assert_eq!(
        shop.macaque(&["why", "sts/db"]).code,
        0,
        "a list needs another grant"
    );
}

#[test]
fn two_budgets_on_one_pod_are_both_listed() {
    let shop = ShopFixture::open();
    let mut second = scenario::budget("shop", "web", json!({"maxUnavailable": 1}));
    second["metadata"]["name"] = json!("also-web");
    shop.sandbox().apply(&[second]).unwrap();
    let why = shop.macaque(&["why", "deploy/web"]);
    assert!(why.out.contains("budget web, minAvailable 3"), "{why:?}");
    assert!(why.out.contains("budget also-web, maxUnavailable 1"), "{why:?}");
    assert!(why.out.contains("refused by several budgets at once"), "{why:?}");
    let words = "another budget covers the pod too: while it runs its eviction is refused, ready or not";
    assert_eq!(why.out.matches(words).count(), 2, "{why:?}");
    assert!(!why.out.contains("pods that are not ready"), "{why:?}");
}

#[test]
fn a_deletion_asks_no_budget_and_reads_none() {
    let shop = ShopFixture::open();
    let why = shop.macaque(&["why", "sts/db", "--method", "delete"]);
    assert!(
        why.out
            .contains("its deletion would be allowed: a deletion does not check budgets"),
        "{why:?}"
    );

    let read = shop.sandbox().requests();
    assert!(
        !read
            .iter()
            .any(|request| request.path_and_query.contains("poddisruptionbudgets"))
    );
}

#[test]
fn a_pod_that_does_not_run_has_one_word_in_plan_and_report_and_why() {
    let shop = ShopFixture::open();
    for (phase, word) in [
        ("Pending", "pending"),
        ("Succeeded", "not-running"),
        ("Failed", "not-running"),
        ("Unknown", "not-running"),
    ] {
        let name = phase.to_lowercase();
        let mut pod = scenario::pod("shop", &name, &name);
        pod["status"]["phase"] = json!(phase);
        shop.sandbox().apply(&[pod]).unwrap();

        let scope = format!("app={name}");
        for command in ["plan", "once"] {
            let report = shop.macaque(&[command, "-o", "json", "-l", &scope]).json();
            let words: Vec<_> = report["exempted"].as_object().unwrap().keys().collect();
            assert_eq!(words, [word], "{command}: {report}");
            assert_eq!(
                report["exempted"][word]["detail"],
                format!("in the phase {phase}")
            );
        }

        let subject = format!("shop/{name}");
        let why = shop
            .macaque(&["why", &subject, "-o", "json", "-l", &scope])
            .json();
        let rules = why["pods"][0]["rules"].as_array().unwrap();
        let first = rules.iter().find(|rule| rule["result"] == "exempt").unwrap();
        assert_eq!(first["rule"], word, "{why}");
    }
}
