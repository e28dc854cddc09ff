//! The clients that people use: the kube crate and kubectl.

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

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

/// kubectl with a kubeconfig file that lives as long as the sandbox.
struct Kubectl {
    _sandbox: Sandbox,
    home: tempfile::TempDir,
}

impl Kubectl {
    /// Nothing when kubectl is not there, which is only bearable outside CI.
    fn find() -> Option<Self> {
        if Command::new("kubectl")
            .args(["version", "--client"])
            .output()
            .is_err()
        {
            assert!(
                std::env::var_os("CI").is_none(),
                "kubectl is not on the PATH, and CI is to test with it"
            );
            eprintln!("SKIPPED: kubectl is not on the PATH");
            return None;
        }
        let options = SandboxOptions {
            objects: scenario::shop(),
            ready_after: Duration::from_millis(50),
            linger: Duration::from_millis(50),
            ..SandboxOptions::default()
        };
        let sandbox = Sandbox::start(options).unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("config"), sandbox.kubeconfig()).unwrap();

        Some(Self {
            _sandbox: sandbox,
            home,
        })
    }

    fn run(&self, arguments: &str) -> String {
        self.run_with(arguments, "")
    }

    fn run_with(&self, arguments: &str, input: &str) -> String {
        let mut child = Command::new("kubectl")
            .arg("--kubeconfig")
            .arg(self.home.path().join("config"))
            .args(arguments.split_whitespace())
            // kubectl caches discovery at home; another sandbox may have had this port.
            .env("HOME", self.home.path())
            .env("KUBECACHEDIR", self.home.path().join("cache"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {arguments}: {errors}");

        String::from_utf8(output.stdout).unwrap()
    }
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
