//! What it costs to follow recoveries, and to do nothing: memory, CPU and requests of a daemon on the sandbox, as a table.
//!
//! The sandbox runs in this process and the daemon in one of its own, so the figures are those of macaque alone. They are
//! of one machine and one moment: compare rows, not machines.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its table, and ends where it cannot measure"
)]

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use jiff::{Timestamp, ToSpan as _, Zoned};
use kube_sandbox::{Sandbox, SandboxOptions, scenario};
use macaque::platform::Platform;
use macaque_testkit::process_cost::MeasuredDaemon;
use serde_json::json;

/// How long each row is measured.
const TIME: Duration = Duration::from_secs(60);

/// The workloads, of each of which one pod is evicted: in two rounds, because a round has at most a hundred victims.
const WORKLOADS: usize = 200;
const REPLICAS: u32 = 3;

/// The rounds have to be over by then.
const PATIENCE: Duration = Duration::from_secs(420);

/// How long a replacement takes to become ready.
const NEVER: Duration = Duration::MAX;

/// A round that is far away.
const NEW_YEAR: &str = "0 0 1 1 *";

/// Each part that takes memory of its own: Events, metrics of owners, a channel of each kind, and a route.
const EVERYTHING: &str = r#"
[events]
enabled = true
refusals = true
[metrics]
owners = true
[notify.slack]
token = "xoxb-benchmark"
channel = "C1"
[notify.webhook]
url = "https://receiver.invalid/webhook"
secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"
[notify.teams]
url = "https://receiver.invalid/teams"
[[notify.http]]
name = "discord"
url = "https://receiver.invalid/discord"
template = "discord"
[[notify.route]]
name = "shop"
namespaces = ["shop"]
to = "slack"
channel = "C2"
"#;

fn main() {
    println!(
        "{:<36} {:>7} {:>8} {:>8} {:>7} {:>8}",
        "a minute of", "CPU %", "MiB", "peak MiB", "threads", "requests"
    );
    actix_rt::System::new().block_on(async {
        RecoveryBench::new().idle("nothing to do", "").await;
        RecoveryBench::new()
            .idle("nothing to do, with everything on", EVERYTHING)
            .await;
        RecoveryBench::new().recovering().await;
    });
}

/// A sandbox whose replacements never become ready.
struct RecoveryBench {
    sandbox: Sandbox,
    kubeconfig: PathBuf,
    platform: Platform,
    directory: tempfile::TempDir,
}

impl RecoveryBench {
    fn new() -> Self {
        let workloads = (0..WORKLOADS).map(|n| scenario::deployment("shop", &format!("web-{n}"), REPLICAS));
        let sandbox = Sandbox::start(SandboxOptions {
            objects: workloads.collect(),
            tls: true,
            ready_after: NEVER,
            ..SandboxOptions::default()
        });
        let sandbox = sandbox.unwrap();
        let journal = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": { "name": "macaque-journal", "namespace": "shop" },
        });
        sandbox.apply(&[journal]).unwrap();

        let directory = tempfile::TempDir::new().unwrap();
        let kubeconfig = directory.path().join("kubeconfig");
        std::fs::write(&kubeconfig, sandbox.kubeconfig()).unwrap();
        Self {
            sandbox,
            kubeconfig,
            platform: Platform::system(),
            directory,
        }
    }

    /// Prints what a daemon with this configuration takes whose next round is far away.
    async fn idle(&self, name: &str, settings: &str) {
        let daemon = self.start(NEW_YEAR, settings).await;
        self.measure(name, &daemon).await;
    }

    /// Prints what a daemon takes while it follows a recovery of each workload.
    async fn recovering(&self) {
        // A round in the first half minute would be missed, and a minute has begun already.
        let first = self.platform.now() + 120.seconds();
        let daemon = self.start(&cron_of_two_rounds(first), "").await;
        let end = self.platform.monotonic() + PATIENCE;
        while self.evictions() < WORKLOADS {
            assert!(self.platform.monotonic() < end, "{} evictions", self.evictions());
            self.platform.sleep(Duration::from_secs(1)).await;
        }
        // What was evicted leaves.
        self.platform.sleep(Duration::from_secs(10)).await;

        let name = format!("{WORKLOADS} recoveries, 20 by watch");
        self.measure(&name, &daemon).await;
    }

    async fn start(&self, cron: &str, settings: &str) -> MeasuredDaemon {
        let file = self.directory.path().join("macaque.toml");
        std::fs::write(&file, settings).unwrap();
        let built = || env!("CARGO_BIN_EXE_macaque").into();
        let mut command = Command::new(std::env::var_os("MACAQUE_BINARY").map_or_else(built, PathBuf::from));
        command
            .args(["run", "-n", "shop", "--dry-run=false"])
            .env_remove("MACAQUE_BINARY")
            .env("MACAQUE_CONFIG", file)
            .env("KUBECONFIG", &self.kubeconfig)
            .env("MACAQUE_POD_NAMESPACE", "shop")
            .env("MACAQUE_JOURNAL", "configmap/macaque-journal")
            .env("MACAQUE_SCHEDULE__CRON", cron)
            .env("MACAQUE_TARGET__MIN_AGE", "0s")
            .env("MACAQUE_DISRUPT__COUNT", (WORKLOADS / 2).to_string())
            .env("MACAQUE_DISRUPT__ATTEMPTS", "1000");
        MeasuredDaemon::start(&mut command).await.unwrap()
    }

    fn evictions(&self) -> usize {
        self.sandbox.deletions().len()
    }

    async fn measure(&self, name: &str, daemon: &MeasuredDaemon) {
        let before = self.sandbox.requests().len();
        let cost = daemon.measure(TIME).await.unwrap();
        let requests = self.sandbox.requests().len() - before;

        let mib = |kib: u64| kib as f64 / 1024.0;
        println!(
            "{name:<36} {:>7.2} {:>8.1} {:>8.1} {:>7} {requests:>8}",
            cost.cpu.as_secs_f64() / TIME.as_secs_f64() * 100.0,
            mib(cost.memory_kib),
            mib(cost.peak_kib),
            cost.threads
        );
    }
}

/// The crontab line, in UTC, of the minute of `first` and of one by which the first round is over.
fn cron_of_two_rounds(first: Timestamp) -> String {
    let fields = |at: Timestamp| {
        let at: Zoned = at.to_zoned(jiff::tz::TimeZone::UTC);
        (at.minute(), at.hour())
    };
    let (minute, hour) = fields(first);
    let (next_minute, next_hour) = fields(first + 120.seconds());
    format!("{minute},{next_minute} {hour},{next_hour} * * *")
}
