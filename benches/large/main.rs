//! What a round costs among many pods on a real API server: time, memory, CPU, bytes and requests, as a table.
//!
//! `just bench-large` starts the server. The figures are of one machine and one moment: compare rows, not machines.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its table, and ends where it cannot measure"
)]

mod full_list;
mod relay;
mod workloads;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use http::Request;
use kube::Client;
use kube::config::Kubeconfig;
use macaque_testkit::process_cost::{self, MeasuredDaemon, RunCost};

use self::full_list::list;
use self::relay::CountingRelay;

/// The namespace that `controlplane many-pods` fills.
const NAMESPACE: &str = "many-pods";

/// How often each row is measured; the median is printed.
const RUNS: usize = 3;

/// Draws of the row where few pods are eligible: the number of looks varies with the draw.
const LEAN_RUNS: usize = 9;

/// How long macaque is watched between rounds.
const IDLE_TIME: Duration = Duration::from_secs(60);

/// A round: its name, the arguments of `macaque once`, its settings beside, and how often it is measured.
type RoundRow = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    usize,
);

#[rustfmt::skip]
const ROWS: [RoundRow; 19] = [
    ("evict 1, one namespace, dry run", &["-n", NAMESPACE, "--method", "evict"], &[EVERYBODY], RUNS),
    ("the same with guards", &["-n", NAMESPACE, "--method", "evict"], &[EVERYBODY, GUARDS_ON], LEAN_RUNS),
    ("the same with guards, replicas unknown", &["-n", NAMESPACE, "--method", "evict"], &[EVERYBODY, GUARDS_ON, WITHOUT_SCALE], 1),
    ("evict 1, one namespace", &["-n", NAMESPACE, "--method", "evict", ARMED], &[EVERYBODY], RUNS),
    ("delete 1, one namespace", &["-n", NAMESPACE, "--method", "delete", ARMED], &[EVERYBODY], RUNS),
    ("evict 1, all namespaces", &["-A", "--method", "evict", ARMED], &[EVERYBODY], RUNS),
    ("delete 1, all namespaces", &["-A", "--method", "delete", ARMED], &[EVERYBODY], RUNS),
    ("delete 1, all namespaces, with guards", &["-A", "--method", "delete", ARMED], &[EVERYBODY, GUARDS_ON], RUNS),
    ("1 % eligible, one namespace, dry run", &["-n", NAMESPACE], &[], LEAN_RUNS),
    ("1 % eligible, all namespaces, dry run", &["-A"], &[], LEAN_RUNS),
    ("none eligible, one namespace, dry run", &["-n", NAMESPACE], &[EVERYBODY, TOO_YOUNG], 1),
    ("none eligible, all namespaces, dry run", &["-A"], &[EVERYBODY, TOO_YOUNG], 1),
    ("owners drawn, one namespace, dry run", &["-n", NAMESPACE], &[EVERYBODY, OWNERS], RUNS),
    ("owners drawn, all namespaces, dry run", &["-A"], &[EVERYBODY, OWNERS], RUNS),
    ("owners drawn, 1 % eligible, dry run", &["-n", NAMESPACE], &[OWNERS], RUNS),
    ("two nodes, one namespace, dry run", &["-n", NAMESPACE], &[EVERYBODY, TWO_NODES], RUNS),
    ("two nodes, all namespaces, dry run", &["-A"], &[EVERYBODY, TWO_NODES], RUNS),
    ("two nodes, owners drawn, dry run", &["-n", NAMESPACE], &[EVERYBODY, TWO_NODES, OWNERS], RUNS),
    ("two nodes, owners drawn, all namespaces", &["-A"], &[EVERYBODY, TWO_NODES, OWNERS], RUNS),
];

const ARMED: &str = "--dry-run=false";

/// The pods that opted out are eligible too.
const EVERYBODY: (&str, &str) = ("MACAQUE_TARGET__INCLUDE", "opted-out");
const TOO_YOUNG: (&str, &str) = ("MACAQUE_TARGET__MIN_AGE", "8760h");
const TWO_NODES: (&str, &str) = ("MACAQUE_TARGET__NODES", "node-003,node-042");
const OWNERS: (&str, &str) = ("MACAQUE_DISRUPT__DRAW", "owners");

/// The guards as they are by default, with what they may read.
const GUARDS_ON: (&str, &str) = ("MACAQUE_GUARDS__WHOLE", "true");

