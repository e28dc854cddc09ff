//! Trials of the promises under faults: real processes with real actors on a cluster whose wire, whose chat and whose
//! machines fail, judged from the cluster's own history.
//!
//! `cargo test --test trials` plays a short form, a trial for every fault and number of replicas that takes its turn;
//! `just trials` plays the table of docs/reliability.md and prints it.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod chat;
mod controlplane;
mod fault;
mod real;
mod replica;
mod table;
mod trial;
mod verdict;
mod wire;

use std::process::{Command, Stdio, exit};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use fault::Fault;
use replica::Replica;
use table::Table;

/// Trials of the short form: one for each fault.
const SHORT: usize = 89;
/// Trials at a time: they wait more than they compute.
const AT_A_TIME: usize = 8;

fn main() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    if let [flag, round_config] = args.as_slice()
        && flag == "--replica"
    {
        let replica: Replica = serde_json::from_str(round_config).unwrap();
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
    let faults: Vec<_> = Fault::all()
        .into_iter()
        .filter(|fault| namespaces || !fault.needs_a_namespace())
        .filter(|fault| {
            only.as_ref()
                .is_none_or(|only| fault.to_string().contains(only.as_str()))
        })
        .collect();
    if args.iter().any(|arg| arg == "--real") {
        let table = play_for_real(&replicas, trials);
        println!("{table}");
        exit(i32::from(!table.is_good()));
    }
    let log = args.iter().any(|arg| arg == "--log");
    let table = play(&faults, &replicas, trials, number("--at-a-time", AT_A_TIME), log);
    println!("{table}");
    exit(i32::from(!table.is_good()));
}

/// Plays so many trials on a real control plane, one at a time: they suspend what it consists of.
fn play_for_real(replicas: &[usize], trials: usize) -> Table<real::Fault> {
    let mut table = Table::new(&real::Fault::ALL, replicas);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut plane = runtime.block_on(controlplane::ControlPlane::find());
    for n in 0..trials {
        let fault = n % real::Fault::ALL.len();
        let count = replicas[(n / real::Fault::ALL.len() + fault) % replicas.len()];
        let verdict = runtime.block_on(real::play(&mut plane, real::Fault::ALL[fault], count));
        table.note(real::Fault::ALL[fault], count, verdict);
    }
    table
}

/// Whether this machine lets a process have a process namespace of its own; it must in CI.
fn may_have_namespaces() -> bool {
    let [program, arguments @ ..] = trial::AS_PID_1;
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

/// Plays so many trials, the faults and the numbers of replicas by turns.
fn play(faults: &[Fault], replicas: &[usize], trials: usize, at_a_time: usize, log: bool) -> Table<Fault> {
    let (next, table) = (AtomicUsize::new(0), Mutex::new(Table::new(faults, replicas)));
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
                    let verdict = runtime.block_on(trial::play(faults[fault], count, log));
                    table.lock().unwrap().note(faults[fault], count, verdict);
                }
            });
        }
    });
    table.into_inner().unwrap()
}
