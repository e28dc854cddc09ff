//! A migration as text: a configuration file with comments, and a summary for people.

use super::OldTool;
use super::migration::{MigratedSetting, Migration, UnmigratedEffect};
use crate::settings::keys;
use crate::text;

/// The longest line of a comment, in characters.
const WIDTH: usize = 110;

/// The guards that are on by default, switched off; all but `freeze`, which only acts where somebody asked for it.
const GUARDS_OFF: [&str; 6] = [
    "whole = false",
    "rollout = false",
    "min_ready = 0",
    "drains = 0",
    "recovered = \"off\"",
    "strikes = 0",
];

impl Migration {
    /// The configuration file. Whatever it holds of the other tool's values stands in quotes or in comments.
    pub fn to_toml(&self) -> String {
        let mut lines = self.header();
        let mut section = "";
        for key in keys() {
            let Some(setting) = self.settings.iter().find(|setting| setting.key == key.path) else {
                continue;
            };
            if key.section() != section {
                section = key.section();
                lines.push(String::new());
                lines.push(format!("[{section}]"));
            }
            lines.extend(setting.remark.iter().flat_map(|remark| comment(remark)));
            lines.push(setting_line(key.name(), setting));
        }
        lines.push(String::new());
        lines.extend(self.footer());
        lines.join("\n")
    }

    /// The summary: what has no equal, and what to do next.
    pub fn summary(&self) -> String {
        let title = self.tool.title();
        let mut lines: Vec<String> = self
            .unmigrated
            .iter()
            .map(|option| text::line(&format!("not migrated: {}: {}", option.option, option.why)))
            .collect();

        lines.push(match (self.was_armed, self.is_armed()) {
            (true, true) => format!(
                "this disrupts pods as {title} did: run it with --dry-run beside {title} first"
            ),
            (true, false) => format!(
                "this stays a dry run: without what is not migrated macaque would disrupt more than {title}"
            ),
            (false, _) if self.lost_restrictions().next().is_some() => format!(
                "this is a dry run, as {title} was: replace what is not migrated before you set dry_run = false"
            ),
            (false, _) => format!("this is a dry run, as {title} was"),
        });
        lines.join("\n")
    }

    fn header(&self) -> Vec<String> {
        let name = self.tool.name();
        let mut lines = vec![format!(
            "# What {} did, for macaque; written by `macaque migrate {name}`.",
            self.tool.title()
        )];
        for option in &self.unmigrated {
            let effect = match option.effect {
                UnmigratedEffect::Wider => "not migrated, keeps this a dry run",
                UnmigratedEffect::Same => "not migrated",
            };
            lines.push("#".to_owned());
            lines.extend(comment(&format!("{effect}: {}: {}", option.option, option.why)));
        }
        lines.push(String::new());
        lines
    }

    fn footer(&self) -> Vec<String> {
        let title = self.tool.title();
        let mut lines = comment(&format!(
            "{title} checks nothing around a victim. macaque's guards are on, and hold back some of what {title} would \
             disrupt. Without them, macaque disrupts as {title} did:"
        ));
        lines.push("#".to_owned());
        lines.push("# [guards]".to_owned());
        lines.extend(GUARDS_OFF.iter().map(|line| format!("# {line}")));
        lines
    }
}

impl OldTool {
    /// The table of the tool's options for the documents: name, default, and what becomes of it.
    pub fn options_table(self) -> String {
        let (head, dashes) = match self {
            Self::Chaoskube => ("flag", "--"),
            Self::KubeMonkey => ("key", ""),
            Self::Macaque => ("flag", "-"),
        };
        let mut table = format!("| {head} | default | becomes |\n|---|---|---|\n");
        for option in self.options() {
            let default = match option.default {
                "" => String::new(),
                default => format!("`{default}`"),
            };
            table += &format!("| `{dashes}{}` | {default} | {} |\n", option.name, option.becomes);
        }
        table
    }
}

/// `disrupt.count` as a line of its section, with where it comes from.
fn setting_line(name: &str, setting: &MigratedSetting) -> String {
    format!(
        "{name} = {}  # {}",
        toml_of(&setting.value),
        text::line(&setting.origin)
    )
}

/// A value as TOML on one line, in which whatever would not be seen is escaped.
fn toml_of(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => quoted(text),
        toml::Value::Array(entries) => {
            let entries: Vec<String> = entries.iter().map(toml_of).collect();
            format!("[{}]", entries.join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(words: &str) -> String {
    let escaped = text::escape_within(words, usize::MAX, |c, out| match c {
        '"' | '\\' => out.extend(['\\', c]),
        c if text::is_hidden(c) => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        c => out.push(c),
    });
    format!("\"{escaped}\"")
}

/// A text as lines of a comment.
fn comment(words: &str) -> Vec<String> {
    let mut lines = vec!["#".to_owned()];
    for word in text::line(words).split(' ') {
        let room = WIDTH.saturating_sub(text::chars(&lines[lines.len() - 1]));
        if text::chars(word) + 1 > room && lines[lines.len() - 1] != "#" {
            lines.push("#".to_owned());
        }
        let last = lines.len() - 1;
        lines[last].push(' ');
        lines[last].push_str(word);
    }
    lines
}
