//! Runs a program and takes its measure from /proc: over its whole life, or while it waits.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a program took.
#[derive(Clone, Copy)]
pub(crate) struct RunCost {
    pub(crate) time: Duration,
    /// User and system time.
    pub(crate) cpu: Duration,
    /// The most memory that it had in use at a time, in KiB (`VmHWM`).
    pub(crate) peak_kib: u64,
    pub(crate) code: Option<i32>,
}

/// What a daemon takes while it has nothing to do.
#[derive(Clone, Copy)]
pub(crate) struct IdleCost {
    /// From its start to `/readyz` saying yes.
    pub(crate) ready: Duration,
    /// User and system time over [`WHILE`].
    pub(crate) cpu: Duration,
    /// The memory in use at the end of it, in KiB (`VmRSS`).
    pub(crate) memory_kib: u64,
    pub(crate) threads: u64,
}

/// How often is looked.
const LOOK: Duration = Duration::from_millis(5);

/// How long a daemon is watched.
pub(crate) const WHILE: Duration = Duration::from_secs(60);

/// A daemon that is not ready by then will never be.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ticks of `utime` and `stime` in /proc/PID/stat a second: `USER_HZ`, 100 on every Linux that Rust runs on.
const TICKS: u64 = 100;

/// Runs `command` to its end; what its memory grew by in the last moment before that is not seen.
pub(crate) async fn run(command: &mut Command) -> io::Result<RunCost> {
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

/// Runs a daemon that answers probes at `address`, and ends it after a while.
pub(crate) async fn idle(command: &mut Command, address: SocketAddr) -> io::Result<IdleCost> {
    let begun = Instant::now();
    let mut child = spawn(command)?;
    let idle = watch(&child, begun, address).await;
    child.kill()?;
    child.wait()?;
    idle
}

async fn watch(child: &Child, begun: Instant, address: SocketAddr) -> io::Result<IdleCost> {
    let answered = async { while !is_ready(address).await.unwrap_or_default() {} };
    tokio::time::timeout(PATIENCE, answered).await?;
    let ready = begun.elapsed();
    let (_, before) = stat(child)?;
    tokio::time::sleep(WHILE).await;
    let (_, after) = stat(child)?;
    let gone = || io::Error::other("it ended while it was watched");
    Ok(IdleCost {
        ready,
        cpu: after.saturating_sub(before),
        memory_kib: status(child, "VmRSS:").ok_or_else(gone)?,
        threads: status(child, "Threads:").ok_or_else(gone)?,
    })
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
