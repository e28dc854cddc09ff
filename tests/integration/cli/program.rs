//! The built program, called in a directory of its own with nothing in its environment.

use std::io::Read;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use kube_sandbox::{Sandbox, SandboxOptions};
use serde_json::Value;
use tempfile::TempDir;

/// The secret that no output may hold.
pub(crate) const CANARY: &str = "xoxb-CANARY-5ecr3t";

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A call that is being prepared.
pub(crate) struct Call {
    home: TempDir,
    args: Vec<String>,
    env: Vec<(String, String)>,
}

/// What a call did.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// `macaque ARGS`, parted at blanks.
pub(crate) fn macaque(args: &str) -> Call {
    Call {
        home: TempDir::new().unwrap(),
        args: args.split_whitespace().map(str::to_owned).collect(),
        env: Vec::new(),
    }
}

/// A cluster of these objects in which nothing moves by itself.
pub(crate) fn cluster(scene: Vec<Value>) -> Sandbox {
    let options = SandboxOptions {
        objects: scene,
        ..SandboxOptions::default()
    };
    let sandbox = Sandbox::start(options).unwrap();
    sandbox.pause();
    sandbox
}

impl Call {
    /// One more argument, blanks and all.
    pub(crate) fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A file in the directory of the call.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        std::fs::write(self.home.path().join(name), text).unwrap();
        self
    }

    /// The configuration file.
    pub(crate) fn toml(self, text: &str) -> Self {
        self.file("m.toml", text).env("MACAQUE_CONFIG", "m.toml")
    }

    pub(crate) fn on(self, sandbox: &Sandbox) -> Self {
        self.file("kubeconfig", &sandbox.kubeconfig())
            .env("KUBECONFIG", "kubeconfig")
    }

    /// A cluster whose API server is not there.
    pub(crate) fn on_nobody(self) -> Self {
        let gone = cluster(Vec::new()).kubeconfig();
        self.file("kubeconfig", &gone).env("KUBECONFIG", "kubeconfig")
    }

    /// Runs to the end. No output may show a secret, or the escape codes of a terminal that is not there.
    pub(crate) fn run(self) -> Ran {
        let ran = self.run_in_colour();
        assert!(!format!("{ran:?}").contains("\\u{1b}"), "{ran:?}");
        ran
    }

    /// Runs to the end. No output may show a secret.
    pub(crate) fn run_in_colour(self) -> Ran {
        let Output {
            status,
            stdout,
            stderr,
        } = self.command().output().unwrap();
        let ran = Ran {
            code: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        };
        assert!(!format!("{ran:?}").contains(CANARY), "{ran:?}");
        ran
    }

    /// Runs to the end with nobody who reads its standard output.
    pub(crate) fn run_for_nobody(self) -> Ran {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = self.command().stdout(writer).output().unwrap();
        Ran {
            code: output.status.code().unwrap(),
            out: String::new(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Starts, and goes on.
    pub(crate) fn start(self) -> Started {
        let mut command = self.command();
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        Started {
            child: child.unwrap(),
            home: self.home,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_macaque"));
        command.args(&self.args).stdin(Stdio::null());
        command.env_clear().env("HOME", self.home.path());
        command.envs(self.env.clone()).current_dir(self.home.path());
        command
    }
}

impl Ran {
    /// The exit code, and these words on standard error.
    pub(crate) fn complains(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.err.contains(word), "{word} is not in {self:?}");
        }
        assert!(!self.err.contains("panicked"), "{self:?}");
    }

    /// The exit code, and these words on standard output.
    pub(crate) fn says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, code, "{self:?}");
        for word in words {
            assert!(self.out.contains(word), "{word} is not in {self:?}");
        }
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A program that goes on.
pub(crate) struct Started {
    child: Child,
    home: TempDir,
}

impl Started {
    /// The text of a file in the directory of the call, once there is one.
    pub(crate) fn await_file(&self, name: &str) -> String {
        self.await_text(name, "")
    }

    /// The same, once it holds these words.
    pub(crate) fn await_text(&self, name: &str, words: &str) -> String {
        let path = self.home.path().join(name);
        let deadline = Instant::now() + PATIENCE;
        loop {
            match std::fs::read_to_string(&path) {
                Ok(text) if !text.is_empty() && text.contains(words) => return text,
                _ => assert!(Instant::now() < deadline, "waited in vain for {name}"),
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Standard error as far as these words.
    pub(crate) fn await_words(&mut self, words: &str) -> String {
        let stream = self.child.stderr.as_mut().unwrap();
        let mut said = Vec::new();
        loop {
            let so_far = String::from_utf8_lossy(&said);
            if so_far.contains(words) && so_far.ends_with('\n') {
                return so_far.into_owned();
            }
            let mut byte = [0];
            assert_eq!(stream.read(&mut byte).unwrap(), 1, "{words} never came: {so_far}");
            said.push(byte[0]);
        }
    }

    /// Sends it a signal, `-TERM` say.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args([signal, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// Sends SIGTERM and awaits the end.
    pub(crate) fn terminate(self) -> Ran {
        self.signal("-TERM");
        let Output {
            status,
            stdout,
            stderr,
        } = self.child.wait_with_output().unwrap();
        Ran {
            code: status.code().unwrap(),
            out: String::from_utf8(stdout).unwrap(),
            err: String::from_utf8(stderr).unwrap(),
        }
    }
}
