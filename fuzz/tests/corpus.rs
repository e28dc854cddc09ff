//! Every input of the corpus, checked by the law of its target: what fuzzing found stays found.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy takes the fixtures of an integration test for code of the program"
)]

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use macaque_fuzz::{TARGETS, Target};

/// The most that the corpus may hold: it is in everybody's clone.
const MOST_BYTES: usize = 200_000;

/// The inputs of a target with their names.
fn inputs(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = files.map(|file| file.unwrap());
    let mut inputs: Vec<_> = files
        .map(|file| {
            (
                file.file_name().into_string().unwrap(),
                fs::read(file.path()).unwrap(),
            )
        })
        .collect();
    inputs.sort();
    inputs
}

/// The names of the inputs for which the law of the target does not hold.
fn violations(target: &Target) -> Vec<String> {
    let violations = inputs(target.name)
        .into_iter()
        .filter(|(_, bytes)| catch_unwind(|| target.check(bytes)).is_err());
    violations
        .map(|(name, _)| format!("{}/{name}", target.name))
        .collect()
}

#[test]
fn the_laws_hold_for_every_input_of_the_corpus_which_is_small() {
    // One test, because what a law may allocate is counted for the whole process.
    let violations: Vec<_> = TARGETS.iter().flat_map(violations).collect();
    assert!(violations.is_empty(), "broken for {violations:#?}");

    let mut bytes = 0;
    for target in &TARGETS {
        let inputs = inputs(target.name);
        assert!(!inputs.is_empty(), "{} has no inputs", target.name);
        bytes += inputs.iter().map(|(_, bytes)| bytes.len()).sum::<usize>();
    }
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}
