//! The clients that people use: the kube crate and kubectl.

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::{ConfigMap, Pod};
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, Preconditions};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use serde_json::json;

use crate::kubectl::Kubectl;
use crate::test_server::eventually;

#[actix_rt::test]
async fn kube_lists_pages_deletes_and_updates_a_config_map() {
    let sandbox = Sandbox::start(SandboxOptions {
        objects: scenario::shop(),
        ..SandboxOptions::default()
    })
    .unwrap();
    let kubeconfig = Kubeconfig::from_yaml(&sandbox.kubeconfig()).unwrap();
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .unwrap();
    let client = Client::try_from(config).unwrap();
    assert_eq!(client.apiserver_version().await.unwrap().minor, "37");

    let pods: Api<Pod> = Api::namespaced(client.clone(), "shop");
    let page = pods.list(&ListParams::default().limit(5)).await.unwrap();
    assert_eq!(
        (page.items.len(), page.metadata.remaining_item_count),
        (5, Some(9))
    );
    let metadata = pods
        .list_metadata(&ListParams::default().labels("app=db"))
        .await
        .unwrap();
    assert_eq!(metadata.items.len(), 3);

    let budgets: Api<PodDisruptionBudget> = Api::namespaced(client.clone(), "shop");
    let status = budgets.get("cart").await.unwrap().status.unwrap();
    assert_eq!(
        (status.disruptions_allowed, status.current_healthy),
        (Some(1), Some(3))
    );

    let wrong = DeleteParams::default().preconditions(Preconditions {
        uid: Some("other".to_owned()),
        resource_version: None,
    });
    let kube::Error::Api(refusal) = pods.delete("db-0", &wrong).await.unwrap_err() else {
        panic!("no answer")
    };
    assert_eq!((refusal.code, refusal.reason.as_str()), (409, "Conflict"));
    assert!(
        pods.delete("db-0", &DeleteParams::default())
            .await
            .unwrap()
            .is_left()
    );

    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "shop");
    let map: ConfigMap = serde_json::from_value(json!({ "metadata": { "name": "settings" } })).unwrap();
    let map = maps.create(&PostParams::default(), &map).await.unwrap();
    maps.patch(
        "settings",
        &PatchParams::apply("tester"),
        &Patch::Merge(json!({ "data": { "a": "b" } })),
    )
    .await
    .unwrap();
    let kube::Error::Api(stale) = maps
        .replace("settings", &PostParams::default(), &map)
        .await
        .unwrap_err()
    else {
        panic!("no answer")
    };
    assert_eq!(stale.code, 409);

    let reviews: Api<SelfSubjectAccessReview> = Api::all(client);
    let attributes = ResourceAttributes {
        verb: Some("list".to_owned()),
        ..ResourceAttributes::default()
    };
    let spec = SelfSubjectAccessReviewSpec {
        resource_attributes: Some(attributes),
        ..Default::default()
    };
    let review = SelfSubjectAccessReview {
        spec,
        ..SelfSubjectAccessReview::default()
    };
    assert!(
        reviews
            .create(&PostParams::default(), &review)
            .await
            .unwrap()
            .status
            .unwrap()
            .allowed
    );
}

#[test]
fn kubectl_reads_the_shop() {
    let Some(kubectl) = Kubectl::find() else { return };
    let shown = kubectl.run("get pods,deploy,pdb -n shop");
    for expected in [
        "pod/db-0",
        "1/1     Running",
        "deployment.apps/web      4/4",
        "poddisruptionbudget.policy/db",
    ] {
        assert!(shown.contains(expected), "{expected} in\n{shown}");
    }

    assert!(
        kubectl
            .run("get rs,sts,ds,ns,nodes,events -A")
            .contains("statefulset.apps/db")
    );
    assert!(kubectl.run("get all -A -o wide").contains("node-1"));
    assert!(
        kubectl
            .run("describe pod -n shop db-0")
            .contains("Controlled By:  StatefulSet/db")
    );
    assert!(
        kubectl
            .run("describe pdb -n shop web")
            .contains("Allowed disruptions:  1")
    );
    assert!(kubectl.run("get --raw /readyz").contains("ok"));
    assert_eq!(
        kubectl.run("auth can-i create pods/eviction -n shop").trim(),
        "yes"
    );
}

#[test]
fn kubectl_changes_the_shop() {
    let Some(kubectl) = Kubectl::find() else { return };
    assert!(kubectl.run("delete pod -n shop db-0").contains("deleted"));
    assert!(
        kubectl
            .run("scale -n shop deploy/search --replicas=4")
            .contains("scaled")
    );

    kubectl.run("wait -n shop deploy/search --for=jsonpath={.status.readyReplicas}=4 --timeout=30s");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a: b\n";
    assert!(kubectl.run_with("apply -f -", map).contains("created"));
    assert!(
        kubectl
            .run_with("apply -f -", &map.replace("a: b", "a: c"))
            .contains("configured")
    );
    assert_eq!(kubectl.run("get cm settings -o jsonpath={.data.a}"), "c");
    assert!(
        kubectl
            .run("create configmap other --from-literal=a=b")
            .contains("created")
    );
    assert!(kubectl.run("create namespace spare").contains("created"));
    assert!(kubectl.run("delete namespace spare").contains("deleted"));
    eventually("the deployment is whole", || {
        kubectl
            .run("get deploy -n shop search --no-headers")
            .contains("4/4")
            .then_some(())
    });
}

