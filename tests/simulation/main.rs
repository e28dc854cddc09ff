//! A deterministic simulation of the promises under faults: whole replicas on one thread, under virtual time, each trial
//! from a seed.
#![cfg(feature = "sandbox")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

mod events;
mod fault;
mod life;
mod network;
mod objects;
mod plan;
mod replica;
mod trial;
mod verdict;
mod wholeness;
mod world;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |name: &str, default: u64| {
        let place = args.iter().position(|arg| arg == name);
        place.map_or(default, |place| args[place + 1].parse().unwrap())
    };
    trial::note_panics();
    if args.iter().any(|arg| arg == "--seed") {
        let plan = plan::TrialPlan::of(number("--seed", 0));
        println!("{plan}");
        let outcome = trial::run(&plan, true);
        for line in outcome.story { println!("{line}"); }
        println!("{:?} live {} losses {} lasted {:?}", outcome.wrong, outcome.is_live, outcome.losses, outcome.lasted);
        return;
    }
    let begin = std::time::Instant::now();
    let count = number("--trials", 100);
    let mut live = 0;
    for seed in 0..count {
        let plan = plan::TrialPlan::of(seed);
        let outcome = trial::run(&plan, false);
        live += u64::from(outcome.is_live);
        if !outcome.wrong.is_empty() || !outcome.is_live { println!("{seed}: {:?} live {} {:?}", outcome.wrong, outcome.is_live, outcome.lasted); }
    }
    println!("{count} trials, live {live}, {:?} each", begin.elapsed() / count as u32);
}
