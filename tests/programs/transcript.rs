//! Transcripts: commands, what they printed on the real server, and what they print on the sandbox where that differs.
//!
//! ```text
//! # The title of a section, which is a row of the page.
//!
//! $ a command of the shell
//! > and its further lines
//! ! why the sandbox differs, if it does
//!   a line that both servers have printed
//! - a line of the real server alone
//! + a line of the sandbox alone
//!   [1]
//! ```
//!
//! An exit code other than 0 follows the output.

use std::path::{Path, PathBuf};

use crate::difference::{Line, difference};
use crate::server::ServerKind;

/// Whether transcripts and page are to be written, and not compared.
pub(crate) fn writes() -> bool {
    std::env::var("PROGRAMS").is_ok_and(|word| word == "write")
}

/// A file of commands that build on each other.
#[derive(Debug)]
pub(crate) struct Transcript {
    pub(crate) name: String,
    pub(crate) steps: Vec<Step>,
    path: PathBuf,
}

/// A command, and the lines that it prints, without what differs from run to run.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(crate) section: String,
    pub(crate) command: String,
    /// Why the sandbox differs.
    pub(crate) reason: Option<String>,
    real: Vec<String>,
    sandbox: Vec<String>,
    /// The lines before the command: titles and blank lines.
    before: Vec<String>,
}

impl Transcript {
    /// All transcripts, in the order of their names.
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

            if let ("> " | "! " | "  " | "- " | "+ ", Some(step)) = (mark, steps.last_mut()) {
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
            "! " => self.reason = Some(rest.to_owned()),
            _ => {
                if mark != "+ " {
                    self.real.push(rest.to_owned());
                }
                if mark != "- " {
                    self.sandbox.push(rest.to_owned());
                }
            }
        }
    }

    pub(crate) fn differs(&self) -> bool {
        self.real != self.sandbox
    }

    /// How many lines the command prints on the real server.
    pub(crate) fn lines(&self) -> usize {
        self.real.len()
    }

    /// How many of these lines it does not print on the sandbox.
    pub(crate) fn lacking(&self) -> usize {
        let lines = difference(&self.real, &self.sandbox);
        lines.filter(|line| matches!(line, Line::First(_))).count()
    }

    /// What the command is expected to print on this server.
    pub(crate) fn expected(&self, kind: ServerKind) -> &[String] {
        match kind {
            ServerKind::Sandbox => &self.sandbox,
            ServerKind::Real => &self.real,
        }
    }

    /// Records what the command has printed.
    pub(crate) fn record(&mut self, kind: ServerKind, printed: Vec<String>) {
        match kind {
            ServerKind::Sandbox => self.sandbox = printed,
            ServerKind::Real => self.real = printed,
        }
    }

    fn text(&self) -> String {
        let mut lines = self.before.clone();
        lines.push(format!("$ {}", self.command.replace('\n', "\n> ")));
        let reason = self.reason.iter().filter(|_| self.differs());
        lines.extend(reason.map(|reason| format!("! {reason}")));
        lines.extend(difference(&self.real, &self.sandbox).map(|line| match line {
            Line::Both(line) => format!("  {line}"),
            Line::First(line) => format!("- {line}"),
            Line::Second(line) => format!("+ {line}"),
        }));

        lines.join("\n") + "\n"
    }
}
