//! Every relative link of a document leads to a file, and to a heading where it names one.

use std::collections::HashMap;
use std::path::Path;

use super::{documents, read};

/// The documents whose links are checked.
pub(super) fn linking() -> Vec<String> {
    let mut paths = documents();
    paths.extend(["README.md", "CHANGELOG.md", "CONTRIBUTING.md"].map(str::to_owned));
    paths
}

/// The lines of a document outside its code blocks and comments of HTML.
fn prose(text: &str) -> Vec<String> {
    let mut is_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code && !line.starts_with("<!--") {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// The targets of the links in one line. Code spans hold none.
fn targets(line: &str) -> Vec<String> {
    let outside: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let starts = outside.split("](").skip(1);
    starts
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.to_owned())
        .collect()
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let mut seen = HashMap::<String, usize>::new();
    let lines = prose(text);
    let headings = lines
        .iter()
        .filter(|line| line.starts_with('#'))
        .map(|line| line.trim_start_matches('#').trim());
    headings
        .map(|heading| {
            let slug: String = heading
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect();
            let times = seen.entry(slug.clone()).or_default();
            *times += 1;
            if *times == 1 {
                slug
            } else {
                format!("{slug}-{}", *times - 1)
            }
        })
        .collect()
}

/// What is wrong with a link of the document at `path`, if anything is.
fn fault(path: &str, target: &str) -> Option<String> {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let directory = Path::new(path).parent().unwrap();
    let linked = if file.is_empty() {
        path.to_owned()
    } else {
        directory.join(file).to_string_lossy().into_owned()
    };
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join(&linked).exists() {
        return Some(format!("{path}: no file {target}"));
    }
    let is_there = anchor.is_empty() || anchors(&read(&linked)).iter().any(|known| known == anchor);
    (!is_there).then(|| format!("{path}: no heading {target}"))
}

#[test]
fn every_relative_link_leads_to_a_file_and_a_heading() {
    let mut checked = 0;
    let mut faults = Vec::new();
    for path in linking() {
        for target in prose(&read(&path)).iter().flat_map(|line| targets(line)) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            checked += 1;
            faults.extend(fault(&path, &target));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked > 40, "{checked} links were found");
}

#[test]
fn every_document_is_once_in_the_table_of_contents_to_which_the_readme_leads() {
    let linked = |path: &str| -> Vec<_> {
        let lines = prose(&read(path));
        lines.iter().flat_map(|line| targets(line)).collect()
    };
    assert!(linked("README.md").contains(&"docs/SUMMARY.md".to_owned()));

    let mut contents: Vec<_> = linked("docs/SUMMARY.md")
        .iter()
        .map(|target| format!("docs/{target}"))
        .collect();
    contents.push("docs/SUMMARY.md".to_owned());
    contents.sort();
    assert_eq!(contents, documents());
}

#[test]
fn a_broken_link_is_seen() {
    assert_eq!(targets("a [b](c.md) `[d](e.md)` ![f](g.svg)"), ["c.md", "g.svg"]);
    assert_eq!(
        anchors("# A `b`, c\n```\n# no\n```\n## A\n## A\n"),
        ["a-b-c", "a", "a-1"]
    );
    assert!(fault("README.md", "docs/cli.md#exit-codes").is_none());
    assert!(fault("README.md", "docs/nothing.md").is_some());
    assert!(fault("docs/cli.md", "configuration.md#nothing").is_some());
}
