//! The recoveries that chat services hear of: `notify.recovery`.

use super::message::RecoveryMessage;

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

    /// Whether chat services get `message`.
    pub fn includes(self, message: &RecoveryMessage) -> bool {
        match self {
            Self::All => true,
            Self::Bad => message.is_bad(),
            Self::Off => false,
        }
    }
}