/// Every other row is without guards.
const GUARDS_OFF: [(&str, &str); 5] = [
    ("MACAQUE_GUARDS__WHOLE", "false"),
    ("MACAQUE_GUARDS__ROLLOUT", "false"),
    ("MACAQUE_GUARDS__MIN_READY", "0"),
    ("MACAQUE_GUARDS__DRAINS", "0"),
    ("MACAQUE_GUARDS__FREEZE", "false"),
];

/// A user who may not read the scale of workloads, instead of the administrator.
const WITHOUT_SCALE: (&str, &str) = ("MACAQUE_CLUSTER__CONTEXT", workloads::USER);

/// What starts this program as a list of all pods, in one answer or page by page.
const WHOLE: &str = "--list-all";
const PAGED: &str = "--list-pages";

/// The exit code of a round in which nobody was eligible.
const IDLE: i32 = 4;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut beside = Vec::new();
    let mut rows = String::new();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            // A command line to be measured in the same run; it finds the server in KUBECONFIG.
            "--beside" => beside.extend(arguments.next()),
            // What the names of the rows to be measured hold; without it, all are.
            "--rows" => rows = arguments.next().unwrap_or_default(),
            // A row of the table: this program, started by itself.
            WHOLE => return actix_rt::System::new().block_on(list("")),
            PAGED => return actix_rt::System::new().block_on(list("?limit=500")),
            // What cargo says to every benchmark.
            "--bench" => {}
            other => {
                println!("error: {other}: known are --rows WORDS, and --beside COMMAND as often as you like");
                std::process::exit(2);
            }
        }
    }
    actix_rt::System::new().block_on(bench(&rows, &beside));
}

async fn bench(rows: &str, beside: &[String]) {
    let bench = RoundBench::new().await;
    workloads::create(&bench.client).await;
    println!(
        "{:<44} {:>8} {:>8} {:>9} {:>11} {:>9}",
        "", "time s", "CPU s", "peak MiB", "received kB", "requests"
    );
    let mut unexpected = 0;
    let mut worst = RowCost::default();
    for (name, arguments, settings, runs) in ROWS.into_iter().filter(|(name, ..)| name.contains(rows)) {
        let code = if settings.contains(&TOO_YOUNG) { IDLE } else { 0 };
        let row = bench
            .row(name, runs, code, |seed| bench.once(arguments, settings, seed))
            .await;
        unexpected += row.unexpected;
        // Without the permission to read scales, a guard lists the namespace in full; that is documented.
        if !settings.contains(&WITHOUT_SCALE) {
            worst.raise_to(&row);
        }
    }
    if !rows.is_empty() {
        return exit_if_unexpected(unexpected);
    }

    bench.idle().await;
    let paged = bench
        .row("the full list by the page", 1, 0, |_| bench.list(PAGED))
        .await;
    unexpected += paged.unexpected;
    // Last of ours: it leaves the server with a heap to tidy up. This program parses the list itself.
    let name = if cfg!(debug_assertions) {
        "the full list in one answer, unoptimized"
    } else {
        "the full list in one answer"
    };
    let whole = bench.row(name, 1, 0, |_| bench.list(WHOLE)).await;
    unexpected += whole.unexpected;
    for (list, full) in [("by the page", &paged), ("in one answer", &whole)] {
        println!(
            "of the full list {list}, the costliest round takes {:.1} % of the time and {:.1} % of the bytes",
            worst.time / full.time * 100.0,
            worst.received / full.received * 100.0
        );
    }
    for command in beside {
        let row = bench.row(command, 1, 0, |_| bench.beside(command)).await;
        unexpected += row.unexpected;
    }
    exit_if_unexpected(unexpected);
}

fn exit_if_unexpected(runs: usize) {
    if runs > 0 {
        println!("error: {runs} runs ended otherwise than they should");
        std::process::exit(1);
    }
}

/// The medians of a row.
#[derive(Default)]
struct RowCost {
    /// In seconds.
    time: f64,
    /// In kilobytes.
    received: f64,
    /// How many runs did not end as they should.
    unexpected: usize,
}

impl RowCost {
    /// Takes each figure of `row` that is higher.
    fn raise_to(&mut self, row: &Self) {
        self.time = self.time.max(row.time);
        self.received = self.received.max(row.received);
    }
}

/// The server, and what counts on the way to it.
struct RoundBench {
    client: Client,
    relay: CountingRelay,
    kubeconfig: PathBuf,
    _directory: tempfile::TempDir,
}

