//! Kubernetes Events about disruptions and recoveries: facts go into a queue, from which the Events are written. What they
//! say is decided in [`macaque_core::events`].

mod owner;
mod queue;
mod writer;

use std::sync::Arc;

use jiff::Timestamp;
use macaque_core::config::NamespaceScope;
use macaque_core::events::{EventContent, EventsConfig};
use macaque_core::pod::{ControllerRef, PodOwner};

use self::queue::EventQueue;
pub use self::queue::MOST_WAITING;
pub use self::writer::EventWriter;
use crate::facts::FactListener;
use crate::platform::Platform;

/// The longest name of an instance that the API server takes (`ReportingInstanceLengthLimit` in
/// `pkg/apis/core/validation/events.go`).
const LONGEST_INSTANCE: usize = 128;

/// Something that Events are to be written about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEvent {
    /// What they say.
    content: EventContent,
    /// When it happened.
    time: Timestamp,
    /// The victim's owner.
    owner: Option<PodOwner>,
    /// The victim's controller, if it was read.
    controller: Option<ControllerRef>,
}

/// How Events are written, and what waits to be written.
#[derive(Debug, Clone)]
pub struct EventRecording {
    queue: Arc<EventQueue>,
    is_on: bool,
    /// The instance of macaque that Events name: its pod, or the host.
    instance: Arc<str>,
}

impl EventRecording {
    /// Writes Events about what is in this scope, in the name of this instance of macaque.
    pub fn new(config: EventsConfig, scope: &NamespaceScope, instance: &str, platform: &Platform) -> Self {
        let ascii = instance.chars().filter(char::is_ascii);
        let instance: String = ascii.take(LONGEST_INSTANCE).collect();
        Self {
            queue: Arc::new(EventQueue::new(config, scope, platform)),
            is_on: config.enabled,
            instance: instance.into(),
        }
    }

    /// Begins with a dry run, in which no Events are written until a reload ends it.
    pub fn in_dry_run(self) -> Self {
        self.queue.set_dry_run(true);
        self
    }

    /// Whether the whole cluster is in scope, so that one grant permits every Event.
    fn is_of_whole_cluster(&self) -> bool {
        self.queue.is_of_whole_cluster()
    }

    /// Writes no Events.
    pub fn off(platform: &Platform) -> Self {
        Self::new(EventsConfig::default(), &NamespaceScope::All, "", platform)
    }

    /// Whether Events are written at all.
    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// The listener that takes what Events are to be written about, if any are.
    pub fn listener(&self) -> Option<Arc<dyn FactListener>> {
        let queue: Arc<dyn FactListener> = Arc::clone(&self.queue) as _;
        Some(queue).filter(|_| self.is_on)
    }
}
