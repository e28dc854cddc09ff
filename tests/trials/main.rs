//! Trials of the promises under faults: real processes with real actors on a cluster whose network, chat service and
//! processes fail, judged from the cluster's own history.
//!
//! `cargo test --test trials` runs a short form: one trial for every fault, with the numbers of replicas by turns.
//! `just trials` runs the table of docs/reliability.md and prints it.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod control_plane;
mod fake_chat;
mod fault;
mod network;
mod outcome_table;
mod real_trial;
mod recovery_fault;
mod recovery_history;
mod recovery_trial;
mod replica;
mod replica_group;
mod trial;
mod verdict;

use std::fmt;
use std::path::PathBuf;
use std::process::{Command, Stdio, exit};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use control_plane::ControlPlane;
use fault::TrialFault;
use outcome_table::{OutcomeTable, RECOVERIES, ROUNDS};
use real_trial::PlaneFault;
use recovery_fault::RecoveryFault;
use replica::{ReplicaConfig, ReplicaLog};
use verdict::TrialVerdict;

/// Trials of the short form: at least one for each fault.
const SHORT: usize = 90;
const SHORT_OF_RECOVERIES: usize = 24;
/// Trials at a time: they wait more than they compute.
const AT_A_TIME: usize = 8;

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    if let [flag, config] = args.as_slice()
        && flag == "--replica"
    {
        let replica: ReplicaConfig = serde_json::from_str(config).unwrap();
        exit(replica.run());
    }

    // Both TLS users take the process's provider; an error means that it is set already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if args.iter().any(|arg| arg == "--list") {
        return;
    }

    let number = |name: &str, default: usize| {
        let place = args.iter().position(|arg| arg == name);
        place.map_or(default, |place| args[place + 1].parse().unwrap())
    };
    let word = |name: &str| {
        args.iter()
            .position(|arg| arg == name)
            .map(|place| args[place + 1].clone())
    };
    let trials = number("--trials", SHORT);
    let replicas = word("--replicas").map_or(vec![1, 2, 3], |list| {
        list.split(',').map(|count| count.parse().unwrap()).collect()
    });
    let only = word("--fault");
    let namespaces = may_have_namespaces();
    let faults: Vec<_> = TrialFault::all()
        .into_iter()
        .filter(|fault| namespaces || !fault.needs_a_namespace())
        .filter(|fault| {
            only.as_ref()
                .is_none_or(|only| fault.to_string().contains(only.as_str()))
        })
        .collect();

    if args.iter().any(|arg| arg == "--real") {
        let table = run_on_control_plane(&replicas, trials);
        println!("{table}");
        exit(i32::from(!table.is_good()));
    }

    let log = if args.iter().any(|arg| arg == "--log") {
        ReplicaLog::Stderr
    } else {
        ReplicaLog::Off
    };
    let kept = word("--keep-logs").map(PathBuf::from);
    let at_a_time = number("--at-a-time", AT_A_TIME);
    let is_chosen = |fault: &RecoveryFault| {
        only.as_ref()
            .is_none_or(|only| fault.to_string().contains(only.as_str()))
    };
    let of_recoveries: Vec<_> = RecoveryFault::all().into_iter().filter(is_chosen).collect();
    let recoveries = number("--recoveries", SHORT_OF_RECOVERIES);

    let table = run(
        OutcomeTable::new(ROUNDS, &faults, &replicas),
        &faults,
        &replicas,
        (trials, at_a_time),
        async |fault, replicas| trial::run(fault, replicas, &log).await,
    );
    if trials > 0 {
        println!("{table}");
    }
    let recovery_table = run(
        OutcomeTable::new(RECOVERIES, &of_recoveries, &replicas),
        &of_recoveries,
        &replicas,
        (recoveries, at_a_time),
        async |fault, replicas| recovery_trial::run(fault, replicas, &log, kept.as_deref()).await,
    );
    println!("{recovery_table}");
    exit(i32::from(!table.is_good() || !recovery_table.is_good()));
}

/// Runs so many trials on a real control plane, one at a time: they suspend its components.
fn run_on_control_plane(replicas: &[usize], trials: usize) -> OutcomeTable<PlaneFault> {
    let mut table = OutcomeTable::new(ROUNDS, &PlaneFault::ALL, replicas);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut plane = runtime.block_on(ControlPlane::find());

    for n in 0..trials {
        let fault = n % PlaneFault::ALL.len();
        let count = replicas[(n / PlaneFault::ALL.len() + fault) % replicas.len()];
        let verdict = runtime.block_on(real_trial::run(&mut plane, PlaneFault::ALL[fault], count));
        table.record(PlaneFault::ALL[fault], count, verdict);
    }

    table
}

/// Whether this machine lets a process have a process namespace of its own; it must in CI.
fn may_have_namespaces() -> bool {
    let [program, arguments @ ..] = replica_group::AS_PID_1;
    let tried = Command::new(program)
        .args(arguments)
        .arg("true")
        .stderr(Stdio::null())
        .status();
    let may = tried.is_ok_and(|status| status.success());

    assert!(
        may || std::env::var_os("CI").is_none(),
        "this machine grants no PID namespace"
    );

    if !may {
        println!("SKIPPED: the trials as PID 1, for this machine grants no PID namespace");
    }

    may
}

/// Runs so many trials, the faults and the numbers of replicas by turns.
fn run<F: Copy + PartialEq + fmt::Display + Send + Sync>(
    table: OutcomeTable<F>,
    faults: &[F],
    replicas: &[usize],
    (trials, at_a_time): (usize, usize),
    trial: impl AsyncFn(F, usize) -> TrialVerdict + Sync,
) -> OutcomeTable<F> {
    let trials = if faults.is_empty() { 0 } else { trials };
    let next = AtomicUsize::new(0);
    let table = Mutex::new(table);
    std::thread::scope(|scope| {
        for _ in 0..at_a_time {
            scope.spawn(|| {
                loop {
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    if n >= trials {
                        return;
                    }
                    // Every fault with every number of replicas, however few trials there are.
                    let fault = n % faults.len();
                    let count = replicas[(n / faults.len() + fault) % replicas.len()];
                    // Whatever a trial leaves behind ends with its runtime.
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .unwrap();
                    let verdict = runtime.block_on(trial(faults[fault], count));
                    table.lock().unwrap().record(faults[fault], count, verdict);
                }
            });
        }
    });

    table.into_inner().unwrap()
}
