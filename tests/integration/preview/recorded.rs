//! The examples of `plan`, `why` and `schedule --owners` in the documents are what the binary prints.

use std::fs;

use super::fixture::ShopFixture;

/// The console block below the comment `<!-- NAME -->`: the command's words, and its output.
fn example(document: &str, name: &str) -> (Vec<String>, String) {
    let text = fs::read_to_string(format!("{}/{document}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (_, rest) = text
        .split_once(&format!("<!-- {name} -->\n```console\n$ macaque "))
        .unwrap();
    let (block, _) = rest.split_once("```\n").unwrap();
    let (command, output) = block.split_once('\n').unwrap();
    (command.split(' ').map(str::to_owned).collect(), ageless(output))
}

/// Ages pass while tests run: each is one hour here.
fn ageless(text: &str) -> String {
    let lines = text
        .trim_end()
        .lines()
        .map(|line| match line.split_once("  age ") {
            Some((before, _)) => format!("{before}  age 1h"),
            None => line.trim_end().to_owned(),
        });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_documented_examples_are_what_the_commands_print() {
    let shop = ShopFixture::open();
    for name in ["plan", "why"] {
        let (command, expected) = example("docs/cli.md", name);
        let words: Vec<_> = command.iter().map(String::as_str).collect();
        let said = shop.macaque(&words);
        assert_eq!(said.code, 0, "{said:?}");
        let printed = ageless(&said.out);
        assert_eq!(
            printed, expected,
            "the block below <!-- {name} --> is to hold:\n{printed}"
        );
    }
}

#[test]
fn the_turns_that_the_readme_shows_are_what_the_command_prints() {
    let shop = ShopFixture::open();
    let (command, expected) = example("README.md", "schedule");
    let config = shop.cluster.file(
        "readme.toml",
        "[schedule]\ncron = \"*/30 9-16 * * Mon-Fri\"\ntimezone = \"Europe/Berlin\"\n[disrupt]\npace = \"rota\"\n",
    );
    let words: Vec<_> = command.iter().map(String::as_str).collect();
    let said = shop.macaque(&[&words[..], &["--config", &config]].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let printed = ageless(&said.out);
    assert_eq!(
        printed, expected,
        "the block below <!-- schedule --> is to hold:\n{printed}"
    );
}
