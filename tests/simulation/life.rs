//! One life of a replica: its process from the start to a crash or a clean end, polled as one future.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use macaque::actors::ActorsConfig;
use macaque::actors::role::ActorRole;
use macaque::actors::single_thread::SingleThreadActors;
use macaque::platform::SimulatedClock;
use tokio::task::LocalSet;
use tokio::time::Sleep;

use crate::fault::{FAULTY, Fault, Moment, ReplicaFault};
use crate::world::World;

/// Makes a replica fail at its moments. Clones share it; it outlives each life.
#[derive(Clone)]
pub(crate) struct LifeControl(Arc<Mutex<ControlState>>);

struct ControlState {
    moments: Vec<(Moment, ReplicaFault)>,
    /// What is to happen to the process at once.
    pending: Option<ReplicaFault>,
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
    actors: Rc<RefCell<Option<SingleThreadActors>>>,
    suspended: Option<Pin<Box<Sleep>>>,
    /// How long the replica is away after the end that it was asked for.
    away_after_stop: u64,
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
            pending: None,
            polls: 0,
            waker: None,
        })))
    }

    /// Lets the replica fail if it is to at this moment.
    pub(crate) fn pass(&self, moment: Moment) {
        let mut state = self.state();
        let found = state.moments.iter().position(|(at, _)| *at == moment);
        if let Some(found) = found {
            let (_, fault) = state.moments.swap_remove(found);
            state.pending = Some(fault);
            if let Some(waker) = state.waker.take() {
                waker.wake();
            }
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
        self.state().pending.take()
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
        config: ActorsConfig,
    ) -> Self {
        let process = LocalSet::new();
        let actors = Rc::<RefCell<Option<SingleThreadActors>>>::default();
        let started = Rc::clone(&actors);
        process.spawn_local(async move {
            let running = SingleThreadActors::start(&config);
            started.replace(Some(running));
        });

        Self {
            world: world.clone(),
            replica,
            control,
            clock,
            process,
            actors,
            suspended: None,
            away_after_stop: 0,
        }
    }

    /// Lets happen what is due; returns how long the replica is away if this is its end.
    fn fail(&mut self, fault: ReplicaFault) -> Option<u64> {
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
            ReplicaFault::Stop(away) => {
                self.away_after_stop = away;
                if let Some(actors) = self.actors.take() {
                    self.process.spawn_local(actors.shut_down());
                }
            }
            ReplicaFault::ActorFails(role, after) => self.fail_actor(role, Duration::from_millis(after)),
        }
        None
    }

    /// Lets an actor fail, and starts it again like the Supervisor, unless the process stops meanwhile.
    fn fail_actor(&self, role: ActorRole, after: Duration) {
        if let Some(actors) = &mut *self.actors.borrow_mut() {
            actors.fail(role);
        }
        let actors = Rc::clone(&self.actors);
        self.process.spawn_local(async move {
            tokio::time::sleep(after).await;
            if let Some(actors) = &mut *actors.borrow_mut() {
                actors.start_actor(role);
            }
        });
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

        let away = self.away_after_stop;
        Pin::new(&mut self.process).poll(context).map(|()| away)
    }
}
