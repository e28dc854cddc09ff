//! The migration page lists every option, and its examples are what the command prints.

use macaque::migrate::{OldTool, split_words};

use crate::macaque;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/migration.md");

/// The text of the page below the comment `<!-- NAME -->`.
fn below<'a>(page: &'a str, name: &str) -> &'a str {
    let (_, rest) = page
        .split_once(&format!("<!-- {name} -->\n"))
        .unwrap_or_else(|| panic!("<!-- {name} -->"));
    rest
}

/// The block of this language below the comment `<!-- NAME -->`.
fn block<'a>(page: &'a str, name: &str, language: &str) -> &'a str {
    let block = below(page, name).strip_prefix(&format!("```{language}\n"));
    let (block, _) = block.unwrap().split_once("```\n").unwrap();
    block
}

#[test]
fn the_page_lists_every_option_with_what_becomes_of_it() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    for tool in [OldTool::Chaoskube, OldTool::KubeMonkey, OldTool::Macaque] {
        let name = format!("options of {}", tool.name());
        let rows = below(&page, &name)
            .lines()
            .take_while(|line| line.starts_with('|'));
        let listed: String = rows.map(|row| format!("{row}\n")).collect();
        let expected = tool.options_table();
        assert_eq!(
            listed, expected,
            "the table that belongs below <!-- {name} --> is:\n{expected}"
        );
    }
}

#[test]
fn the_documented_examples_are_what_the_command_prints() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    for (tool, code) in [("chaoskube", 3), ("kube-monkey", 0), ("macaque", 0)] {
        let example = block(&page, &format!("example of {tool}"), "console");
        let (command, expected) = example.split_once('\n').unwrap();
        let command = command.strip_prefix("$ ").unwrap();

        let mut program = macaque("").file("config.toml", block(&page, "config.toml", "toml"));
        program = program.file("old.env", block(&page, "old.env", "sh"));
        for word in split_words(command).unwrap().iter().skip(1) {
            program = program.arg(word);
        }
        let output = program.run();
        assert_eq!(output.code, code, "{output:?}");
        let printed = format!("{}{}", output.out, output.err);
        assert_eq!(
            expected, printed,
            "the block below <!-- example of {tool} --> is to hold:\n{printed}"
        );
    }
}

#[test]
fn the_example_of_the_command_line_page_says_what_the_command_says() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md")).unwrap();
    let (command, said) = block(&page, "migrate", "console").split_once('\n').unwrap();
    let (command, _) = command.split_once(" > ").unwrap();
    let words = split_words(command.strip_prefix("$ macaque ").unwrap()).unwrap();
    let program = words.iter().fold(macaque(""), |program, word| program.arg(word));
    let output = program.run();
    assert_eq!((output.code, output.err.as_str()), (0, said));
}