impl RoundBench {
    async fn new() -> Self {
        let client = Client::try_default().await.unwrap();
        let directory = tempfile::TempDir::new().unwrap();
        let mut config = Kubeconfig::read().unwrap();
        let cluster = config.clusters[0].cluster.as_mut().unwrap();
        let server = cluster.server.take().unwrap();
        let relay = CountingRelay::to(server.trim_start_matches("https://").to_owned())
            .await
            .unwrap();
        cluster.server = Some(format!("https://{}", relay.address));
        workloads::add_user(&mut config);
        let kubeconfig = directory.path().join("kubeconfig");
        std::fs::write(&kubeconfig, serde_json::to_string(&config).unwrap()).unwrap();
        Self {
            client,
            relay,
            kubeconfig,
            _directory: directory,
        }
    }

    /// A round of macaque.
    fn once(&self, arguments: &[&str], settings: &[(&str, &str)], seed: usize) -> Command {
        let mut command = self.macaque();
        command
            .arg("once")
            .args(arguments)
            .args(["--seed", &seed.to_string()]);
        command
            .env("MACAQUE_TARGET__MIN_AGE", "0s")
            .envs(settings.iter().copied());
        if !settings.contains(&GUARDS_ON) {
            command.envs(GUARDS_OFF);
        }
        command
    }

    fn macaque(&self) -> Command {
        let built = || env!("CARGO_BIN_EXE_macaque").into();
        self.command(&std::env::var_os("MACAQUE_BINARY").map_or_else(built, PathBuf::from))
    }

    /// Prints what macaque takes between rounds.
    async fn idle(&self) {
        let mut command = self.macaque();
        command
            .args(["run", "-n", NAMESPACE])
            .env("MACAQUE_SCHEDULE__CRON", "0 0 1 1 *");
        let daemon = MeasuredDaemon::start(&mut command).await.unwrap();
        let cost = daemon.measure(IDLE_TIME).await.unwrap();
        println!(
            "between rounds: ready after {} ms; then {:.1} MiB, {} threads, {:.2} % of a core",
            daemon.ready.as_millis(),
            cost.memory_kib as f64 / 1024.0,
            cost.threads,
            cost.cpu.as_secs_f64() / IDLE_TIME.as_secs_f64() * 100.0
        );
    }

    fn list(&self, how: &str) -> Command {
        let mut command = self.command(&std::env::current_exe().unwrap());
        command.arg(how);
        command
    }

    /// Another program with its arguments: a shell that gives way to it, for what is measured is one process.
    fn beside(&self, line: &str) -> Command {
        let mut command = self.command(Path::new("sh"));
        command.args(["-c", &format!("exec {line}")]);
        command
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        // To macaque it would be a setting that it does not know.
        command
            .env("KUBECONFIG", &self.kubeconfig)
            .env_remove("MACAQUE_BINARY");
        command
    }

    /// Measures what `command` makes, and prints the median of each figure.
    async fn row(
        &self,
        name: &str,
        runs: usize,
        expected: i32,
        command: impl Fn(usize) -> Command,
    ) -> RowCost {
        let mut unexpected = 0;
        let mut figures: [Vec<f64>; 5] = Default::default();
        for seed in 0..runs {
            self.relay.take_received();
            let before = self.requests().await;
            let RunCost {
                time,
                cpu,
                peak_kib,
                code,
            } = process_cost::run(&mut command(seed)).await.unwrap();
            if code != Some(expected) {
                unexpected += 1;
                println!("{name}: exit code {code:?}, not {expected}");
            }
            let requests = self.requests().await - before;
            let received = self.relay.take_received() as f64 / 1e3;
            let seconds = Duration::as_secs_f64;
            let all = [
                seconds(&time),
                seconds(&cpu),
                peak_kib as f64 / 1024.0,
                received,
                requests,
            ];
            for (figures, figure) in figures.iter_mut().zip(all) {
                figures.push(figure);
            }
        }
        let [time, cpu, peak, received, requests] = figures.map(|mut figures| {
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        });
        println!("{name:<44} {time:>8.3} {cpu:>8.2} {peak:>9.1} {received:>11.0} {requests:>9}");
        RowCost {
            time,
            received,
            unexpected,
        }
    }

    /// How many requests the server has answered about pods.
    async fn requests(&self) -> f64 {
        let request = Request::get("/metrics").body(Vec::new()).unwrap();
        let metrics = self.client.request_text(request).await.unwrap();
        metrics
            .lines()
            .filter(|line| line.starts_with("apiserver_request_total{") && line.contains("resource=\"pods\""))
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }
}
