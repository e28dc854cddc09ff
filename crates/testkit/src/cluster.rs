//! A cluster fixture: a sandbox in which nothing moves by itself, and its kubeconfig.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use kube_sandbox::{Sandbox, SandboxOptions};
use macaque::k8s::{Cluster, ClusterAccess};
use macaque::platform::Platform;
use macaque::round::{self, RoundConfig};
use macaque::stop::StopToken;
use macaque_core::config::{DisruptConfig, TargetConfig};
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::guard::GuardConfig;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::RecoveryConfig;
use macaque_core::report::RoundReport;
use serde_json::Value;
use tempfile::TempDir;

/// A sandbox, and a directory of its own with the kubeconfig that leads to it.
#[derive(Debug)]
pub struct TestCluster {
    /// The API server.
    pub sandbox: Arc<Sandbox>,
    home: TempDir,
}

impl TestCluster {
    /// A cluster with these objects in which nothing moves by itself.
    pub fn with(objects: Vec<Value>) -> Self {
        let sandbox = Sandbox::start(SandboxOptions {
            objects,
            ..SandboxOptions::default()
        });
        let sandbox = sandbox.unwrap();
        sandbox.pause();
        Self::of(sandbox)
    }

    /// The cluster of a sandbox that the test set up itself.
    pub fn of(sandbox: Sandbox) -> Self {
        let cluster = Self {
            sandbox: Arc::new(sandbox),
            home: TempDir::new().unwrap(),
        };
        cluster.reach_at(&cluster.sandbox.url());
        cluster
    }

    /// The path of the kubeconfig.
    pub fn kubeconfig_path(&self) -> PathBuf {
        self.home.path().join("kubeconfig")
    }

    /// The kubeconfig as it is now.
    pub fn kubeconfig(&self) -> String {
        std::fs::read_to_string(self.kubeconfig_path()).unwrap()
    }

    /// Rewrites the kubeconfig.
    pub fn write_kubeconfig(&self, text: &str) {
        std::fs::write(self.kubeconfig_path(), text).unwrap();
    }

    /// Rewrites the kubeconfig so that the API server is reached at `url`.
    pub fn reach_at(&self, url: &str) {
        self.write_kubeconfig(&self.kubeconfig_at(url));
    }

    /// The kubeconfig with another address of the API server.
    pub fn kubeconfig_at(&self, url: &str) -> String {
        self.sandbox.kubeconfig().replace(&self.sandbox.url(), url)
    }

    /// Writes a file into the directory of the cluster; its path.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.home.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The way to the cluster.
    pub fn access(&self) -> ClusterAccess {
        ClusterAccess {
            kubeconfig: Some(self.kubeconfig_path()),
            ..ClusterAccess::default()
        }
    }

    /// The cluster as the program sees it.
    pub async fn connect(&self, platform: &Platform) -> Cluster {
        Cluster::connect(&self.access(), platform).await.unwrap()
    }

    /// Runs one round with a journal in memory.
    pub async fn run_round(
        &self,
        config: &RoundConfig,
        seed: u64,
        stop: &StopToken,
        platform: &Platform,
    ) -> RoundReport {
        let cluster = self.connect(platform).await;
        round::run_alone(&cluster, config, platform.now(), seed, stop, platform).await
    }

    /// The requests so far, as `METHOD PATH`.
    pub fn requests(&self) -> Vec<String> {
        let requests = self.sandbox.requests().into_iter();
        requests
            .map(|request| format!("{} {}", request.method, request.path_and_query))
            .collect()
    }

    /// The requests so far that are no GET, as `METHOD PATH`.
    pub fn writes(&self) -> Vec<String> {
        let mut requests = self.requests();
        requests.retain(|request| !request.starts_with("GET "));
        requests
    }
}

/// The configuration of rounds that evict one pod of the namespace `shop`, ask no guard and watch no recovery.
pub fn evict_one() -> RoundConfig {
    RoundConfig {
        calendar: None,
        dry_run: false,
        eligibility: EligibilityConfig {
            target: TargetConfig {
                min_age: Duration::from_secs(60),
                ..TargetConfig::all_of("shop")
            },
            method: DisruptionMethod::Evict,
            own_pod: None,
            metadata: Arc::default(),
        },
        disrupt: DisruptConfig::default(),
        recovery: RecoveryConfig {
            enabled: false,
            ..RecoveryConfig::default()
        },
        guards: GuardConfig::off(),
        gates: Vec::new(),
    }
}
