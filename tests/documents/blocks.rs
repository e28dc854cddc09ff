//! The code blocks of the documents: what is YAML or JSON can be read, and every flag of a `macaque` line and every value of
//! a `helm` line exists.
//!
//! Blocks of TOML are loaded as settings by `integration::settings::documents`, those of docs/notifications.md by
//! `integration::notify::documents`, which sends a message to every channel too, and those of docs/migration.md by
//! `integration::migrations::documents`.

use std::process::Command;

use macaque::settings::keys;

use super::links::linking;
use super::read;

/// The languages of code blocks, and what tests a block of each.
const LANGUAGES: [(&str, &str); 7] = [
    (
        "console",
        "here: the flags of `$ macaque`, and the values that `$ helm` sets; not what is for kubectl, docker or cargo",
    ),
    ("json", "here: it can be read"),
    ("promql", "interop::monitoring, on a real Prometheus"),
    (
        "sh",
        "not tested here: lines for other programs; .ci/signatures runs those of docs/release.md",
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

/// The commands of a console block, each as its words.
fn commands(text: &str) -> Vec<Vec<String>> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().filter_map(|line| line.strip_prefix("$ "));
    lines.map(words).collect()
}

/// The arguments of the `macaque` commands in a console block, those of the plugin for kubectl among them.
fn macaque_commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for mut words in commands(text) {
        if words.first().is_some_and(|word| word == "kubectl") {
            words.remove(0);
        }
        if words.first().is_some_and(|word| word == "macaque") {
            found.push(words.split_off(1));
        }
    }
    found
}

/// The values that the `helm` commands of a console block set.
fn helm_values(text: &str) -> Vec<String> {
    let helm = commands(text)
        .into_iter()
        .filter(|words| words.first().is_some_and(|word| word == "helm"));
    let mut values = Vec::new();
    for words in helm {
        let flags = words.iter().zip(words.iter().skip(1));
        let set = flags.filter(|(flag, _)| flag.starts_with("--set"));
        values.extend(set.map(|(_, value)| value.split_once('=').unwrap().0.to_owned()));
    }
    values
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
        for args in macaque_commands(&block.text) {
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

#[test]
fn every_value_of_a_helm_line_is_one_of_the_chart() {
    let values: serde_json::Value = serde_saphyr::from_str(&read("deploy/chart/values.yaml")).unwrap();
    let mut checked = 0;
    for block in blocks().into_iter().filter(|block| block.language == "console") {
        for name in helm_values(&block.text) {
            let pointer = format!("/{}", name.replace('.', "/"));
            let key = name.strip_prefix("config.").unwrap_or_default();
            let is_known = values.pointer(&pointer).is_some() || keys().iter().any(|known| known.path == key);
            assert!(is_known, "{}: {name}", block.place);
            checked += 1;
        }
    }
    assert!(checked >= 5, "{checked} values");
}

#[cfg(feature = "sandbox")]
#[test]
fn a_flag_that_does_not_exist_is_seen() {
    let lines = macaque_commands(
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
