//! The configuration files, read by the TOML language server tombi with the schema that their first lines name.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What `tombi lint` says of a file: whether it found nothing, and its words.
fn lint(file: &Path) -> (bool, String) {
    let libraries = std::env::var("PYTHONPATH").expect("PYTHONPATH is that of .ci/verifiers");
    let tombi = Path::new(&libraries).join("bin/tombi");
    let output = Command::new(tombi)
        .args(["lint", "--offline", "--error-on-warnings"])
        .arg(file)
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn config(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

/// A file with this text beside the schema.
fn beside_the_schema(text: &str) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::TempDir::new().unwrap();
    std::fs::copy(
        config("macaque.schema.json"),
        dir.path().join("macaque.schema.json"),
    )
    .unwrap();
    let file = dir.path().join("macaque.toml");
    std::fs::write(&file, format!("#:schema ./macaque.schema.json\n{text}")).unwrap();
    (dir, file)
}

#[test]
#[ignore = "needs tombi of .ci/verifiers: just interop"]
fn the_language_server_finds_no_fault_in_the_tutorial_and_the_examples() {
    let examples = std::fs::read_dir(config("examples")).unwrap();
    let examples = examples.map(|entry| entry.unwrap().path());
    for file in examples.chain([config("macaque.toml")]) {
        let (is_good, words) = lint(&file);
        assert!(is_good, "{}: {words}", file.display());
    }
}

#[test]
#[ignore = "needs tombi of .ci/verifiers: just interop"]
fn the_language_server_finds_no_fault_in_what_macaque_prints() {
    let output = Command::new(env!("CARGO_BIN_EXE_macaque"))
        .args(["config", "print", "--origins", "--config"])
        .arg(config("examples/gated.toml"))
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success());
    let (_dir, file) = beside_the_schema(&String::from_utf8(output.stdout).unwrap());
    let (is_good, words) = lint(&file);
    assert!(is_good, "{words}");
}

#[test]
#[ignore = "needs tombi of .ci/verifiers: just interop"]
fn the_language_server_names_each_mistake_at_its_place() {
    for (text, fault) in [
        ("dry_run = \"false\"", "expected a value of type Boolean"),
        ("bogus = 1", "\"bogus\" is not allowed"),
        ("[disrupt]\ncount = 101", "must be ≤ 100"),
        ("[disrupt]\nmethod = \"kill\"", "\"kill\" does not match"),
        ("[target]\nmin_age = \"30\"", "\"30\" does not match"),
        ("[guards]\nmin_ready = \"150%\"", "\"150%\" does not match"),
        ("[notify.slack]\ntokn = \"t\"", "\"tokn\" is not allowed"),
        ("[guards.http]\nname = \"a\"", "expected a value of type Array"),
        ("[[guards.http]]\nname = \"a\"", "\"url\" is required"),
    ] {
        let (_dir, file) = beside_the_schema(text);
        let (is_good, words) = lint(&file);
        assert!(!is_good && words.contains(fault), "{text}: {words}");
        let line = text.lines().count() + 1;
        let place = format!("macaque.toml:{line}:");
        let is_there = words.contains(&place) || fault.ends_with("Array") || fault.ends_with("required");
        assert!(is_there, "{place}: {words}");
    }
}
