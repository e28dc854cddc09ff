//! What a program costs, taken from /proc: over its whole life, or while it runs on.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a program took.
#[derive(Debug, Clone, Copy)]
pub struct RunCost {
    /// From its start to its end.
    pub time: Duration,
    /// User and system time.
    pub cpu: Duration,
    /// The most memory that it had in use at a time, in KiB (`VmHWM`).
    pub peak_kib: u64,
    /// Its exit code.
    pub code: Option<i32>,
}

/// What a daemon takes over a while.
#[derive(Debug, Clone, Copy)]
pub struct DaemonCost {
    /// User and system time.
    pub cpu: Duration,
    /// The memory in use at the end of it, in KiB (`VmRSS`).
    pub memory_kib: u64,
    /// The most memory that it has had in use at a time since its start, in KiB (`VmHWM`).
    pub peak_kib: u64,
    /// The number of its threads.
    pub threads: u64,
}

/// A daemon that runs until this is dropped.
#[derive(Debug)]
pub struct MeasuredDaemon {
    child: Child,
    /// From its start to `/readyz` saying yes.
    pub ready: Duration,
}

/// How often is looked.
const LOOK: Duration = Duration::from_millis(5);

/// A daemon that is not ready by then will never be.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ticks of `utime` and `stime` in /proc/PID/stat a second: `USER_HZ`, 100 on every Linux that Rust runs on.
const TICKS: u64 = 100;

/// Runs `command` to its end; what its memory grew by in the last moment before that is not seen.
pub async fn run(command: &mut Command) -> io::Result<RunCost> {
    let begun = Instant::now();
    let mut child = spawn(command)?;
    let mut peak_kib = 0;
    // Until it is a zombie: then its memory is gone, and its times are there to be read.
    let cpu = loop {
        let (state, cpu) = stat(&child)?;
        if state == "Z" {
            break cpu;
        }
        peak_kib = status(&child, "VmHWM:").unwrap_or(peak_kib);
        tokio::time::sleep(LOOK).await;
    };
    let time = begun.elapsed();
    Ok(RunCost {
        time,
        cpu,
        peak_kib,
        code: child.wait()?.code(),
    })
}

impl MeasuredDaemon {
    /// Starts `macaque run`, and waits until it is ready.
    pub async fn start(command: &mut Command) -> io::Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        command
            .env("MACAQUE_HEALTH__LISTEN", address.to_string())
            .env("MACAQUE_LOG__LEVEL", "error");
        let begun = Instant::now();
        let mut daemon = Self {
            child: spawn(command)?,
            ready: Duration::ZERO,
        };

        let answered = async { while !is_ready(address).await.unwrap_or_default() {} };
        tokio::time::timeout(PATIENCE, answered).await?;
        daemon.ready = begun.elapsed();
        Ok(daemon)
    }

    /// Measures what the daemon takes over this time.
    pub async fn measure(&self, time: Duration) -> io::Result<DaemonCost> {
        let (_, before) = stat(&self.child)?;
        tokio::time::sleep(time).await;
        let (_, after) = stat(&self.child)?;

        let number = |key| status(&self.child, key).ok_or_else(|| io::Error::other("it ended meanwhile"));
        Ok(DaemonCost {
            cpu: after.saturating_sub(before),
            memory_kib: number("VmRSS:")?,
            peak_kib: number("VmHWM:")?,
            threads: number("Threads:")?,
        })
    }
}

impl Drop for MeasuredDaemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn is_ready(address: SocketAddr) -> io::Result<bool> {
    tokio::time::sleep(Duration::from_millis(1)).await;
    let mut stream = TcpStream::connect(address).await?;
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

fn spawn(command: &mut Command) -> io::Result<Child> {
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()
}

/// The state of a process, and its user and system time.
fn stat(child: &Child) -> io::Result<(String, Duration)> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id()))?;
    // The name before them may hold spaces.
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok());
    let ticks = ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default();
    let state = fields.first().copied().unwrap_or_default().to_owned();
    Ok((state, Duration::from_millis(ticks * 1000 / TICKS)))
}

/// The number of a line of /proc/PID/status.
fn status(child: &Child, key: &str) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
