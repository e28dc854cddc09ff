//! Runs the program as a user does: the binary, its arguments, an environment with nothing else in it.

use std::fs::{self, File};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::test_namespace::until;

/// Longer than the longest call that a round makes.
const DEADLINE: Duration = Duration::from_secs(60);

/// A command line, not yet run.
pub(crate) struct MacaqueCommand {
    command: Command,
    scratch: TempDir,
}

/// A program that runs; it is killed when it is dropped.
pub(crate) struct RunningMacaque {
    child: Child,
    scratch: TempDir,
}

/// The exit code and the output of a run.
#[derive(Debug)]
pub(crate) struct MacaqueOutput {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl MacaqueCommand {
    /// The program with these words for arguments: `$MACAQUE_BINARY`, or this build's.
    pub(crate) fn new(words: &str) -> Self {
        Self::within(&[], words)
    }

    /// The program with these arguments, started by another program.
    pub(crate) fn within(wrapper: &[&str], words: &str) -> Self {
        let binary = binary();
        let mut line = wrapper
            .iter()
            .copied()
            .chain([binary.as_str()])
            .chain(words.split_whitespace());
        let mut command = Command::new(line.next().unwrap());
        let scratch = TempDir::new().unwrap();
        command.args(line).env_clear().stdin(Stdio::null());
        command.current_dir(&scratch).env("HOME", scratch.path());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));

        Self { command, scratch }
    }

    /// One more argument, as it stands.
    pub(crate) fn arg(mut self, word: &str) -> Self {
        self.command.arg(word);
        self
    }

    /// One more environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Starts it.
    pub(crate) fn start(mut self) -> RunningMacaque {
        let file = |name| File::create(self.scratch.path().join(name)).unwrap();
        self.command.stdout(file("stdout")).stderr(file("stderr"));
        let child = self.command.spawn().unwrap();
        RunningMacaque {
            child,
            scratch: self.scratch,
        }
    }

    /// Runs it to its end.
    pub(crate) async fn ends(self) -> MacaqueOutput {
        self.start().ends_within(DEADLINE).await
    }

    /// Runs it to its end, which must have this exit code.
    pub(crate) async fn exits(self, code: i32) -> MacaqueOutput {
        let output = self.ends().await;
        assert_eq!(output.code, Some(code), "{output:#?}");
        output
    }
}

/// The path of the program: `$MACAQUE_BINARY`, or this build's. It is absolute, because the program runs in a directory
/// of its own.
pub(crate) fn binary() -> String {
    let binary = std::env::var("MACAQUE_BINARY");
    let binary = binary.unwrap_or_else(|_| env!("CARGO_BIN_EXE_macaque").to_owned());
    std::path::absolute(binary).unwrap().display().to_string()
}

impl RunningMacaque {
    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until its output contains `words`.
    pub(crate) async fn says(&mut self, words: &str) {
        let what = format!("the program says {words:?}");
        until(&what, async || {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(Err(self.output(status)));
            }
            let written = self.written("stdout") + &self.written("stderr");
            written.contains(words).then_some(Ok(()))
        })
        .await
        .expect("it runs on");
    }

    /// Waits for its end.
    pub(crate) async fn ends_within(mut self, patience: Duration) -> MacaqueOutput {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return self.output(status);
            }
            let late = Instant::now() >= deadline;
            assert!(
                !late,
                "it still ran after {patience:?}, having written {}",
                self.written("stderr")
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Kills it, and returns what it has written.
    pub(crate) async fn killed(self) -> MacaqueOutput {
        self.signalled("KILL").await
    }

    /// Tells it to end, and waits until it does.
    pub(crate) async fn stopped(self) -> MacaqueOutput {
        self.signalled("TERM").await
    }

    async fn signalled(self, signal: &str) -> MacaqueOutput {
        let kill = format!("kill -{signal} {}", self.pid());
        let sent = Command::new("sh").arg("-c").arg(kill).status();
        assert!(sent.unwrap().success());
        self.ends_within(DEADLINE).await
    }

    fn output(&self, status: ExitStatus) -> MacaqueOutput {
        MacaqueOutput {
            code: status.code(),
            stdout: self.written("stdout"),
            stderr: self.written("stderr"),
        }
    }

    fn written(&self, stream: &str) -> String {
        fs::read_to_string(self.scratch.path().join(stream)).unwrap()
    }
}

impl Drop for RunningMacaque {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl MacaqueOutput {
    /// Whether the exit code is that of success.
    pub(crate) fn succeeded(&self) -> bool {
        self.code == Some(0)
    }

    /// Asserts that its output contains all of these words.
    pub(crate) fn says<const N: usize>(&self, words: [&str; N]) -> &Self {
        for word in words {
            assert!(self.contains(word), "no {word:?} in {self:#?}");
        }
        self
    }

    /// Whether its output contains these words.
    pub(crate) fn contains(&self, words: &str) -> bool {
        self.stdout.contains(words) || self.stderr.contains(words)
    }

    /// Asserts that these words are in exactly one line of the log.
    pub(crate) fn says_once(&self, words: &str) {
        let lines = self.stderr.lines().filter(|line| line.contains(words));
        assert_eq!(lines.count(), 1, "{words:?}: {self:#?}");
    }

    /// Asserts the exit code.
    pub(crate) fn exited(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// The exit code.
    pub(crate) fn code(&self) -> i32 {
        self.code.expect("no signal ended it")
    }

    /// What it printed.
    pub(crate) fn printed(&self) -> &str {
        &self.stdout
    }

    /// What it logged.
    pub(crate) fn logged(&self) -> &str {
        &self.stderr
    }

    /// What it printed for programs (`-o json`).
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| unreachable!("{error}: {self:#?}"))
    }

    /// The victims of the report it printed.
    pub(crate) fn attempts(&self) -> Vec<Value> {
        self.json()["attempts"].as_array().unwrap().clone()
    }

    /// The UIDs of the victims with this result.
    pub(crate) fn uids(&self, result: &str) -> Vec<String> {
        let mut attempts = self.attempts();
        attempts.retain(|attempt| attempt["outcome"]["result"] == result);
        let uid = |attempt: &Value| attempt["pod"]["uid"].as_str().unwrap().to_owned();
        attempts.iter().map(uid).collect()
    }
}
