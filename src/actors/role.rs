//! The roles of the actors that the Supervisor runs.

/// The roles of the children, in the order in which they start; they stop in reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the actors' own names")]
pub enum ActorRole {
    Reloader,
    EventRecorder,
    Notifier,
    Watcher,
    Killer,
    Clock,
}

impl ActorRole {
    /// Every role.
    const ALL: [Self; 6] = [
        Self::Reloader,
        Self::EventRecorder,
        Self::Notifier,
        Self::Watcher,
        Self::Killer,
        Self::Clock,
    ];

    /// The roles of a process that writes Events or none, for which it needs no EventRecorder, and that reloads its
    /// configuration or does not.
    pub fn of_process(writes_events: bool, reloads: bool) -> impl Iterator<Item = Self> {
        let is_needed = move |role: &Self| match role {
            Self::EventRecorder => writes_events,
            Self::Reloader => reloads,
            _ => true,
        };
        Self::ALL.into_iter().filter(is_needed)
    }

    /// The name in logs and probes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reloader => "Reloader",
            Self::EventRecorder => "EventRecorder",
            Self::Notifier => "Notifier",
            Self::Watcher => "Watcher",
            Self::Killer => "Killer",
            Self::Clock => "Clock",
        }
    }
}
