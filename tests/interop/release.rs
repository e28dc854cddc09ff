//! `deploy/release-check`, which refuses a release while anything disagrees, in small repositories with mistakes.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const FILES: [&str; 6] = [
    "Cargo.toml",
    "Cargo.lock",
    "CHANGELOG.md",
    "deploy/chart/Chart.yaml",
    "deploy/macaque.yaml",
    "deploy/release-check",
];
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A repository of one commit, with the files that say which version this is.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for file in FILES {
            let copy = directory.path().join(file);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join(file), copy).unwrap();
        }

        let repository = Self(directory);
        repository.git(&["init", "--quiet"]);
        repository.commit();
        repository
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let file = self.0.path().join(file);
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{from} is not in {}", file.display());
        fs::write(file, text.replacen(from, to, 1)).unwrap();
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        let who = ["-c", "user.name=test", "-c", "user.email=test@localhost"];
        self.git(
            &[
                &who[..],
                &["commit", "--quiet", "--allow-empty", "--message", "Everything"],
            ]
            .concat(),
        );
    }

    fn git(&self, arguments: &[&str]) {
        assert!(
            Command::new("git")
                .arg("-C")
                .arg(self.0.path())
                .args(arguments)
                .status()
                .unwrap()
                .success()
        );
    }

    /// What is in the way of a release, but for tools that this machine may lack.
    fn obstacles(&self, version: &str) -> Vec<String> {
        let Output {
            stdout,
            stderr,
            status,
        } = Command::new(self.0.path().join("deploy/release-check"))
            .arg(version)
            .output()
            .unwrap();
        let text = String::from_utf8(stderr).unwrap();
        let found = text.lines().filter_map(|line| line.strip_prefix("  - "));
        let found: Vec<_> = found
            .filter(|line| !line.contains("is not installed"))
            .map(String::from)
            .collect();

        assert_eq!(status.success(), text.is_empty(), "{text}");
        assert!(status.success() || stdout.is_empty());
        found
    }
}

#[test]
#[ignore = "needs git and Python 3.11: just interop"]
fn a_clean_commit_that_agrees_with_itself_can_be_released() {
    let found = Repository::new().obstacles(VERSION);
    assert!(found.is_empty(), "{found:?}");
}

#[test]
#[ignore = "needs git and Python 3.11: just interop"]
fn every_file_that_says_another_version_is_named_at_once() {
    let found = Repository::new().obstacles("7.0.0-rc.1").join("\n");
    for place in [
        "Cargo.toml: [workspace.package] version",
        "Cargo.lock: version of the package macaque",
        "deploy/chart/Chart.yaml: version",
        "deploy/chart/Chart.yaml: appVersion",
        "deploy/macaque.yaml: tag of the image",
    ] {
        let line = format!("{place} is {VERSION}, not 7.0.0-rc.1: ");
        assert!(found.contains(&line), "{line} is not in:\n{found}");
    }
    assert!(
        found.contains("CHANGELOG.md has no section 7.0.0-rc.1: write `## 7.0.0-rc.1 ("),
        "{found}"
    );
}

#[test]
#[ignore = "needs git and Python 3.11: just interop"]
fn what_is_no_version_is_refused() {
    for wrong in ["v0.2.0", "0.2", "0.2.0+build", "00.2.0", "0.2.0-", "latest", ""] {
        let found = Repository::new().obstacles(wrong);
        assert_eq!(
            found,
            [format!(
                "\"{wrong}\" is no version such as 1.2.3 or 1.2.3-rc.1, without a v and without a +"
            )]
        );
    }
}

#[test]
#[ignore = "needs git and Python 3.11: just interop"]
fn a_changed_file_and_a_tag_of_another_commit_are_refused() {
    let repository = Repository::new();
    repository.git(&["tag", &format!("v{VERSION}")]);
    repository.commit();
    repository.edit("deploy/macaque.yaml", "apiVersion", "# Changed.\napiVersion");

    let found = repository.obstacles(VERSION);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].ends_with("(deploy/macaque.yaml): commit or stash them"),
        "{found:?}"
    );
    assert!(
        found[1].starts_with(&format!("the tag v{VERSION} is commit ")),
        "{found:?}"
    );
}

#[test]
#[ignore = "needs git and Python 3.11: just interop"]
fn a_tagged_commit_needs_a_date_in_the_changelog() {
    let repository = Repository::new();
    let heading = format!("## {VERSION} ");
    let changelog = fs::read_to_string(repository.0.path().join("CHANGELOG.md")).unwrap();
    let line = changelog.lines().find(|line| line.starts_with(&heading)).unwrap();
    repository.edit("CHANGELOG.md", line, &format!("{heading}(unreleased)"));
    repository.commit();
    repository.git(&["tag", &format!("v{VERSION}")]);

    let found = repository.obstacles(VERSION);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("write the date"), "{found:?}");
}
