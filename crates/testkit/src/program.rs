//! One way to run the built program: in a directory of its own, with nothing in its environment but what the test sets.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::terminal::TerminalProgram;
use crate::{CANARY, TestCluster};

/// Longer than anything that a test waits for takes on a busy machine.
const TIME_OUT: Duration = Duration::from_secs(60);

/// A run of the program that is being prepared.
#[derive(Debug)]
pub struct Program {
    binary: PathBuf,
    home: TempDir,
    args: Vec<String>,
    env: Vec<(String, String)>,
}

/// What a run of the program left behind.
#[derive(Debug)]
pub struct ProgramOutput {
    /// The exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// A program that was started and goes on.
#[derive(Debug)]
pub struct RunningProgram {
    child: Child,
    home: TempDir,
    /// What came on standard error and was not handed out yet.
    err: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl Program {
    /// The program at this path: `env!("CARGO_BIN_EXE_macaque")` in a test of the package macaque.
    pub fn new(binary: impl AsRef<Path>) -> Self {
        Self {
            binary: binary.as_ref().to_owned(),
            home: TempDir::new().unwrap(),
            args: Vec::new(),
            env: Vec::new(),
        }
    }

    /// These arguments, separated by blanks.
    pub fn args(mut self, args: &str) -> Self {
        self.args.extend(args.split_whitespace().map(str::to_owned));
        self
    }

    /// One more argument, blanks and all.
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// A variable of the environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A file in the program's directory.
    pub fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.home.path().join(name), text).unwrap();
        self
    }

    /// The configuration file.
    pub fn toml(self, text: &str) -> Self {
        self.file("m.toml", text).env("MACAQUE_CONFIG", "m.toml")
    }

    /// The program's cluster.
    pub fn on(self, cluster: &TestCluster) -> Self {
        self.on_kubeconfig(&cluster.kubeconfig())
    }

    /// A cluster whose API server is not there.
    pub fn on_absent_server(self) -> Self {
        let gone = TestCluster::with(Vec::new()).kubeconfig();
        self.on_kubeconfig(&gone)
    }

    /// The cluster of this kubeconfig.
    pub fn on_kubeconfig(self, kubeconfig: &str) -> Self {
        self.file("kubeconfig", kubeconfig)
            .env("KUBECONFIG", "kubeconfig")
    }

    /// Runs to the end. No output may show the secret [`CANARY`], or the escape codes of a terminal that is not there.
    pub fn run(self) -> ProgramOutput {
        let output = self.run_in_colour();
        assert!(!format!("{output:?}").contains("\\u{1b}"), "{output:?}");
        output
    }

    /// Runs to the end. No output may show the secret [`CANARY`].
    pub fn run_in_colour(self) -> ProgramOutput {
        let output = self.command().output().unwrap();
        let output = ProgramOutput::from(output);
        assert!(!format!("{output:?}").contains(CANARY), "{output:?}");
        output
    }

    /// Runs to the end with nobody who reads its standard output.
    pub fn run_unread(self) -> ProgramOutput {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = self.command().stdout(writer).output().unwrap();
        ProgramOutput::from(output)
    }

    /// Runs to the end with a standard output on which nothing can be written, as on a full disk.
    pub fn run_on_full_disk(self) -> ProgramOutput {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = self.command().stdout(full).output().unwrap();
        ProgramOutput::from(output)
    }

    /// Starts on a pseudo terminal, and goes on.
    pub fn start_on_terminal(self) -> TerminalProgram {
        let command = self.command();
        TerminalProgram::start(command, self.home)
    }

    /// Starts, and goes on.
    pub fn start(self) -> RunningProgram {
        let mut command = self.command();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap();

        let err = Arc::new(Mutex::new(Vec::new()));
        let stream = child.stderr.take().unwrap();
        let collected = Arc::clone(&err);
        RunningProgram {
            child,
            home: self.home,
            err,
            reader: Some(std::thread::spawn(move || collect(stream, &collected))),
        }
    }

    /// The command that runs the program.
    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(&self.args).stdin(Stdio::null());
        command.env_clear().env("HOME", self.home.path());
        command.envs(self.env.clone()).current_dir(self.home.path());
        command
    }
}

impl From<Output> for ProgramOutput {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl ProgramOutput {
    /// Asserts the exit code, and these words on standard error.
    pub fn complains(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word} is not in {self:?}");
        }
        assert!(!self.err.contains("panicked"), "{self:?}");
    }

    /// Asserts the exit code, and these words on standard output.
    pub fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.out.contains(word), "{word} is not in {self:?}");
        }
    }

    /// Standard output as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The line of standard output that holds `part`, its columns separated by one space.
    pub fn line(&self, part: &str) -> String {
        let line = self.out.lines().find(|line| line.contains(part));
        let line = line.unwrap_or_else(|| panic!("no {part:?} in {self:?}"));
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl RunningProgram {
    /// The text of a file in the program's directory, once there is one.
    pub fn await_file(&self, name: &str) -> String {
        self.await_text(name, "")
    }

    /// The text of a file in the program's directory, once it holds these words.
    pub fn await_text(&self, name: &str, words: &str) -> String {
        let path = self.home.path().join(name);
        let deadline = Instant::now() + TIME_OUT;
        loop {
            match std::fs::read_to_string(&path) {
                Ok(text) if !text.is_empty() && text.contains(words) => return text,
                _ => assert!(Instant::now() < deadline, "waited in vain for {name}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Standard error since the last call, up to the end of a line by which these words have come.
    pub fn await_words(&self, words: &str) -> String {
        let deadline = Instant::now() + TIME_OUT;
        loop {
            let mut err = self.err.lock().unwrap();
            let so_far = String::from_utf8_lossy(&err).into_owned();
            if so_far.contains(words) && so_far.ends_with('\n') {
                err.clear();
                return so_far;
            }
            drop(err);

            assert!(Instant::now() < deadline, "{words} never came: {so_far}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Writes a file into the program's directory, at once as a whole.
    pub fn write_file(&self, name: &str, text: &str) {
        let new = self.home.path().join(format!("{name}.new"));
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, self.home.path().join(name)).unwrap();
    }

    /// Creates a directory within the program's.
    pub fn create_directory(&self, name: &str) {
        std::fs::create_dir(self.home.path().join(name)).unwrap();
    }

    /// Removes a file from the program's directory.
    pub fn remove_file(&self, name: &str) {
        std::fs::remove_file(self.home.path().join(name)).unwrap();
    }

    /// Sends a signal, such as `-TERM`.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// How many files and sockets the program has open.
    pub fn open_files(&self) -> usize {
        let open = std::fs::read_dir(format!("/proc/{}/fd", self.child.id()));
        open.unwrap().count()
    }

    /// The most memory that the program has had in use at a time, in KiB.
    pub fn peak_kib(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Sends SIGTERM and waits for the end; standard error is what no call of `await_words` had.
    pub fn terminate(mut self) -> ProgramOutput {
        self.signal("-TERM");
        let mut stdout = Vec::new();
        let stream = self.child.stdout.take();
        stream.unwrap().read_to_end(&mut stdout).unwrap();
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();

        let stderr = std::mem::take(&mut *self.err.lock().unwrap());
        ProgramOutput::from(Output {
            status,
            stdout,
            stderr,
        })
    }
}

impl Drop for RunningProgram {
    /// Ends a program that still runs, also if its test has failed: nobody else would.
    fn drop(&mut self) {
        // There is an error if it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects a stream to its end.
fn collect(mut stream: ChildStderr, collected: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = stream.read(&mut chunk) {
        collected.lock().unwrap().extend_from_slice(&chunk[..length]);
    }
}
