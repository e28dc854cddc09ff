//! A sandbox in which nothing moves by itself, and the binary pointed at it.

use std::process::Command;

use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use serde_json::Value;
use tempfile::TempDir;

/// A cluster, and where its kubeconfig lies.
pub(crate) struct ShopFixture {
    pub(crate) sandbox: Sandbox,
    home: TempDir,
}

/// What the binary said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The line that holds `part`, its columns parted by one space.
    pub(crate) fn line(&self, part: &str) -> String {
        let line = self.out.lines().find(|line| line.contains(part));
        let line = line.unwrap_or_else(|| panic!("no {part:?} in {self:?}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl ShopFixture {
    /// The demo's five workloads.
    pub(crate) fn open() -> Self {
        Self::with(scenario::shop())
    }

    pub(crate) fn with(objects: Vec<Value>) -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            objects: objects,
            ..SandboxOptions::default()
        })
        .unwrap();
        sandbox.pause();
        let shop = Self {
            home: TempDir::new().unwrap(),
            sandbox,
        };
        shop.reach_by(&shop.sandbox.url());
        shop
    }

    /// Reaches the API server at `url` from now on.
    pub(crate) fn reach_by(&self, url: &str) {
        let kubeconfig = self.sandbox.kubeconfig().replace(&self.sandbox.url(), url);
        std::fs::write(self.home.path().join("kubeconfig"), kubeconfig).unwrap();
    }

    /// Runs `macaque WORDS…` on the namespace `shop`, unless the words name others.
    pub(crate) fn macaque(&self, words: &[&str]) -> Said {
        let output = Command::new(env!("CARGO_BIN_EXE_macaque"))
            .args(words)
            .env_clear()
            .env("MACAQUE_CLUSTER__KUBECONFIG", self.home.path().join("kubeconfig"))
            .env("MACAQUE_NAMESPACE", "shop")
            .output()
            .unwrap();
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// A file of this text; its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The requests so far that are no GET, as `METHOD PATH`.
    pub(crate) fn writes(&self) -> Vec<String> {
        let requests = self.sandbox.requests().into_iter();
        requests
            .filter(|request| request.method != "GET")
            .map(|request| format!("{} {}", request.method, request.path_and_query))
            .collect()
    }

    /// The name of a pod of the workload `app`.
    pub(crate) fn pod_of(&self, app: &str) -> String {
        let plan = self
            .macaque(&["plan", "-o", "json", "-l", &format!("app={app}")])
            .json();
        plan["candidates"][0]["pod"]["name"].as_str().unwrap().to_owned()
    }
}
