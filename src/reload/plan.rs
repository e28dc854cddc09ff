//! Decides what becomes of a configuration file that has changed, by which keys changed.

use jiff::Timestamp;

use crate::settings::{ApplyBy, LoadedSettings, SettingMistakes};

/// What becomes of a configuration file that has changed.
#[derive(Debug)]
pub enum ReloadPlan {
    /// No setting has changed: comments did, or the environment and the flags override what did.
    Unchanged,
    /// The settings are to be proved and applied.
    Apply {
        /// The settings.
        new: Box<LoadedSettings>,
        /// The keys that changed.
        changed: Vec<&'static str>,
    },
    /// Nothing is applied, because these keys changed and need a restart.
    NeedsRestart(Vec<&'static str>),
    /// Nothing is applied, because of these mistakes.
    Refused(Vec<String>),
}

/// Decides what becomes of `new`, read at `now`, while `old` is in force.
pub fn plan(
    old: &LoadedSettings,
    new: Result<LoadedSettings, SettingMistakes>,
    now: Timestamp,
) -> ReloadPlan {
    let new = match new {
        Ok(new) => new,
        Err(mistakes) => return ReloadPlan::Refused(mistakes.iter().map(ToString::to_string).collect()),
    };
    let changed = old.given.changed(&new.given);
    if changed.is_empty() {
        return ReloadPlan::Unchanged;
    }

    let needs_restart = |name: &&str| ApplyBy::of(name) != Some(ApplyBy::Reload);
    let restart: Vec<_> = changed.iter().copied().filter(needs_restart).collect();
    if !restart.is_empty() {
        return ReloadPlan::NeedsRestart(restart);
    }

    let calendar = new.valid.config.calendar.as_ref();
    let never = calendar.and_then(|calendar| Some((calendar, calendar.never_due(now)?)));
    if let Some((calendar, (why, remedy))) = never {
        return ReloadPlan::Refused(vec![format!("schedule: {why} (at {calendar}); {remedy}")]);
    }
    ReloadPlan::Apply {
        new: Box::new(new),
        changed,
    }
}

#[cfg(test)]
mod tests;
