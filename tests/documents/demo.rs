//! The picture of the demo and the recorded text show what the demo prints.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::read;

/// The lines with which the demo opens, before its first round.
fn opening() -> Vec<String> {
    // Its kubeconfig is left there when it is ended early.
    let directory = TempDir::new().unwrap();
    let mut demo = Command::new(env!("CARGO_BIN_EXE_macaque"))
        .arg("demo")
        .env("TMPDIR", directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();

    let lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let lines: Vec<_> = lines
        .map(Result::unwrap)
        .scan(0, |blank, line| {
            *blank += usize::from(line.is_empty());
            (*blank < 2).then_some(line)
        })
        .filter(|line| !line.is_empty())
        .collect();

    demo.kill().unwrap();
    demo.wait().unwrap();
    lines
}

#[test]
fn the_recorded_demo_opens_as_the_demo_does() {
    let text = read("docs/cli.md");
    let (_, recorded) = text.split_once("<!-- demo -->\n```text\n").unwrap();
    let picture = read("docs/demo.svg");

    let opening = opening();
    assert_eq!(opening.len(), 7, "{opening:?}");
    for line in &opening {
        assert!(
            recorded.lines().any(|recorded| recorded == line),
            "{line:?} in docs/cli.md"
        );
        let words = line.trim().replace('&', "&amp;").replace('<', "&lt;");
        assert!(
            picture.contains(&format!(">{words}</tspan>")),
            "{words:?} in docs/demo.svg: record it anew with docs/record-demo"
        );
    }
}

#[test]
fn the_picture_of_the_demo_stands_alone() {
    assert!(read("README.md").contains("![demo](docs/demo.svg)"));
    let picture = read("docs/demo.svg");
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    let elsewhere = picture.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
    for foreign in ["<script", "href", "url(", "@import", "://"] {
        assert!(!elsewhere.contains(foreign), "{foreign} in docs/demo.svg");
    }
    assert!(picture.len() < 64 * 1024, "{} bytes", picture.len());
}
