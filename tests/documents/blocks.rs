//! The code blocks of the documents: what is YAML or JSON can be read, and every flag of a `macaque` line exists.
//!
//! Blocks of TOML are loaded as settings by `integration::settings::documents`, and those of docs/notifications.md by
//! `integration::notify::documents`, which sends a message to every channel too.

use std::process::Command;

use super::links::linking;
use super::read;

/// The languages of code blocks, and what tests a block of each.
const LANGUAGES: [(&str, &str); 7] = [
    ("console", "here: the lines that begin with `$ macaque`"),
    ("json", "here: it can be read"),
    ("promql", "interop::monitoring, on a real Prometheus"),
    (
        "sh",
        "not tested: lines for kubectl or openssl, which the toolchain does not bring",
    ),
    (
        "text",
        "output or a picture: the tests of the commands compare what matters",
    ),
    ("toml", "integration::settings::documents"),
    ("yaml", "here: it can be read"),
];

/// A code block: the document and the line where it begins, its language, and its text.
struct Block {
    place: String,
    language: String,
    text: String,
}

/// The code blocks of all documents.
fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    for path in linking() {
        let text = read(&path);
        let mut lines = text.lines().enumerate();
        while let Some((number, line)) = lines.next() {
            let Some(language) = line.trim_start().strip_prefix("```") else {
                continue;
            };
            let inside = lines.by_ref().map(|(_, line)| line);
            let inside: Vec<_> = inside.take_while(|line| line.trim_start() != "```").collect();
            blocks.push(Block {
                place: format!("{path}:{}", number + 1),
                language: language.to_owned(),
                text: inside.join("\n"),
            });
        }
    }
    blocks
}

/// The words of a command line, as a shell splits it, up to the end of the first command.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = None::<String>;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '|' | '>' | '<' | '&' | ';' | '#') if word.is_none() => break,
            (None, ' ') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// The arguments of the `macaque` lines in a console block.
fn macaque_lines(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| line.strip_prefix("$ "));
    let lines = lines.map(|line| {
        line.strip_prefix("kubectl macaque ")
            .map_or(line.to_owned(), |rest| format!("macaque {rest}"))
    });
    lines
        .map(|line| words(&line))
        .filter(|words| words.first().is_some_and(|word| word == "macaque"))
        .map(|words| words[1..].to_vec())
        .collect()
}

#[test]
fn every_code_block_has_a_language_that_something_tests() {
    for block in blocks() {
        let is_known = LANGUAGES.iter().any(|(language, _)| *language == block.language);
        assert!(is_known, "{}: a block of {:?}", block.place, block.language);
    }
}

#[test]
fn every_block_of_yaml_or_json_can_be_read() {
    let mut read = 0;
    for block in blocks() {
        let fault = match block.language.as_str() {
            "yaml" => serde_saphyr::from_multiple::<serde_json::Value>(&block.text)
                .err()
                .map(|error| error.to_string()),
            "json" => serde_json::from_str::<serde_json::Value>(&block.text)
                .err()
                .map(|error| error.to_string()),
            _ => continue,
        };
        assert_eq!(fault, None, "{}", block.place);
        read += 1;
    }
    assert!(read >= 10, "{read} blocks");
}

#[cfg(feature = "sandbox")]
#[test]
fn every_flag_of_a_macaque_line_exists() {
    let mut checked = 0;
    for block in blocks().into_iter().filter(|block| block.language == "console") {
        for args in macaque_lines(&block.text) {
            // Clap reads what is before `--help`, and refuses what it does not know.
            let output = Command::new(env!("CARGO_BIN_EXE_macaque"))
                .args(&args)
                .arg("--help")
                .output();
            let output = output.unwrap();
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(
                output.status.success(),
                "{}: macaque {}: {error}",
                block.place,
                args.join(" ")
            );
            checked += 1;
        }
    }
    assert!(checked >= 10, "{checked} lines");
}

#[cfg(feature = "sandbox")]
#[test]
fn a_flag_that_does_not_exist_is_seen() {
    let lines = macaque_lines(
        "$ macaque plan -n shop \\\n    --sede 3 | less\nNAMESPACE\n$ ls\n$ kubectl macaque why 'a b'",
    );
    assert_eq!(
        lines,
        [vec!["plan", "-n", "shop", "--sede", "3"], vec!["why", "a b"]]
    );

    let mut wrong = Command::new(env!("CARGO_BIN_EXE_macaque"));
    let output = wrong.args(&lines[0]).arg("--help").output().unwrap();
    assert!(!output.status.success(), "{output:?}");
}
