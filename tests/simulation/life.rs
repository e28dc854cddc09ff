//! One life of a replica: its process from the start to a crash or a clean end, polled as one future.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use macaque::actors::ActorsConfig;
use macaque::actors::single_thread::SingleThreadActors;
use macaque::platform::SimulatedClock;
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::Sleep;

use crate::fault::{FAULTY, Fault, Moment, ReplicaFault};
use crate::world::World;

/// Makes a replica fail at its moments. Clones share it; it outlives each life.
#[derive(Clone)]
pub(crate) struct LifeControl(Arc<Mutex<ControlState>>);

struct ControlState {
    moments: Vec<(Moment, ReplicaFault)>,
    /// What is to happen to the process next, one after the other.
    pending: VecDeque<ReplicaFault>,
    polls: u32,
    waker: Option<Waker>,
}

/// A life of a replica.
pub(crate) struct Life {
    world: World,
    replica: usize,
    control: LifeControl,
    clock: SimulatedClock,
    process: LocalSet,
    actors: Rc<RefCell<SingleThreadActors>>,
    suspended: Option<Pin<Box<Sleep>>>,
    /// The end that it was asked for, and how long the replica is away afterwards.
    stop: Option<(JoinHandle<()>, u64)>,
}

impl LifeControl {
    /// The moments of a replica.
    pub(crate) fn new(replica: usize, faults: &[Fault]) -> Self {
        let moments = faults.iter().filter_map(|fault| match *fault {
            Fault::Replica(of, moment, fault) if of == replica => Some((moment, fault)),
            _ => None,
        });
        Self(Arc::new(Mutex::new(ControlState {
            moments: moments.collect(),
            pending: VecDeque::new(),
            polls: 0,
            waker: None,
        })))
    }

    /// Lets the replica fail if it is to at this moment.
    pub(crate) fn pass(&self, moment: Moment) {
        let state = &mut *self.state();
        let known = state.pending.len();
        let due = state.moments.extract_if(.., |(at, _)| *at == moment);
        state.pending.extend(due.map(|(_, fault)| fault));

        if state.pending.len() > known
            && let Some(waker) = state.waker.take()
        {
            waker.wake();
        }
    }

    /// Counts a poll of the process, and returns its number.
    fn count(&self, waker: &Waker) -> u32 {
        let mut state = self.state();
        state.waker = Some(waker.clone());
        state.polls += 1;
        state.polls - 1
    }

    fn take_pending(&self) -> Option<ReplicaFault> {
        self.state().pending.pop_front()
    }

    fn state(&self) -> MutexGuard<'_, ControlState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Life {
    /// Starts the process.
    pub(crate) fn begin(
        world: &World,
        replica: usize,
        control: LifeControl,
        clock: SimulatedClock,
        config: &ActorsConfig,
    ) -> Self {
        let process = LocalSet::new();
        let actors = {
            let _entered = process.enter();
            SingleThreadActors::start(config)
        };

        Self {
            world: world.clone(),
            replica,
            control,
            clock,
            process,
            actors: Rc::new(RefCell::new(actors)),
            suspended: None,
            stop: None,
        }
    }

    /// Lets happen what is due; returns how long the replica is away if this is its end.
    fn fail(&mut self, fault: ReplicaFault) -> Option<u64> {
        if let ReplicaFault::ActorFails(role, _) = fault
            && !self.actors.borrow_mut().fail(role)
        {
            return None;
        }
        self.world.tell(|| format!("replica {}: {fault:?}", self.replica));
        self.world.note_fault(fault.kind());

        match fault {
            ReplicaFault::Crash(away) => return Some(away),
            ReplicaFault::Suspend(length) => self.suspend(Duration::from_millis(length)),
            ReplicaFault::Sleep(length) => {
                let length = Duration::from_millis(length);
                self.suspend(length);
                // Nobody looks at it before the machine wakes up. Pending timers are over then, which real ones are not.
                self.clock.stand(length);
            }
            // The second signal ends it at once.
            ReplicaFault::Stop(away) if self.stop.is_some() => return Some(away),
            ReplicaFault::Stop(away) => {
                let actors = Rc::clone(&self.actors);
                let stop = async move { SingleThreadActors::shut_down(&actors).await };
                self.stop = Some((self.process.spawn_local(stop), away));
            }
            ReplicaFault::ActorFails(role, after) => {
                let actors = Rc::clone(&self.actors);
                self.process.spawn_local(async move {
                    tokio::time::sleep(Duration::from_millis(after)).await;
                    actors.borrow_mut().start_actor(role);
                });
            }
        }
        None
    }

    fn suspend(&mut self, length: Duration) {
        self.suspended = Some(Box::pin(tokio::time::sleep(length)));
    }
}

/// Ends with how many milliseconds the replica is away until it is started again.
impl Future for Life {
    type Output = u64;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u64> {
        if let Some(suspended) = &mut self.suspended {
            if suspended.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.suspended = None;
        }

        let number = self.control.count(context.waker());
        if self.world.elapsed() < FAULTY {
            self.control.pass(Moment::Poll(number));
        }
        if let Some(fault) = self.control.take_pending() {
            if let Some(away) = self.fail(fault) {
                return Poll::Ready(away);
            }
            context.waker().wake_by_ref();
            return Poll::Pending;
        }

        // It ends with its shutdown, whatever else still runs in it.
        let _ = Pin::new(&mut self.process).poll(context);
        match &self.stop {
            Some((stop, away)) if stop.is_finished() => Poll::Ready(*away),
            _ => Poll::Pending,
        }
    }
}
