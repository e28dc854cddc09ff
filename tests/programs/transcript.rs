//! Transcripts: commands, what they printed on the real server, and what they print on the sandbox where that differs.
//!
//! ```text
//! # The title of a section, which is a row of the page.
//!
//! $ a command of the shell
//! > and its further lines
//! ! why the sandbox differs, if it does
//!   a line that the real server had printed
//!   [1]
//! ~ a line that the sandbox has printed
//! ~ [0]
//! ```
//!
//! An exit code other than 0 follows the output; that of the sandbox always does.

use std::path::{Path, PathBuf};

use crate::server::ServerKind;

/// A file of commands that build on each other.
#[derive(Debug)]
pub(crate) struct Transcript {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    path: PathBuf,
}

/// A command, and what it prints.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) section: String,
    pub(crate) command: String,
    pub(crate) reason: Option<String>,
    /// What the sandbox prints, where that differs.
    pub(crate) sandbox: Option<Outcome>,
    pub(crate) real: Outcome,
    /// The lines before the command: titles and blank lines.
    before: Vec<String>,
}

/// What a command printed on both of its outputs, without what differs from run to run, and its exit code.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) lines: Vec<String>,
    pub(crate) code: i32,
}

impl Transcript {
    /// All transcripts, in the order of their names, or those that `PROGRAMS_ONLY` names.
    pub(crate) fn all() -> Vec<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/transcripts");
        let entries = std::fs::read_dir(folder).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();

        paths.into_iter().map(Self::read).collect()
    }

    fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut steps: Vec<Step> = Vec::new();
        let mut before = Vec::new();
        let mut section = String::new();

        for line in text.lines() {
            let (mark, rest) = line.split_at_checked(2).unwrap_or((line, ""));
            if mark == "$ " {
                steps.push(Step {
                    section: section.clone(),
                    command: rest.to_owned(),
                    before: std::mem::take(&mut before),
                    ..Step::default()
                });
                continue;
            }

            if let ("> " | "! " | "  " | "~ ", Some(step)) = (mark, steps.last_mut()) {
                step.read_line(mark, rest);
                continue;
            }

            if mark == "# " {
                rest.clone_into(&mut section);
            }
            before.push(line.to_owned());
        }

        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        Self { name, steps, path }
    }

    pub(crate) fn write(&self) {
        let steps: String = self.steps.iter().map(Step::text).collect();
        std::fs::write(&self.path, steps).unwrap();
    }
}

impl Step {
    fn read_line(&mut self, mark: &str, rest: &str) {
        match mark {
            "> " => self.command += &format!("\n{rest}"),
            "! " => match &mut self.reason {
                Some(reason) => *reason += &format!(" {rest}"),
                None => self.reason = Some(rest.to_owned()),
            },
            "~ " => self.sandbox.get_or_insert_default().read_line(rest),
            _ => self.real.read_line(rest),
        }
    }

    /// What the command is expected to print on this server.
    pub(crate) fn expected(&self, kind: ServerKind) -> &Outcome {
        match (kind, &self.sandbox) {
            (ServerKind::Sandbox, Some(outcome)) => outcome,
            _ => &self.real,
        }
    }

    /// Records what the command has printed.
    pub(crate) fn record(&mut self, kind: ServerKind, outcome: Outcome) {
        match kind {
            ServerKind::Real => self.real = outcome,
            ServerKind::Sandbox if outcome == self.real => (self.sandbox, self.reason) = (None, None),
            ServerKind::Sandbox => self.sandbox = Some(outcome),
        }
    }

    fn text(&self) -> String {
        let mut lines = self.before.clone();
        lines.push(format!("$ {}", self.command.replace('\n', "\n> ")));
        lines.extend(self.reason.as_ref().map(|reason| format!("! {reason}")));
        lines.extend(self.real.marked("  ", false));
        if let Some(outcome) = &self.sandbox {
            lines.extend(outcome.marked("~ ", true));
        }

        lines.join("\n") + "\n"
    }
}

impl Outcome {
    fn read_line(&mut self, line: &str) {
        let code = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        match code.and_then(|code| code.parse().ok()) {
            Some(code) => self.code = code,
            None => self.lines.push(line.to_owned()),
        }
    }

    fn marked(&self, mark: &str, always_with_code: bool) -> Vec<String> {
        let mut lines: Vec<_> = self.lines.iter().map(|line| format!("{mark}{line}")).collect();
        if always_with_code || self.code != 0 {
            lines.push(format!("{mark}[{}]", self.code));
        }
        lines
    }
}
