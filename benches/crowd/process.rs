//! Runs a program to its end and takes its measure from /proc.

use std::fs;
use std::io;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a program took.
#[derive(Clone, Copy)]
pub(crate) struct Measure {
    pub(crate) time: Duration,
    /// User and system time.
    pub(crate) cpu: Duration,
    /// The most memory that it had in use at a time, in KiB (`VmHWM`).
    pub(crate) peak_kib: u64,
    pub(crate) code: Option<i32>,
}

/// How often the memory is looked at; what grows in the last of these intervals before the end is not seen.
const LOOK: Duration = Duration::from_millis(5);

/// Ticks of `utime` and `stime` in /proc/PID/stat a second: `USER_HZ`, 100 on every Linux that Rust runs on.
const TICKS: u64 = 100;

/// Runs `command`, whose output goes to `output`.
pub(crate) async fn run(command: &mut Command, output: Stdio) -> io::Result<Measure> {
    let begun = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(output).spawn()?;
    let process = format!("/proc/{}", child.id());
    let mut peak_kib = 0;
    // Until it is a zombie: then its memory is gone, and its times are there to be read.
    let ticks = loop {
        let stat = fs::read_to_string(format!("{process}/stat"))?;
        if let Ok(status) = fs::read_to_string(format!("{process}/status")) {
            peak_kib = number_of(&status, "VmHWM:").unwrap_or(peak_kib);
        }
        // The name before it may hold spaces.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        if fields.first() == Some(&"Z") {
            let ticks = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok());
            break ticks(11).unwrap_or_default() + ticks(12).unwrap_or_default();
        }
        tokio::time::sleep(LOOK).await;
    };
    let time = begun.elapsed();
    Ok(Measure {
        time,
        cpu: Duration::from_millis(ticks * 1000 / TICKS),
        peak_kib,
        code: child.wait()?.code(),
    })
}

/// The number of a line of /proc/PID/status.
fn number_of(status: &str, key: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(key))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
