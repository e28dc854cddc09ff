//! Runs the program on a pseudo terminal, where people see it: standard output and error in one.

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tempfile::TempDir;

/// Longer than anything that a test waits for takes on a busy machine.
const TIME_OUT: Duration = Duration::from_secs(60);

/// A program that runs on a terminal.
#[derive(Debug)]
pub struct TerminalProgram {
    child: Child,
    /// The program's directory, which is removed with it.
    _home: TempDir,
    /// Everything that the terminal got.
    shown: Arc<Mutex<Vec<u8>>>,
    reader: Option<JoinHandle<()>>,
}

impl TerminalProgram {
    /// Starts `command` on a terminal of its own.
    pub(crate) fn start(mut command: Command, home: TempDir) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let side = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        let side = || Stdio::from(side.try_clone().unwrap());
        let child = command.stdout(side()).stderr(side()).spawn().unwrap();
        // Or the program's side of the terminal would never be closed.
        drop(command);

        let shown = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&shown);
        Self {
            child,
            _home: home,
            shown,
            reader: Some(std::thread::spawn(move || {
                collect(File::from(terminal), &collected)
            })),
        }
    }

    /// What the terminal got so far, once these words are in it.
    pub fn await_words(&self, words: &str) -> String {
        let deadline = Instant::now() + TIME_OUT;
        loop {
            let so_far = String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned();
            if so_far.contains(words) {
                return so_far;
            }
            assert!(Instant::now() < deadline, "{words} never came: {so_far}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends a signal, such as `-INT`.
    pub fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Waits for the end; returns the exit code, and everything that the terminal got.
    pub fn end(mut self) -> (i32, String) {
        let status = self.child.wait().unwrap();
        self.reader.take().unwrap().join().unwrap();
        let shown = std::mem::take(&mut *self.shown.lock().unwrap());
        (status.code().unwrap(), String::from_utf8(shown).unwrap())
    }
}

impl Drop for TerminalProgram {
    /// Ends a program that still runs, also if its test has failed: nobody else would.
    fn drop(&mut self) {
        // There is an error if it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects what comes, until the last program on the terminal has ended.
fn collect(mut terminal: File, collected: &Mutex<Vec<u8>>) {
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = terminal.read(&mut chunk) {
        collected.lock().unwrap().extend_from_slice(&chunk[..length]);
    }
}
