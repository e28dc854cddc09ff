//! The roles of the actors that the Supervisor runs.

/// The roles of the children, in the order in which they start; they stop in reverse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the actors' own names")]
pub enum ActorRole {
    Notifier,
    Watcher,
    Killer,
    Clock,
}

impl ActorRole {
    /// Every role.
    pub const ALL: [Self; 4] = [Self::Notifier, Self::Watcher, Self::Killer, Self::Clock];

    /// The name in logs and probes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notifier => "Notifier",
            Self::Watcher => "Watcher",
            Self::Killer => "Killer",
            Self::Clock => "Clock",
        }
    }
}
