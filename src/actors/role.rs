//! The roles of the actors that the Supervisor runs.

/// The roles of the children, in the order in which they start; they stop in reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the actors' own names")]
pub enum ActorRole {
    Reloader,
    EventRecorder,
    HistoryRecorder,
    Notifier,
    Watcher,
    Killer,
    Clock,
}

/// What a process does beside rounds, with an actor for each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OptionalRoles {
    /// Whether it writes Events.
    pub writes_events: bool,
    /// Whether it writes the history.
    pub writes_history: bool,
    /// Whether it reloads its configuration.
    pub reloads: bool,
}

impl ActorRole {
    /// Every role.
    const ALL: [Self; 7] = [
        Self::Reloader,
        Self::EventRecorder,
        Self::HistoryRecorder,
        Self::Notifier,
        Self::Watcher,
        Self::Killer,
        Self::Clock,
    ];

    /// The roles of a process that does this beside rounds.
    pub fn of_process(optional: OptionalRoles) -> impl Iterator<Item = Self> {
        let is_needed = move |role: &Self| match role {
            Self::EventRecorder => optional.writes_events,
            Self::HistoryRecorder => optional.writes_history,
            Self::Reloader => optional.reloads,
            _ => true,
        };
        Self::ALL.into_iter().filter(is_needed)
    }

    /// The name in logs and probes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reloader => "Reloader",
            Self::EventRecorder => "EventRecorder",
            Self::HistoryRecorder => "HistoryRecorder",
            Self::Notifier => "Notifier",
            Self::Watcher => "Watcher",
            Self::Killer => "Killer",
            Self::Clock => "Clock",
        }
    }
}
