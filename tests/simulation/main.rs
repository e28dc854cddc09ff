//! A deterministic simulation of the promises under faults: whole replicas on one thread, under virtual time, each trial
//! from a seed.
//!
//! `cargo test --test simulation` runs a few hundred trials of fresh seeds. `just simulate 1000000` runs as many as
//! docs/reliability.md tells of; `just simulate --seed N` repeats one, and prints what happened.

#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod claims;
mod events;
mod fault;
mod life;
mod network;
mod objects;
mod plan;
mod replica;
mod shrink;
mod tally;
mod trial;
mod until_broken;
mod verdict;
mod wholeness;
mod world;

use std::collections::BTreeMap;
use std::process::exit;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use mimalloc::MiMalloc;
use plan::TrialPlan;
use shrink::SmallestTrial;
use tally::Tally;
use trial::TrialOutcome;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// Trials of the short form.
const SHORT: u64 = 200;
/// How many seeds are named for each failure.
const NAMED: usize = 10;

/// What the command line asks for.
struct Arguments(Vec<String>);

/// What came of the trials, and which are to be looked at.
#[derive(Default)]
struct Findings {
    tally: Tally,
    /// By promise, the seeds that broke it.
    broken: BTreeMap<String, Vec<u64>>,
    /// By what was missing in the end, the seeds of the trials that broke no promise.
    unfinished: BTreeMap<String, Vec<u64>>,
}

fn main() {
    let arguments = Arguments(std::env::args().skip(1).collect());
    if arguments.has("--list") {
        return;
    }
    trial::note_panics();

    if let Some(seed) = arguments.number("--seed") {
        exit(repeat(&arguments.plan(seed)));
    }
    let first = arguments
        .number("--first")
        .unwrap_or_else(|| u64::from(rand::random::<u32>()));
    let trials = arguments.number("--trials").unwrap_or(SHORT);
    if arguments.has("--until-broken") {
        exit(until_broken::run(first, trials));
    }
    exit(run(first, trials));
}

impl Arguments {
    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|argument| argument == name)
    }

    fn text(&self, name: &str) -> Option<&str> {
        let place = self.0.iter().position(|argument| argument == name)?;
        self.0.get(place + 1).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.text(name).map(|text| text.parse().unwrap())
    }

    /// The plan of a seed, with those of its faults that are named, or all.
    fn plan(&self, seed: u64) -> TrialPlan {
        let plan = TrialPlan::of(seed);
        match self.text("--only") {
            None => plan,
            Some(list) => {
                let faults = list.split(',').filter(|number| !number.is_empty());
                plan.with_only(&faults.map(|number| number.parse().unwrap()).collect::<Vec<_>>())
            }
        }
    }
}

/// Repeats a trial twice, and prints what happened; returns the exit code.
fn repeat(plan: &TrialPlan) -> i32 {
    let outcome = trial::run(plan, true);
    let again = trial::run(plan, true);

    println!("{plan}\n");
    for line in &outcome.story {
        println!("{line}");
    }
    println!();
    for wrong in &outcome.wrong {
        println!("BROKEN: {wrong}");
    }
    let served = if outcome.is_served { "served" } else { "NOT SERVED" };
    let TrialOutcome {
        losses, unreported, ..
    } = outcome;
    println!(
        "{served} once the faults were over; {losses} pods disrupted, {unreported} of them in no message"
    );
    let is_same = outcome.story == again.story && outcome.wrong == again.wrong;
    println!(
        "the second run was {}",
        if is_same { "the same" } else { "ANOTHER" }
    );
    i32::from(!outcome.wrong.is_empty() || !outcome.is_served || !is_same)
}

/// Runs so many trials from the seed `first` on, on every core; returns the exit code.
fn run(first: u64, trials: u64) -> i32 {
    let begun = Instant::now();
    let next = AtomicU64::new(0);
    let findings = Mutex::new(Findings::default());
    let threads = on_every_core(|| {
        let mut own = Findings::default();
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= trials {
                break;
            }
            own.add(first.wrapping_add(number));
        }
        findings.lock().unwrap().merge(own);
    });

    let findings = findings.into_inner().unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    println!("{}", findings.tally);
    println!("{trials} trials of the seeds from {first} on took {seconds:.0} s on {threads} threads.");
    for (failure, seeds) in findings.unfinished.iter().chain(&findings.broken) {
        let named = &seeds[..seeds.len().min(NAMED)];
        println!("{failure}: {} trials, seeds {named:?}", seeds.len());
    }
    if let Some(seed) = findings.broken.values().flatten().min() {
        println!("The first, with as few of its faults as break the promise:");
        println!("{}", SmallestTrial::of(*seed).story());
    }
    let failed = findings.tally.wrong();
    println!("{} passed, {failed} failed", trials - failed);
    i32::from(failed > 0)
}

/// Does the work on a thread for each core, and waits for all of them; returns how many there were.
fn on_every_core(work: impl Fn() + Sync) -> usize {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(&work);
        }
    });
    threads
}

impl Findings {
    /// Runs the trial of a seed.
    fn add(&mut self, seed: u64) {
        let plan = TrialPlan::of(seed);
        let outcome = trial::run(&plan, false);
        self.tally.add(&outcome);
        let failures = if outcome.wrong.is_empty() {
            &mut self.unfinished
        } else {
            &mut self.broken
        };
        if let Some(failure) = outcome.first_failure(&plan) {
            failures.entry(failure.to_owned()).or_default().push(seed);
        }
    }

    fn merge(&mut self, other: Self) {
        self.tally.merge(other.tally);
        let kinds = [
            (&mut self.broken, other.broken),
            (&mut self.unfinished, other.unfinished),
        ];
        for (own, others) in kinds {
            for (failure, seeds) in others {
                own.entry(failure).or_default().extend(seeds);
            }
        }
    }
}
