//! What a dry round costs on the sandbox, by the number of pods: `cargo bench` prints a table. The figures are of
//! one machine and one moment; compare rows, not machines.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its table, and ends where it cannot measure"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use macaque::k8s::{Cluster, ClusterAccess};
use macaque::platform::Platform;
use macaque::round::{self, RoundConfig};
use macaque::stop::StopSwitch;
use macaque_core::config::{DisruptConfig, TargetConfig};
use macaque_core::eligibility::EligibilityConfig;
use macaque_core::guard::GuardConfig;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::recovery::RecoveryConfig;

const RUNS: usize = 5;

/// The pods of one workload.
const REPLICAS: u32 = 20;

fn main() {
    println!(
        "{:>8}  {:>6}  {:>10}  {:>10}  {:>8}",
        "pods", "guards", "median ms", "slowest ms", "requests"
    );
    for pods in [100, 1_000, 5_000, 50_000] {
        let workloads =
            (0..pods / REPLICAS).map(|n| scenario::deployment("shop", &format!("web-{n}"), REPLICAS));
        let sandbox = Sandbox::start(SandboxOptions {
            objects: workloads.collect(),
            ..SandboxOptions::default()
        });
        let sandbox = sandbox.unwrap();
        sandbox.pause();

        for (name, guards) in [("off", GuardConfig::off()), ("on", GuardConfig::default())] {
            let before = sandbox.requests().len();
            let mut times = measure(&sandbox, &guards);
            times.sort_unstable();
            let requests = (sandbox.requests().len() - before) / RUNS;

            let millis = |time: Duration| time.as_secs_f64() * 1e3;
            println!(
                "{pods:>8}  {name:>6}  {:>10.1}  {:>10.1}  {requests:>8}",
                millis(times[RUNS / 2]),
                millis(times[RUNS - 1])
            );
        }
    }
}

fn measure(sandbox: &Sandbox, guards: &GuardConfig) -> Vec<Duration> {
    let directory = tempfile::TempDir::new().unwrap();
    let kubeconfig = directory.path().join("kubeconfig");
    std::fs::write(&kubeconfig, sandbox.kubeconfig()).unwrap();
    let platform = Platform::system();
    let (_switch, stop) = StopSwitch::new(&platform);

    actix::System::new().block_on(async {
        let access = ClusterAccess {
            kubeconfig: Some(kubeconfig),
            context: None,
            ..ClusterAccess::default()
        };
        let cluster = Cluster::connect(&access, &platform).await.unwrap();

        let mut times = Vec::new();
        for seed in 0..RUNS as u64 {
            let begun = Instant::now();
            let slot = platform.now();
            let report =
                round::run_alone(&cluster, &round_config(guards), slot, seed, &stop, &platform).await;
            assert_eq!(report.attempts.len(), 1, "{:?}", report.end);
            times.push(begun.elapsed());
        }
        times
    })
}

fn round_config(guards: &GuardConfig) -> RoundConfig {
    RoundConfig {
        calendar: None,
        dry_run: true,
        eligibility: EligibilityConfig {
            target: TargetConfig::all_of("shop"),
            method: DisruptionMethod::Evict,
            own_pod: None,
            metadata: Arc::default(),
        },
        disrupt: DisruptConfig::default(),
        recovery: RecoveryConfig::default(),
        guards: guards.clone(),
        gates: Vec::new(),
    }
}
