//! Plays the transcripts on a server, and compares or records what the commands print.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::difference::{Line, difference};
use crate::server::{Server, ServerKind};
use crate::transcript::{Transcript, writes};

/// Plays the transcripts of these names on this server, which must print what is recorded.
pub(crate) fn play_all(kind: ServerKind, is_wanted: impl Fn(&str) -> bool) {
    let writes = writes();
    let only = std::env::var("PROGRAMS_ONLY").unwrap_or_default();
    let mut differences = Vec::new();
    let mut transcripts = Transcript::all();
    transcripts.retain(|transcript| is_wanted(&transcript.name));
    assert!(!transcripts.is_empty(), "there is no such transcript");
    transcripts.retain(|transcript| transcript.name.starts_with(&only));

    for mut transcript in transcripts {
        println!("{} on the {kind:?}", transcript.name);
        differences.extend(play(&mut transcript, kind));
        if writes {
            transcript.write();
        }
    }

    assert!(
        writes || differences.is_empty(),
        "not as recorded:\n{}",
        differences.join("\n")
    );
}

/// Plays one transcript, and records what its commands print; returns what is not as recorded before.
fn play(transcript: &mut Transcript, kind: ServerKind) -> Vec<String> {
    let server = Server::start(kind, &transcript.name);
    let mut differences = Vec::new();

    for step in &mut transcript.steps {
        let printed = run(&server, &step.command);
        let expected = step.expected(kind);
        if printed != expected {
            differences.push(format!("{}: $ {}", transcript.name, step.command));
            differences.extend(difference(expected, &printed).filter_map(|line| match line {
                Line::Both(_) => None,
                Line::First(line) => Some(format!("    recorded: {line}")),
                Line::Second(line) => Some(format!("    printed:  {line}")),
            }));
        }
        step.record(kind, printed);
    }

    differences
}

/// The lines that a command prints on both of its outputs, and its exit code if that is not 0.
fn run(server: &Server, command: &str) -> Vec<String> {
    let output = server.shell(command).stdin(Stdio::null()).output().unwrap();
    let mut lines = masked(&output.stdout);
    let code = output.status.code().unwrap_or(-1);
    lines.extend((code != 0).then(|| format!("[{code}]")));
    lines
}

/// The lines of an output, without what differs from run to run.
fn masked(output: &[u8]) -> Vec<String> {
    let masks = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/masks.sed");
    let mut sed = Command::new("sed")
        .args(["-E", "-f", masks])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = sed.stdin.take().unwrap();
    let output = output.to_vec();
    let writer = std::thread::spawn(move || input.write_all(&output));
    let text = sed.wait_with_output().unwrap().stdout;
    writer.join().unwrap().unwrap();

    String::from_utf8(text)
        .unwrap()
        .lines()
        .map(str::to_owned)
        .collect()
}
