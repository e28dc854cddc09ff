//! Runs one trial under virtual time, on the calling thread.

use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt as _};
use macaque::platform::SimulatedClock;
use tokio::runtime::Builder;

use crate::events::happen;
use crate::fault::FAULTY;
use crate::objects;
use crate::plan::TrialPlan;
use crate::replica::Replica;
use crate::verdict::{HeardMessage, is_served, judge, unreported};
use crate::world::{START, World};

/// How long after the faults a trial goes on at most.
const PATIENCE: u64 = 1_800_000;
/// How often it is seen whether the trial is over.
const INTERVAL: u64 = 5_000;

thread_local! {
    /// The panics of this thread.
    static PANICS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// How a trial ended.
pub(crate) struct TrialOutcome {
    /// What was wrong, if anything.
    pub(crate) wrong: Vec<String>,
    /// Whether a slot was served once the faults were over.
    pub(crate) is_served: bool,
    /// How many pods were disrupted that no message names.
    pub(crate) unreported: usize,
    /// The faults that happened, by kind.
    pub(crate) faults: Vec<&'static str>,
    /// How many pods macaque disrupted.
    pub(crate) losses: usize,
    /// How long it lasted by its own time.
    pub(crate) lasted: Duration,
    pub(crate) story: Vec<String>,
}

impl TrialOutcome {
    /// The first promise that was broken, in a word or two, if any.
    pub(crate) fn first_broken(&self) -> Option<&str> {
        self.wrong.first()?.split(':').next()
    }

    /// The first promise that was broken, in a word or two, or what did not come about in the end, if anything.
    pub(crate) fn first_failure(&self, plan: &TrialPlan) -> Option<&str> {
        // Whoever deletes the journal deletes the reports in it that nobody has delivered yet.
        let unfinished = if self.unreported > 0 && !plan.has_tampering() {
            Some("report lost")
        } else {
            (!self.is_served).then_some("not served")
        };
        self.first_broken().or(unfinished)
    }
}

/// Notes panics instead of printing them.
pub(crate) fn note_panics() {
    panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        PANICS.with_borrow_mut(|panics| panics.push(info.to_string()));
    }));
}

/// Runs the trial of a plan; writes its story if that is wanted.
pub(crate) fn run(plan: &TrialPlan, has_story: bool) -> TrialOutcome {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap();
    let mut outcome = runtime.block_on(perform(plan, has_story));
    let panics = PANICS.with_borrow_mut(std::mem::take);
    outcome
        .wrong
        .extend(panics.into_iter().map(|panic| format!("panic: {panic}")));
    outcome
}

async fn perform(plan: &TrialPlan, has_story: bool) -> TrialOutcome {
    let (cluster, controllers) = objects::cluster(plan);
    let world = World::new(cluster, plan.seed, has_story);
    tokio::spawn(controllers);

    let plan = Arc::new(plan.clone());
    let (sender, messages) = mpsc::channel();
    let clocks: Vec<_> = (0..plan.replicas)
        .map(|_| SimulatedClock::starting_at(START))
        .collect();
    for fault in &plan.faults {
        tokio::spawn(happen(world.clone(), clocks.clone(), *fault));
    }
    let replicas = clocks.into_iter().enumerate();
    let replicas =
        replicas.map(|(number, clock)| Replica::new(number, &plan, &world, clock, sender.clone()).live());
    let mut replicas: FuturesUnordered<_> = replicas.collect();

    let mut heard = Vec::new();
    let watching = async {
        let mut now = FAULTY;
        loop {
            world.sleep_until(now).await;
            let at = world.now();
            heard.extend(messages.try_iter().map(|message| {
                world.tell(|| format!("message: {}", message.headline()));
                HeardMessage { at, message }
            }));
            let losses = world.losses();
            let is_served = is_served(&plan, &losses, &heard);
            let is_over = is_served && unreported(&losses, &heard) == 0;
            if is_over || now > FAULTY + PATIENCE {
                return is_served;
            }
            now += INTERVAL;
        }
    };
    let is_served = tokio::select! {
        biased;
        is_served = watching => is_served,
        _ = replicas.next() => false,
    };

    TrialOutcome {
        wrong: judge(&plan, &world, &heard),
        is_served,
        unreported: unreported(&world.losses(), &heard),
        faults: world.faults(),
        losses: world.losses().len(),
        lasted: Duration::from_millis(world.elapsed()),
        story: world.take_story(),
    }
}
