//! Writes `docs/sandbox-programs.md` from the transcripts, or checks that it is what would be written.

use std::path::{Path, PathBuf};

use crate::transcript::{Step, Transcript, writes};

const HEAD: &str = "# Other people's programs on the sandbox

<!-- Written by the suite itself: PROGRAMS=write cargo test --test programs -->

The same commands were run on a real control plane, Kubernetes v1.37.2, and on the sandbox, and what they printed was
recorded with their exit codes in `tests/programs/transcripts`. Only what differs from run to run is taken out before
the two are compared: UIDs, times and ages, versions of resources, generated names, addresses and the padding of tables.
`just programs` runs them on the sandbox again, `just programs-real` on the real control plane, and `just descheduler`
descheduler on both. No other chaos monkey (chaoskube, kube-monkey, pod-reaper) is among them.

";

/// Whether the page is what the transcripts make of it.
pub(crate) fn check() {
    if writes() {
        return std::fs::write(path(), page()).unwrap();
    }

    let known = std::fs::read_to_string(path()).unwrap_or_default();
    assert_eq!(
        known,
        page(),
        "docs/sandbox-programs.md is out of date: PROGRAMS=write cargo test --test programs"
    );
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sandbox-programs.md")
}

fn page() -> String {
    let transcripts = Transcript::all();
    let steps = || transcripts.iter().flat_map(|transcript| &transcript.steps);
    let commands = steps().count();
    let same = steps().filter(|step| !step.differs()).count();
    let lines: usize = steps().map(Step::lines).sum();
    let lacking: usize = steps().map(Step::lacking).sum();

    let mut page = HEAD.to_owned();
    page += &format!(
        "{same} of {commands} commands print the same on both. Of the {lines} lines that they print\n"
    );
    page += &format!("on the real server, the sandbox prints all but {lacking}.\n");

    for transcript in &transcripts {
        page += &format!("\n## {}\n\n", transcript.name);
        page += "| what was tried | commands | that differ | lines | not on the sandbox | what differs |\n";
        page += "|---|---|---|---|---|---|\n";
        for section in transcript.steps.chunk_by(|one, next| one.section == next.section) {
            page += &row(&transcript.name, section);
        }
    }

    page
}

fn row(transcript: &str, section: &[Step]) -> String {
    let differing: Vec<_> = section.iter().filter(|step| step.differs()).collect();
    let mut reasons: Vec<&str> = Vec::new();
    for step in &differing {
        let reason = step.reason.as_deref().unwrap_or_else(|| {
            let command = &step.command;
            panic!("{transcript}: a line `! why` is missing below `$ {command}`")
        });
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }

    format!(
        "| {} | {} | {} | {} | {} | {} |\n",
        section[0].section,
        section.len(),
        differing.len(),
        section.iter().map(Step::lines).sum::<usize>(),
        section.iter().map(Step::lacking).sum::<usize>(),
        reasons.join(" ")
    )
}
