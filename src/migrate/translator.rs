//! Collects what the options of another tool become, and the mistakes in them.

use macaque_core::eligibility::SYSTEM_NAMESPACES;

use super::OldTool;
use super::arguments::{GivenOption, mistake};
use super::migration::{MigratedSetting, Migration, Unmigrated, UnmigratedEffect};
use super::old_option::{OldValue, UnreadPart};
use crate::settings::SettingMistake;

/// An option that was given, with a text.
#[derive(Debug, Clone)]
pub(super) struct GivenText {
    /// The text, trimmed and not empty.
    pub(super) text: String,
    /// The flag, variable or key that gave it.
    pub(super) origin: String,
}

/// A migration in the making.
#[derive(Debug)]
pub(super) struct Translator {
    tool: OldTool,
    given: Vec<GivenOption>,
    settings: Vec<MigratedSetting>,
    unmigrated: Vec<Unmigrated>,
    mistakes: Vec<SettingMistake>,
}

impl GivenText {
    /// The option with its value, as it is shown.
    pub(super) fn shown(&self) -> String {
        format!("{}={:?}", self.origin, self.text)
    }
}

impl Translator {
    /// The translator of these options; `mistakes` were found before.
    pub(super) fn new(tool: OldTool, given: Vec<GivenOption>, mistakes: Vec<SettingMistake>) -> Self {
        Self {
            tool,
            given,
            settings: Vec::new(),
            unmigrated: Vec::new(),
            mistakes,
        }
    }

    /// The text of an option; `None` if it is not given, is empty, or cannot be seen, which is a mistake.
    pub(super) fn text(&mut self, name: &str) -> Option<GivenText> {
        let given = self.given.iter().find(|given| given.name == name)?;
        let origin = given.origin.clone();
        match given.value.clone() {
            OldValue::Text(text) if text.trim().is_empty() => None,
            OldValue::Text(text) => Some(GivenText {
                text: text.trim().to_owned(),
                origin,
            }),
            OldValue::Elsewhere => {
                self.refuse(
                    &origin,
                    "its value is in a Secret, a ConfigMap or a field of the pod",
                    "give it with --env-file",
                );
                None
            }
        }
    }

    /// The flag or variable that gave a secret, whose value is not looked at.
    pub(super) fn secret(&self, name: &str) -> Option<String> {
        let given = self.given.iter().find(|given| given.name == name)?;
        let is_empty = matches!(&given.value, OldValue::Text(text) if text.trim().is_empty());
        (!is_empty).then(|| given.origin.clone())
    }

    /// Whether an option was given, even if it is empty; and by what.
    pub(super) fn origin(&self, name: &str) -> Option<String> {
        let given = self.given.iter().find(|given| given.name == name);
        given.map(|given| given.origin.clone())
    }

    /// The value of a switch, as Go reads it, and by what it was given.
    pub(super) fn switch(&mut self, name: &str, default: bool) -> (bool, Option<String>) {
        let Some(given) = self.text(name) else {
            return (default, None);
        };
        let value = match given.text.as_str() {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => true,
            "0" | "f" | "F" | "false" | "FALSE" | "False" => false,
            _ => {
                let wrong = format!("{:?} is neither true nor false", given.text);
                self.refuse(&given.origin, &wrong, "write true or false");
                default
            }
        };
        (value, Some(given.origin))
    }

    /// Sets a key, which comes from `origin`.
    pub(super) fn set(&mut self, key: &'static str, value: impl Into<toml::Value>, origin: &str) {
        self.add(key, value.into(), origin, None);
    }

    /// Sets a key, with a remark on what differs.
    pub(super) fn set_with(
        &mut self,
        key: &'static str,
        value: impl Into<toml::Value>,
        origin: &str,
        remark: impl Into<String>,
    ) {
        self.add(key, value.into(), origin, Some(remark.into()));
    }

