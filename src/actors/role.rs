//! The roles of the actors that the Supervisor runs.

/// The roles of the children, in the order in which they start; they stop in reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the actors' own names")]
pub enum ActorRole {
    EventRecorder,
    Notifier,
    Watcher,
    Killer,
    Clock,
}

impl ActorRole {
    /// Every role.
    const ALL: [Self; 5] = [
        Self::EventRecorder,
        Self::Notifier,
        Self::Watcher,
        Self::Killer,
        Self::Clock,
    ];

    /// The roles of a process that writes Events or writes none, for which it needs no EventRecorder.
    pub fn of_process(writes_events: bool) -> impl Iterator<Item = Self> {
        let is_needed = move |role: &Self| writes_events || *role != Self::EventRecorder;
        Self::ALL.into_iter().filter(is_needed)
    }

    /// The name in logs and probes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventRecorder => "EventRecorder",
            Self::Notifier => "Notifier",
            Self::Watcher => "Watcher",
            Self::Killer => "Killer",
            Self::Clock => "Clock",
        }
    }
}
