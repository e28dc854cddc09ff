//! What a status page is about: the configuration in force, and what the process consists of.

use std::time::Duration;

use jiff::Timestamp;
use macaque_core::config::{DisruptionLimits, NamespaceScope};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::schedule::Calendar;

/// What the page is about.
#[derive(Debug, Clone)]
pub struct StatusConfig {
    /// The slots and the quiet times; `None` where rounds follow no calendar.
    pub calendar: Option<Calendar>,
    /// Whether rounds are dry runs.
    pub is_dry_run: bool,
    /// How victims are disrupted.
    pub method: DisruptionMethod,
    /// The namespaces in scope.
    pub namespaces: NamespaceScope,
    /// The limits on disruptions over time.
    pub limits: DisruptionLimits,
    /// How long a recovery is watched; the longest since this process started.
    pub recovery_timeout: Duration,
    /// The names of the guards that are on, gates included.
    pub guards: Vec<String>,
    /// The names of the channels.
    pub channels: Vec<String>,
    /// The name of the cluster, if it has one.
    pub cluster: Option<String>,
    /// Whether the page names pods, owners and namespaces.
    pub names: bool,
    /// When this process started.
    pub started: Timestamp,
}
