//! A server program of others on a loopback port of its own, with its files in a directory of its own.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Generous: only a failing test waits that long.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that serves HTTP; it is killed when it is dropped.
#[derive(Debug)]
pub struct LoopbackServer {
    child: Child,
    address: String,
    directory: TempDir,
}

/// An address that is free now.
pub fn free_address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

impl LoopbackServer {
    /// Starts `program` among these files, with the arguments for its address; returns once `/-/ready` says yes.
    ///
    /// # Panics
    /// The program is missing or ends, with what it wrote as an error.
    pub fn start(program: &str, files: &[(&str, &str)], arguments: &[&str]) -> Self {
        let directory = TempDir::new().unwrap();
        for (name, text) in files {
            fs::write(directory.path().join(name), text).unwrap();
        }
        let address = free_address();
        let log = File::create(directory.path().join("log")).unwrap();

        let mut command = Command::new(program);
        command.args(arguments).current_dir(&directory);
        command.arg(format!("--web.listen-address={address}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| unreachable!("{program}: {error}: see .ci/prometheus"));

        let mut server = Self {
            child,
            address,
            directory,
        };
        server.await_ready();
        server
    }

    /// The address, as a client in a configuration file wants it.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The base of its URLs.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Writes a file into its directory.
    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.directory.path().join(name), text).unwrap();
    }

    /// A command in its directory.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.directory)
            .env("HOME", self.directory.path());
        command
    }

    /// The status and the body of the answer to a request; `None` if none came.
    pub fn ask(&self, method: &str, target: &str, body: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        // Answers to HTTP/1.0 are never chunked.
        let head = format!("{method} {target} HTTP/1.0\r\nHost: {}\r\n", self.address);
        let length = body.len();
        write!(
            stream,
            "{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        )
        .ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;

        let (head, body) = answer.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some((status, body.to_owned()))
    }

    /// The JSON at `target`, also of an answer that reports an error; `None` if there is none.
    pub fn json(&self, target: &str) -> Option<Value> {
        serde_json::from_str(&self.ask("GET", target, "")?.1).ok()
    }

    /// Ends the process as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn await_ready(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while self
            .ask("GET", "/-/ready", "")
            .is_none_or(|(status, _)| status != 200)
        {
            let ended = self.child.try_wait().unwrap();
            let log = || fs::read_to_string(self.directory.path().join("log")).unwrap();
            assert!(ended.is_none(), "it ended: {}", log());
            assert!(Instant::now() < deadline, "it is never ready: {}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for LoopbackServer {
    fn drop(&mut self) {
        self.kill();
    }
}