    /// Sets a key to the tool's default, because that of macaque differs.
    pub(super) fn set_default(&mut self, key: &'static str, value: impl Into<toml::Value>) {
        self.add(key, value.into(), &self.default_origin(), None);
    }

    /// Sets a key to what the tool always does, with a remark.
    pub(super) fn set_fixed(
        &mut self,
        key: &'static str,
        value: impl Into<toml::Value>,
        remark: impl Into<String>,
    ) {
        self.add(key, value.into(), &self.fixed_origin(), Some(remark.into()));
    }

    /// The origin of a value that was not given.
    pub(super) fn default_origin(&self) -> String {
        format!("the default of {}", self.tool.title())
    }

    /// The origin of what the tool always does.
    pub(super) fn fixed_origin(&self) -> String {
        format!("as {} does", self.tool.title())
    }

    /// Sets every namespace, with those of the system or without them.
    pub(super) fn set_all_namespaces(&mut self, origin: &str, with_system: bool) {
        let all = vec!["*".to_owned()];
        if with_system {
            self.set("target.namespaces", all, origin);
        } else {
            let names = SYSTEM_NAMESPACES.join(", ");
            let remark = format!("{names} are exempt: `system-namespaces` is not in target.include");
            self.set_with("target.namespaces", all, origin, remark);
        }
    }

    /// Notes an option that has no equal.
    pub(super) fn lose(
        &mut self,
        option: impl Into<String>,
        why: impl Into<String>,
        effect: UnmigratedEffect,
    ) {
        self.unmigrated.push(Unmigrated {
            option: option.into(),
            why: why.into(),
            effect,
        });
    }

    /// Notes the address of an API server, which may hold a password and is not shown.
    pub(super) fn lose_server(&mut self, origin: &str) {
        let why = "macaque finds the API server as kubectl does: name a kubeconfig with this server in \
                   cluster.kubeconfig; in the cluster none is needed";
        self.lose(origin, why, UnmigratedEffect::Wider);
    }

    /// Notes what could not be read.
    pub(super) fn lose_unread(&mut self, unread: &[UnreadPart]) {
        for part in unread {
            let why = format!("it was not read and may restrict more: {}", part.remedy());
            self.lose(part.name(), why, UnmigratedEffect::Wider);
        }
    }

    /// Notes a mistake.
    pub(super) fn refuse(&mut self, subject: &str, wrong: &str, right: &str) {
        self.mistakes.push(mistake(subject, wrong, right));
    }

    /// Notes a mistake whose words say what would be right.
    pub(super) fn refuse_fault(&mut self, subject: &str, fault: impl ToString) {
        self.mistakes.push(SettingMistake {
            key: subject.to_owned(),
            source: None,
            wrong: fault.to_string(),
            right: None,
        });
    }

    /// The migration of a tool that disrupts pods if `was_armed`, or the mistakes.
    pub(super) fn finish(
        mut self,
        was_armed: bool,
        dry_run_origin: &str,
    ) -> Result<Migration, Vec<SettingMistake>> {
        if !self.mistakes.is_empty() {
            return Err(self.mistakes);
        }

        let mut migration = Migration {
            tool: self.tool,
            settings: std::mem::take(&mut self.settings),
            unmigrated: std::mem::take(&mut self.unmigrated),
            was_armed,
        };
        let is_armed = migration.is_armed();
        let remark = (was_armed && !is_armed).then(|| {
            let title = self.tool.title();
            format!("a dry run until what has no equal is replaced: without it macaque would disrupt more than {title}")
        });
        migration.settings.push(MigratedSetting {
            key: "dry_run",
            value: (!is_armed).into(),
            origin: dry_run_origin.to_owned(),
            remark,
        });
        Ok(migration)
    }

    fn add(&mut self, key: &'static str, value: toml::Value, origin: &str, remark: Option<String>) {
        self.settings.push(MigratedSetting {
            key,
            value,
            origin: origin.to_owned(),
            remark,
        });
    }
}
