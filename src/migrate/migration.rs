//! The result of a migration: settings, what has no equal, and mistakes.

use std::fmt;

use super::OldTool;
use crate::settings::SettingMistake;

/// What the configuration of another tool becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct Migration {
    /// The tool.
    pub tool: OldTool,
    /// The settings, in any order, each key once.
    pub settings: Vec<MigratedSetting>,
    /// What has no equal.
    pub unmigrated: Vec<Unmigrated>,
    /// Whether the other tool disrupts pods; what has no equal may keep macaque from it.
    pub was_armed: bool,
}

/// One setting of macaque.
#[derive(Debug, Clone, PartialEq)]
pub struct MigratedSetting {
    /// The key.
    pub key: &'static str,
    /// The value.
    pub value: toml::Value,
    /// The options that it comes from, or why it is set.
    pub origin: String,
    /// What differs, or is worth knowing.
    pub remark: Option<String>,
}

/// An option that has no equal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmigrated {
    /// The option as it was given, with its value unless that may be a secret.
    pub option: String,
    /// The reason, and what is nearest.
    pub why: String,
    /// What follows for the victims.
    pub effect: UnmigratedEffect,
}

/// What follows for the victims if an option has no equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnmigratedEffect {
    /// Without the option macaque would disrupt pods that the other tool leaves alone, or more often.
    Wider,
    /// Without the option macaque disrupts the same pods, or fewer.
    Same,
}

impl Migration {
    /// The options without which macaque would disrupt more than the other tool: with any of them it stays a dry run.
    pub fn lost_restrictions(&self) -> impl Iterator<Item = &Unmigrated> {
        let options = self.unmigrated.iter();
        options.filter(|option| option.effect == UnmigratedEffect::Wider)
    }

    /// Whether what is printed disrupts pods.
    pub fn is_armed(&self) -> bool {
        self.was_armed && self.lost_restrictions().next().is_none()
    }
}

/// Every mistake in the configuration of another tool, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationMistakes {
    tool: OldTool,
    mistakes: Vec<SettingMistake>,
}

impl MigrationMistakes {
    pub(super) fn new(tool: OldTool, mistakes: Vec<SettingMistake>) -> Self {
        Self { tool, mistakes }
    }
}

/// One mistake a line, under a heading if there are several.
impl fmt::Display for MigrationMistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mistakes.as_slice() {
            [only] => write!(f, "{only}"),
            several => {
                let title = self.tool.title();
                write!(f, "{} mistakes in the configuration of {title}:", several.len())?;
                several.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))
            }
        }
    }
}

impl std::error::Error for MigrationMistakes {}
