//! What the server keeps about the events of its own controllers, so that their number stays bounded.

use std::collections::VecDeque;

use crate::store::names::NameGenerator;
use crate::store::object_store::ObjectKey;

/// How many events of controllers are kept; a real server keeps those of the last hour.
const EVENT_LIMIT: usize = 1000;

/// The events that the controllers have recorded, oldest first.
#[derive(Debug)]
pub(crate) struct EventLog {
    /// Whether events are recorded: those of the initial objects would have expired.
    pub(crate) is_recording: bool,
    /// A source of its own, so that the names of pods do not depend on events.
    names: NameGenerator,
    recorded: VecDeque<ObjectKey>,
}

impl EventLog {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            is_recording: false,
            names: NameGenerator::new(seed.wrapping_add(1)),
            recorded: VecDeque::new(),
        }
    }

    /// Draws the UID of an object that a controller records.
    pub(crate) fn uid(&mut self) -> String {
        self.names.uid()
    }

    /// Adds an event; returns the one that must go for it.
    pub(crate) fn push(&mut self, event: ObjectKey) -> Option<ObjectKey> {
        self.recorded.push_back(event);
        if self.recorded.len() > EVENT_LIMIT {
            self.recorded.pop_front()
        } else {
            None
        }
    }
}
