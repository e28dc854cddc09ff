//! Python, with the reference libraries that `.ci/verifiers` installs.

use std::io::Write;
use std::process::{Command, Stdio};

/// Runs a script with this input; returns what it prints.
///
/// # Panics
/// The script failed, with what it printed as an error.
pub fn run(script: &str, input: &[u8]) -> String {
    let mut child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python3 is on the PATH");
    child.stdin.take().unwrap().write_all(input).unwrap();

    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}
