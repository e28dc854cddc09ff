//! The recoveries that chat services hear of: `notify.recovery`.

use super::kind::{MessageKind, MessageKinds};

/// The recoveries that chat services hear of. The log has a line about each.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NotifyRecovery {
    /// Of each.
    All,
    /// Of those that are slow, stuck or failed.
    #[default]
    Bad,
    /// Of none.
    Off,
}

impl NotifyRecovery {
    /// Every value.
    pub const ALL: [Self; 3] = [Self::All, Self::Bad, Self::Off];

    /// The value as the configuration has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Bad => "bad",
            Self::Off => "off",
        }
    }

    /// The kinds of messages that channels get.
    pub fn kinds(self) -> MessageKinds {
        let mut kinds = MessageKinds::default();
        match self {
            Self::All => kinds.insert(MessageKind::Recovered),
            Self::Bad => {}
            Self::Off => kinds.remove(MessageKind::Recovery),
        }
        kinds
    }
}
