//! Kubernetes Events about disruptions and recoveries, on the victim and on its owner.

/// The Events that are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct EventsConfig {
    /// Whether Events are written at all.
    pub enabled: bool,
    /// Whether one is written too when a victim was refused or held back.
    pub refusals: bool,
}
