//! A kubelet for pods of macaque: the control plane's nodes exist only on paper, so the test runs the container.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};

use crate::program::{MacaqueCommand, MacaqueOutput};
use crate::test_namespace::{TestNamespace, until};

/// Where the container finds its files.
const MOUNTED: &str = "/etc/macaque";

impl TestNamespace {
    /// The one pod with this label app.kubernetes.io/name that is not being deleted, once it is there.
    pub(crate) async fn pod_called(&self, name: &str) -> Value {
        until(&format!("there is one pod of {name}"), async || {
            let mut pods = self.pods().await;
            pods.retain(|pod| {
                pod["metadata"]["labels"]["app.kubernetes.io/name"] == name
                    && pod["metadata"]["deletionTimestamp"].is_null()
                    && pod["status"]["phase"] != "Succeeded"
                    && pod["status"]["phase"] != "Failed"
            });
            (pods.len() == 1).then(|| pods.remove(0))
        })
        .await
    }

    /// The container of `pod`, as the API server admitted it: with its arguments, variables, files, and a token of its
    /// service account. Its probes are on a free port, and pods of any age are candidates.
    pub(crate) async fn container_of(&self, pod: &Value) -> MacaqueCommand {
        let (spec, metadata) = (&pod["spec"], &pod["metadata"]);
        let container = &spec["containers"][0];
        let directory = self.scratch.path().join(metadata["name"].as_str().unwrap());
        let here = directory.to_str().unwrap();
        self.lay_out(pod, &directory).await;

        let mut command = MacaqueCommand::new("");
        for arg in container["args"].as_array().unwrap() {
            command = command.arg(&arg.as_str().unwrap().replace(MOUNTED, here));
        }
        for variable in container["env"].as_array().into_iter().flatten() {
            let value = match variable["valueFrom"]["fieldRef"]["fieldPath"].as_str() {
                Some("metadata.name") => &metadata["name"],
                Some("metadata.namespace") => &metadata["namespace"],
                Some(other) => unreachable!("{other}"),
                None => &variable["value"],
            };
            command = command.env(variable["name"].as_str().unwrap(), value.as_str().unwrap());
        }

        let account = self
            .kubeconfig_of(spec["serviceAccountName"].as_str().unwrap())
            .await;
        command
            .env("KUBECONFIG", &account)
            .env("MACAQUE_HEALTH__LISTEN", "127.0.0.1:0")
            .of_any_age()
    }

    /// Writes what the volume at the container's files projects.
    async fn lay_out(&self, pod: &Value, directory: &Path) {
        let listed = |list: &Value| list.as_array().cloned().unwrap_or_default();
        let mounts = listed(&pod["spec"]["containers"][0]["volumeMounts"]);
        let mount = mounts.iter().find(|mount| mount["mountPath"] == MOUNTED).unwrap();
        let volumes = listed(&pod["spec"]["volumes"]);
        let volume = volumes
            .iter()
            .find(|volume| volume["name"] == mount["name"])
            .unwrap();

        for source in listed(&volume["projected"]["sources"]) {
            let (kind, source) = if source["secret"].is_null() {
                ("ConfigMap", &source["configMap"])
            } else {
                ("Secret", &source["secret"])
            };
            let path = format!("{}/{}", self.path(kind), source["name"].as_str().unwrap());
            let object = self.read(&path).await;
            for item in listed(&source["items"]) {
                let text = object["data"][item["key"].as_str().unwrap()].as_str().unwrap();
                let text = if kind == "Secret" {
                    String::from_utf8(STANDARD.decode(text).unwrap()).unwrap()
                } else {
                    text.replace(MOUNTED, directory.to_str().unwrap())
                };
                let file = directory.join(item["path"].as_str().unwrap());
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(file, text).unwrap();
            }
        }
    }

    /// Runs the container of `pod` to its end, and tells the API server how it ended.
    pub(crate) async fn runs_to_its_end(&self, pod: &Value) -> MacaqueOutput {
        let output = self.container_of(pod).await.ends().await;
        let code = output.code();
        let phase = if code == 0 { "Succeeded" } else { "Failed" };
        let status = json!({"status": {"phase": phase, "containerStatuses": [{
            "name": pod["spec"]["containers"][0]["name"], "image": "none", "imageID": "none", "ready": false,
            "restartCount": 0, "state": {"terminated": {"exitCode": code}},
        }]}});
        let path = format!("{}/status", self.path_of(pod));
        self.send(Method::PATCH, &path, &status).await.accepted();
        output
    }
}
