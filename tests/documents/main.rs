//! What the documents say is so: the README's table of settings, its commands, its promises and its exit codes.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of a test for code of the program"
)]

use std::fs;
use std::process::Command;

use macaque::settings::{SettingKey, keys};

fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The README's table below the comment `<!-- NAME -->`, header and all.
fn table(name: &str) -> String {
    let readme = read("README.md");
    let (_, rest) = readme.split_once(&format!("<!-- {name} -->\n")).unwrap();
    rest.lines()
        .take_while(|line| line.starts_with('|'))
        .map(|line| format!("{line}\n"))
        .collect()
}

/// The commands of the README's console blocks.
fn commands() -> Vec<String> {
    read("README.md")
        .lines()
        .filter_map(|line| line.strip_prefix("$ ").map(str::to_owned))
        .collect()
}

#[test]
fn the_readme_lists_every_setting_with_its_default() {
    let row = |key: &SettingKey| {
        let code = |text: Option<String>| text.map_or_else(String::new, |text| format!("`{text}`"));
        let old = key.old_variable.map(str::to_owned);
        format!(
            "| `{}` | {} | {} | {} |\n",
            key.path,
            code(key.default_toml()),
            key.doc,
            code(old)
        )
    };
    let head = "| key | default | meaning | the Go macaque's |\n|---|---|---|---|\n".to_owned();
    let expected = keys().iter().map(row).fold(head, |table, row| table + &row);
    assert_eq!(
        table("keys"),
        expected,
        "the table that belongs below <!-- keys --> is:\n{expected}"
    );
}

#[test]
fn the_readmes_two_commands_are_those_of_ci_and_of_the_task_runner() {
    let commands = commands();
    for command in ["cargo run --locked -- demo", "cargo test --locked"] {
        assert!(
            commands.iter().any(|line| line == command),
            "{command} in the README"
        );
        assert!(read(".ci/run").contains(command), "{command} in .ci/run");
        assert!(read("justfile").contains(command), "{command} in the justfile");
    }
}

#[test]
fn each_promise_of_the_readme_names_a_test_that_exists() {
    let promises = table("promises");
    let mut named = 0;
    for row in promises.lines().skip(2) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let tests = cells[2].split(", ").filter(|cell| cell.starts_with('`'));
        for test in tests {
            let (suite, name) = test.trim_matches('`').rsplit_once("::").unwrap();
            // A law has parameters.
            let wanted = format!("fn {name}(");
            let found = suites(suite).iter().any(|file| read(file).contains(&wanted));
            assert!(found, "{test} of the promise {:?}", cells[1]);
            named += 1;
        }
    }
    assert!(named > 0, "there are promises");
}

/// The source files of a suite below `tests/`.
fn suites(suite: &str) -> Vec<String> {
    let directory = format!("tests/{suite}");
    let files = fs::read_dir(format!("{}/{directory}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    files
        .map(Result::unwrap)
        .filter(|file| file.file_type().unwrap().is_file())
        .map(|file| format!("{directory}/{}", file.file_name().to_string_lossy()))
        .collect()
}

#[test]
fn the_readme_and_the_help_tell_the_same_exit_codes() {
    let help = Command::new(env!("CARGO_BIN_EXE_macaque"))
        .arg("--help")
        .output()
        .unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    let listed: Vec<_> = codes
        .lines()
        .map_while(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, ["0", "1", "2", "3", "4", "70", "75"]);
    let readme = read("README.md");
    let (_, told) = readme.split_once("Exit codes: ").unwrap();
    let (told, _) = told.split_once("\n\n").unwrap();
    for code in listed {
        let told = told.split([' ', '\n']).any(|word| word == code);
        assert!(told, "exit code {code} in the README");
    }
}

#[test]
fn the_variables_that_are_no_settings_are_told_by_readme_help_and_tutorial() {
    let help = Command::new(env!("CARGO_BIN_EXE_macaque")).arg("--help").output();
    let help = String::from_utf8(help.unwrap().stdout).unwrap();
    for text in [help, read("README.md"), read("config/macaque.toml")] {
        for variable in ["MACAQUE_CONFIG", "MACAQUE_POD_NAME", "MACAQUE_POD_NAMESPACE"] {
            assert!(
                text.split(|c: char| !c.is_ascii_uppercase() && c != '_')
                    .any(|word| word == variable),
                "{variable}"
            );
        }
    }
}

#[test]
fn every_command_of_the_readmes_table_exists() {
    let readme = read("README.md");
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| `macaque "));
    let names: Vec<_> = rows.filter_map(|row| row.split(['`', ' ']).next()).collect();
    assert!(names.len() >= 7, "{names:?}");
    for name in names {
        let help = Command::new(env!("CARGO_BIN_EXE_macaque"))
            .args([name, "--help"])
            .output()
            .unwrap();
        assert!(help.status.success(), "macaque {name}");
    }
}
