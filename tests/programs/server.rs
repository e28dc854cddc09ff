//! The two servers on which the transcripts are played, each with a kubeconfig of the same names.

use std::path::Path;
use std::process::Command;

use kube::config::Kubeconfig;
use kube_sandbox::{Sandbox, SandboxOptions};
use macaque_testkit::control_plane;
use tempfile::TempDir;

/// The kind of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerKind {
    Sandbox,
    Real,
}

/// A server with a namespace for one transcript, which is that of the kubeconfig's context.
pub(crate) struct Server {
    kind: ServerKind,
    namespace: String,
    /// Holds the kubeconfig, and what the programs write.
    home: TempDir,
    _sandbox: Option<Sandbox>,
}

impl Server {
    pub(crate) fn start(kind: ServerKind, namespace: &str) -> Self {
        let sandbox = (kind == ServerKind::Sandbox).then(|| {
            let options = SandboxOptions {
                tls: true,
                user: "admin".to_owned(),
                ..SandboxOptions::default()
            };
            Sandbox::start(options).unwrap()
        });
        let kubeconfig = match &sandbox {
            Some(sandbox) => sandbox.kubeconfig(),
            None => std::fs::read_to_string(control_plane::kubeconfig("programs")).unwrap(),
        };

        let home = tempfile::tempdir().unwrap();
        let kubeconfig = with_our_names(&kubeconfig, namespace);
        std::fs::write(home.path().join("config"), kubeconfig).unwrap();

        let server = Self {
            kind,
            namespace: namespace.to_owned(),
            home,
            _sandbox: sandbox,
        };
        server.kubectl(&["create", "namespace", namespace]);
        if kind == ServerKind::Real {
            // Pods are refused before the controllers have created it.
            let account = "serviceaccount/default";
            server.kubectl(&["wait", "--for=create", account, "--timeout=30s"]);
        }
        server
    }

    /// A command of the shell, in the folder of the suite.
    pub(crate) fn shell(&self, command: &str) -> Command {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs");
        let nodes = match self.kind {
            ServerKind::Sandbox => ["node-1", "node-2"],
            ServerKind::Real => ["node-a", "node-b"],
        };
        let mut shell = Command::new("timeout");
        shell
            .args(["90", "sh", "-c", &format!("exec 2>&1\n{command}")])
            .current_dir(folder)
            .env("KUBECONFIG", self.home.path().join("config"))
            .env("HOME", self.home.path())
            .env("KUBECACHEDIR", self.home.path().join("cache"))
            .env("NODE", nodes[0])
            .env("OTHER_NODE", nodes[1]);
        shell
    }

    fn kubectl(&self, arguments: &[&str]) {
        let output = Command::new("kubectl")
            .arg("--kubeconfig")
            .arg(self.home.path().join("config"))
            .args(arguments)
            .output()
            .expect("kubectl is on the PATH: just programs");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {arguments:?}: {errors}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.kind == ServerKind::Real {
            self.kubectl(&["delete", "namespace", &self.namespace]);
        }
    }
}

/// The kubeconfig with the same names on every server, and a namespace. JSON is YAML.
fn with_our_names(kubeconfig: &str, namespace: &str) -> String {
    let mut kubeconfig = Kubeconfig::from_yaml(kubeconfig).unwrap();
    let name = || "programs".to_owned();
    kubeconfig.current_context = Some(name());
    kubeconfig.clusters[0].name = name();
    kubeconfig.auth_infos[0].name = name();
    kubeconfig.contexts[0].name = name();
    let context = kubeconfig.contexts[0].context.as_mut().unwrap();
    context.cluster = name();
    context.user = Some(name());
    context.namespace = Some(namespace.to_owned());

    serde_json::to_string(&kubeconfig).unwrap()
}
