//! Kubernetes Events about disruptions and recoveries: facts go into a queue, from which the Events are written. What they
//! say is decided in [`macaque_core::events`].

mod owner;
mod queue;
mod writer;

use std::sync::Arc;

use jiff::Timestamp;
use macaque_core::config::{ChaosConfig, NamespaceScope};
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
    /// Whether the whole cluster is in scope, so that one grant permits every Event.
    whole_cluster: bool,
}

impl EventRecording {
    /// Writes Events as `config` says, in the name of this instance of macaque.
    pub fn new(config: &ChaosConfig, instance: &str, platform: &Platform) -> Self {
        let instance: String = instance.chars().filter(char::is_ascii).collect();
        Self {
            queue: Arc::new(EventQueue::new(config.events, platform)),
            is_on: config.writes_events(),
            instance: instance.chars().take(LONGEST_INSTANCE).collect::<String>().into(),
            whole_cluster: config.target.namespaces == NamespaceScope::All,
        }
    }

    /// Writes no Events.
    pub fn off(platform: &Platform) -> Self {
        Self {
            queue: Arc::new(EventQueue::new(EventsConfig::default(), platform)),
            is_on: false,
            instance: Arc::default(),
            whole_cluster: false,
        }
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
