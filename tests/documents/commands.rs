//! docs/commands.md holds the help of every command; with `UPDATE_DOCS`, as in `just docs-update`, the test writes it.

use std::env;
use std::fs;
use std::process::Command;

use super::{read, root};

/// The page's own words, before the help texts.
const HEAD: &str = "\
# Commands and flags

What `macaque COMMAND --help` prints, in a terminal of 100 columns. [The command line](cli.md) explains the commands, and
shows their output.

<!-- Written by `just docs-update`. -->
";

/// The help of a command, by its words: none for macaque itself.
fn help(words: &[String]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_macaque"))
        .args(words)
        .arg("--help")
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "macaque {words:?} --help");
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help lists, in its order.
fn listed(help: &str) -> Vec<&str> {
    let Some((_, commands)) = help.split_once("\nCommands:\n") else {
        return Vec::new();
    };
    let lines = commands.lines().take_while(|line| !line.is_empty());
    // What an indentation of two does not begin continues the line before.
    let starts = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    starts
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect()
}

/// Adds a command and those below it to the page.
fn write_command(page: &mut String, words: &[String]) {
    let help = help(words);
    let name: String = words.iter().map(|word| format!(" {word}")).collect();
    let lines: Vec<_> = help.trim_end().lines().map(str::trim_end).collect();
    page.push_str(&format!(
        "\n## macaque{name}\n\n```text\n{}\n```\n",
        lines.join("\n")
    ));

    for below in listed(&help) {
        let words: Vec<_> = words.iter().cloned().chain([below.to_owned()]).collect();
        write_command(page, &words);
    }
}

#[test]
fn the_page_of_commands_holds_the_help_of_each() {
    let mut page = HEAD.to_owned();
    write_command(&mut page, &[]);
    assert!(page.contains("\n## macaque demo\n"), "{page}");

    let path = root().join("docs/commands.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let is_current = path.exists() && read("docs/commands.md") == page;
    assert!(
        is_current,
        "docs/commands.md is out of date: run `just docs-update`"
    );
}