#[test]
fn kubectl_creates_what_it_sends_in_protobuf() {
    let Some(kubectl) = Kubectl::find() else { return };
    for arguments in [
        "deployment nginx --image=nginx --replicas=2 --port=80",
        "poddisruptionbudget nginx --selector=app=nginx --min-available=50%",
        "job once --image=busybox -- sleep 1",
        "secret generic password --from-literal=a=b",
        "serviceaccount robot",
        "role reader --verb=get,list --resource=pods,deployments.apps --resource-name=a",
        "rolebinding reader --role=reader --serviceaccount=shop:robot",
        "clusterrole reader --verb=get --non-resource-url=/metrics",
        "clusterrolebinding reader --clusterrole=reader --user=jane --group=ops",
        "service clusterip nginx --tcp=80:8080",
        "service nodeport outside --tcp=80:http --node-port=30080",
        "service externalname elsewhere --external-name=example.com",
        "configmap settings --from-literal=a=b",
        "namespace spare",
    ] {
        let created = kubectl.run(&format!("-n shop create {arguments}"));
        assert!(created.contains("created"), "{arguments}: {created}");
    }

    let read = |what: &str, path: &str| kubectl.run(&format!("get -n shop {what} -o jsonpath={path}"));
    assert_eq!(
        read(
            "deploy/nginx",
            "{.spec.template.spec.containers[0].ports[0].containerPort}"
        ),
        "80"
    );
    assert_eq!(read("pdb/nginx", "{.spec.minAvailable}"), "50%");
    assert_eq!(read("secret/password", "{.data.a}"), "Yg==");
    assert_eq!(read("service/nginx", "{.spec.ports[0].targetPort}"), "8080");
    assert_eq!(read("service/outside", "{.spec.ports[0].targetPort}"), "http");
    assert_eq!(
        read("clusterrole/reader", "{.rules[0].nonResourceURLs[0]}"),
        "/metrics"
    );
    assert_eq!(
        read("job/once", "{.spec.template.spec.containers[0].command}"),
        r#"["sleep","1"]"#
    );
    eventually("the created deployment is whole", || {
        let shown = kubectl.run("get deploy -n shop nginx --no-headers");
        shown.contains("2/2").then_some(())
    });
}

#[test]
fn kubectl_drains_a_node_as_far_as_the_budgets_allow() {
    let Some(kubectl) = Kubectl::find() else { return };
    kubectl.run("cordon node-2");
    let drain = "drain node-2 --ignore-daemonsets --delete-emptydir-data --pod-selector=app=search";
    assert!(kubectl.run(drain).contains("evicted"));
    let refused = kubectl.fail("drain node-2 --ignore-daemonsets --pod-selector=app=db --timeout=1s");
    assert!(
        refused.contains("violate the pod's disruption budget"),
        "{refused}"
    );
    assert!(kubectl.run("uncordon node-2").contains("uncordoned"));
}

#[test]
fn kubectl_over_tls_learns_who_it_is_and_what_is_not_served() {
    let tls = SandboxOptions {
        tls: true,
        ..SandboxOptions::default()
    };
    let Some(kubectl) = Kubectl::find_with(tls) else {
        return;
    };
    assert!(kubectl.run("auth whoami").contains("sandbox"));
    assert!(
        kubectl
            .run("auth can-i create pods/eviction -n shop")
            .contains("yes")
    );
    let review = "apiVersion: authorization.k8s.io/v1\nkind: SubjectAccessReview\n\
        spec:\n  user: jane\n  resourceAttributes: {verb: list, resource: pods}\n";
    assert!(
        kubectl
            .run_with("create -o yaml -f -", review)
            .contains("allowed: true")
    );

    for (arguments, complaint) in [
        (
            "logs -n shop db-0",
            "pods/log is not served: the sandbox runs no containers",
        ),
        (
            "exec -n shop db-0 -- ls",
            "pods/exec is not served: the sandbox runs no containers",
        ),
        (
            "attach -n shop db-0",
            "pods/attach is not served: the sandbox runs no containers",
        ),
        (
            "port-forward -n shop pod/db-0 :80",
            "pods/portforward is not served: the sandbox runs no containers",
        ),
        ("get pods --as jane", "cannot impersonate resource \"users\""),
    ] {
        let complained = kubectl.fail(arguments);
        assert!(complained.contains(complaint), "{arguments}: {complained}");
    }
}
