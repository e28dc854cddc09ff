//! What another tool is configured with: its options, and where their values come from.

use std::fmt;

/// An option of another tool that is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OldOption {
    /// The name: of a flag without its dashes, of a key with its section.
    pub name: &'static str,
    /// What it holds.
    pub kind: OldKind,
    /// The default as the tool's documentation has it; empty if there is none.
    pub default: &'static str,
    /// What becomes of it, in a sentence.
    pub becomes: &'static str,
}

/// What an option holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldKind {
    /// On or off.
    Switch,
    /// A value.
    Value,
    /// A value that is never shown.
    Secret,
}

/// Where the configuration of another tool is.
#[derive(Debug, Clone, Default)]
pub struct OldSources {
    /// The arguments, without the program's name.
    pub args: Vec<String>,
    /// The environment.
    pub env: Vec<OldVariable>,
    /// The text of the configuration file.
    pub file: Option<String>,
    /// What was not read, and may hold more.
    pub unread: Vec<UnreadPart>,
}

/// A part of a configuration that is elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadPart {
    /// The variables that a manifest takes from ConfigMaps and Secrets.
    EnvFrom,
    /// The file that kube-monkey finds in its ConfigMap.
    ConfigFile,
}

impl UnreadPart {
    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::EnvFrom => "envFrom",
            Self::ConfigFile => "config.toml of its ConfigMap",
        }
    }

    /// How it is given.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::EnvFrom => "give its variables with --env-file",
            Self::ConfigFile => "give it with --file, alone or beside the container",
        }
    }
}

/// A variable of the tool's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldVariable {
    /// The name.
    pub name: String,
    /// The value.
    pub value: OldValue,
}

/// The value of an option. It may be a secret, so that its `Debug` output does not show it.
#[derive(Clone, PartialEq, Eq)]
pub enum OldValue {
    /// A text.
    Text(String),
    /// A value in a Secret, a ConfigMap or a field of the pod.
    Elsewhere,
}

impl fmt::Debug for OldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_) => f.write_str("Text(…)"),
            Self::Elsewhere => f.write_str("Elsewhere"),
        }
    }
}

impl OldSources {
    /// The sources with the variables `more`, which win over those of the same name.
    #[must_use]
    pub fn with_env(mut self, more: Vec<OldVariable>) -> Self {
        self.env
            .retain(|variable| !more.iter().any(|other| other.name == variable.name));
        self.env.extend(more);
        self
    }
}

/// A switch with its default.
pub(super) const fn switch(name: &'static str, default: &'static str, becomes: &'static str) -> OldOption {
    option(name, OldKind::Switch, default, becomes)
}

/// A value with its default.
pub(super) const fn value(name: &'static str, default: &'static str, becomes: &'static str) -> OldOption {
    option(name, OldKind::Value, default, becomes)
}

/// A value that is never shown.
pub(super) const fn secret(name: &'static str, becomes: &'static str) -> OldOption {
    option(name, OldKind::Secret, "", becomes)
}

const fn option(
    name: &'static str,
    kind: OldKind,
    default: &'static str,
    becomes: &'static str,
) -> OldOption {
    OldOption {
        name,
        kind,
        default,
        becomes,
    }
}
