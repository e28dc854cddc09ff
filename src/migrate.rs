//! Migration: the settings that do what another tool was configured to do, and what has no equal. Pure functions from
//! texts to a text; reading files and printing is left to the command line.
//!
//! One file for each tool holds the table of its options and what becomes of them. A promise holds for all: what is
//! printed never reaches a pod that the other tool would leave alone. If a restriction has no equal, it is a dry run.

mod arguments;
mod chaoskube;
mod document;
mod go_address;
mod go_duration;
mod go_macaque;
mod kube_monkey;
mod manifest;
mod migration;
mod old_option;
mod translator;

use crate::settings::SettingMistake;

pub use arguments::{read_env_file, split_words};
pub use go_macaque::is_go_variable;
pub use manifest::read_manifest;
pub use migration::{MigratedSetting, Migration, MigrationMistakes, Unmigrated, UnmigratedEffect};
pub use old_option::{OldOption, OldSources, OldValue, OldVariable, UnreadPart};

/// A tool whose configuration can be migrated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldTool {
    /// linki/chaoskube.
    Chaoskube,
    /// asobti/kube-monkey.
    KubeMonkey,
    /// The Go tool of macaque's name.
    Macaque,
}

impl OldTool {
    /// The name, as its image and its documentation have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chaoskube => "chaoskube",
            Self::KubeMonkey => "kube-monkey",
            Self::Macaque => "macaque",
        }
    }

    /// The name within a sentence, apart from this program's.
    pub fn title(self) -> &'static str {
        match self {
            Self::Chaoskube | Self::KubeMonkey => self.name(),
            Self::Macaque => "the Go macaque",
        }
    }

    /// Every option of the tool that is a setting.
    pub fn options(self) -> &'static [OldOption] {
        match self {
            Self::Chaoskube => chaoskube::OPTIONS,
            Self::KubeMonkey => kube_monkey::OPTIONS,
            Self::Macaque => go_macaque::OPTIONS,
        }
    }

    /// The settings that do what the tool does with this configuration.
    ///
    /// # Errors
    /// Every mistake in the configuration.
    pub fn migrate(self, sources: &OldSources) -> Result<Migration, MigrationMistakes> {
        let mistakes = |mistakes: Vec<SettingMistake>| MigrationMistakes::new(self, mistakes);
        match self {
            Self::Chaoskube => chaoskube::migrate(sources).map_err(mistakes),
            Self::KubeMonkey => kube_monkey::migrate(sources).map_err(mistakes),
            Self::Macaque => go_macaque::migrate(sources).map_err(mistakes),
        }
    }
}
