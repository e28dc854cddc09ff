//! `macaque budgets`, `macaque rbac` and `macaque check` as a user runs them, against the embedded API.

mod audit;
mod documents;
mod permissions;
mod roles;

use std::path::PathBuf;
use std::process::Command;

use kube_sandbox::{Sandbox, SandboxOptions};
use serde_json::Value;
use tempfile::TempDir;

/// An embedded API, and a macaque that speaks to it and hears nothing of this machine's settings.
struct Scene {
    sandbox: Sandbox,
    directory: TempDir,
}

/// What a command said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Scene {
    /// The API with these objects, the controllers' work done.
    fn with(scene: Vec<Value>) -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            objects: scene,
            ..SandboxOptions::default()
        });
        Self::of(sandbox.unwrap())
    }

    fn of(sandbox: Sandbox) -> Self {
        let directory = TempDir::new().unwrap();
        std::fs::write(directory.path().join("kubeconfig"), sandbox.kubeconfig()).unwrap();
        Self { sandbox, directory }
    }

    fn run(&self, words: &[&str]) -> Said {
        said(words, Some(self.directory.path().join("kubeconfig")))
    }

    /// The answer in JSON.
    fn json(&self, words: &[&str]) -> (i32, Value) {
        let said = self.run(&[words, &["-o", "json"]].concat());
        (said.code, serde_json::from_str(&said.out).unwrap())
    }

    /// The requests so far, as `METHOD PATH`, each once.
    fn asked(&self) -> std::collections::BTreeSet<String> {
        let requests = self.sandbox.requests();
        requests
            .iter()
            .map(|request| format!("{} {}", request.method, request.path_and_query))
            .collect()
    }
}

/// Runs macaque.
fn said(words: &[&str], kubeconfig: Option<PathBuf>) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_macaque"));
    command.args(words).env_clear();
    if let Some(path) = kubeconfig {
        command.env("MACAQUE_CLUSTER__KUBECONFIG", path);
    }
    let output = command.output().unwrap();
    Said {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
