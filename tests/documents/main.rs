//! What the documents say is so: the table of settings, the rules, the commands, the promises, the exit codes, the links.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of a test for code of the program"
)]

mod blocks;
mod chart;
#[cfg(feature = "sandbox")]
mod commands;
#[cfg(feature = "sandbox")]
mod demo;
mod links;
mod monitoring;
mod recovery;
mod reload;
mod report;

use std::fs;
use std::path::Path;
use std::process::Command;

use macaque::notify::http::BUILT_IN;
use macaque::settings::{FieldDefault, SettingKey, TableField, TableKind, config_schema, keys, table_fields};
use macaque_core::eligibility::{EligibilityRule, rules};
use macaque_core::report::RoundStatus;

/// The text of a file of the repository.
fn read(path: &str) -> String {
    fs::read_to_string(format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// The documents below `docs/`, by their paths.
fn documents() -> Vec<String> {
    let directory = fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/docs")).unwrap();
    let mut names: Vec<_> = directory
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.ends_with(".md"))
        .map(|name| format!("docs/{name}"))
        .collect();
    names.sort();
    names
}

/// The tables of a document below its comments `<!-- NAME -->`, header and all.
fn tables(path: &str, name: &str) -> Vec<String> {
    let text = read(path);
    let tables: Vec<_> = text
        .split(&format!("<!-- {name} -->\n"))
        .skip(1)
        .map(|rest| {
            let rows = rest.lines().take_while(|line| line.starts_with('|'));
            rows.map(|line| format!("{line}\n")).collect()
        })
        .collect();
    assert!(!tables.is_empty(), "<!-- {name} --> in {path}");
    tables
}

/// The one table of a document below the comment `<!-- NAME -->`.
fn table(path: &str, name: &str) -> String {
    let tables = tables(path, name);
    assert_eq!(tables.len(), 1, "one <!-- {name} --> in {path}");
    tables.concat()
}

/// The first cells of a table's rows, without its header.
fn first_cells(table: &str) -> Vec<String> {
    let rows = table.lines().skip(2);
    rows.map(|row| row.split('|').nth(1).unwrap().trim().trim_matches('`').to_owned())
        .collect()
}

/// What `macaque --help` prints.
fn help() -> String {
    let help = Command::new(env!("CARGO_BIN_EXE_macaque")).arg("--help").output();
    String::from_utf8(help.unwrap().stdout).unwrap()
}

/// The commands in the README's console blocks.
fn console_commands() -> Vec<String> {
    read("README.md")
        .lines()
        .filter_map(|line| line.strip_prefix("$ ").map(str::to_owned))
        .collect()
}

#[test]
fn the_readme_has_at_most_70_lines() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 70, "{lines} lines: move what is too much to docs/");
}

#[test]
fn the_configuration_page_lists_every_setting_with_its_default() {
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
    let head = "| key | default | meaning | old variable |\n|---|---|---|---|\n".to_owned();
    let expected = keys().iter().map(row).fold(head, |table, row| table + &row);
    assert_eq!(
        table("docs/configuration.md", "keys"),
        expected,
        "the table that belongs below <!-- keys --> is:\n{expected}"
    );
}

#[test]
fn the_page_about_guards_lists_every_field_of_a_gate_with_its_default() {
    let row = |field: &TableField| {
        let of = (field.kinds.len() == 1).then(|| field.kinds[0].section());
        let of = of.and_then(|section| section.strip_prefix("guards."));
        let default = default_of(field);
        format!(
            "| `{}` | {} | {default} | {} |\n",
            field.name,
            of.unwrap_or("all"),
            field.doc
        )
    };
    let head = "| field | of | default | meaning |\n|---|---|---|---|\n".to_owned();
    let expected = table_fields()
        .iter()
        .filter(|field| field.kinds.iter().all(|kind| kind.is_gate()))
        .map(row)
        .fold(head, |table, row| table + &row);
    assert_eq!(
        table("docs/guards.md", "gates"),
        expected,
        "the table that belongs below <!-- gates --> is:\n{expected}"
    );
}

#[test]
fn the_page_about_notifications_lists_every_field_of_channels_over_http_and_of_routes_with_its_default() {
    for (kind, name) in [
        (TableKind::HttpChannel, "http channels"),
        (TableKind::Route, "routes"),
    ] {
        let row =
            |field: &TableField| format!("| `{}` | {} | {} |\n", field.name, default_of(field), field.doc);
        let head = "| field | default | meaning |\n|---|---|---|\n".to_owned();
        let expected = table_fields()
            .iter()
            .filter(|field| field.is_of(kind))
            .map(row)
            .fold(head, |table, row| table + &row);
        assert_eq!(
            table("docs/notifications.md", name),
            expected,
            "the table that belongs below <!-- {name} --> is:\n{expected}"
        );
    }
}

#[test]
fn the_schema_of_the_configuration_file_is_that_of_the_settings() {
    let expected = serde_json::to_string_pretty(&config_schema()).unwrap() + "\n";
    assert!(
        read("config/macaque.schema.json") == expected,
        "write it anew: cargo run -- config schema > config/macaque.schema.json"
    );
}

#[test]
fn the_page_about_notifications_lists_every_template_with_its_service() {
    let rows = table("docs/notifications.md", "templates");
    let rows: Vec<_> = rows.lines().skip(2).collect();
    assert_eq!(rows.len(), BUILT_IN.len());
    for (template, row) in BUILT_IN.iter().zip(rows) {
        let start = format!("| `{}` | {} | ", template.name, template.service);
        assert!(row.starts_with(&start), "{start}: {row}");
        for secret in template.secrets {
            assert!(row.contains(&format!("`secrets.{secret}`")), "{secret}: {row}");
        }
    }
}

/// The default of a field as the tables have it.
fn default_of(field: &TableField) -> String {
    match field.default {
        FieldDefault::Required => "required".to_owned(),
        FieldDefault::Absent => String::new(),
        FieldDefault::Toml(text) => format!("`{text}`"),
    }
}

#[test]
fn the_page_about_guards_has_a_row_for_every_guard() {
    let text = read("docs/guards.md");
    for key in keys()
        .iter()
        .filter(|key| key.section() == "guards" && key.name() != "nodes_unready")
    {
        let row = format!("\n| `{}` | ", key.name());
        assert!(text.contains(&row), "a row of {} below ## The guards", key.name());
    }
}

#[test]
fn the_page_about_targets_lists_every_rule_in_the_order_of_the_checks() {
    let head = "| rule | exempts | how to change it |\n|---|---|---|\n".to_owned();
    let row =
        |rule: &EligibilityRule| format!("| `{}` | {} | {} |\n", rule.name, rule.doc, rule.how_to_change());
    let mut expected = rules().iter().map(row).fold(head, |table, row| table + &row);
    // No rule of a pod: the journal knows which owners are in cooldown.
    expected += "| `cooldown` | pods of an owner that had a pod disrupted recently | `limits.cooldown` |\n";

    assert_eq!(
        table("docs/targets.md", "rules"),
        expected,
        "the table that belongs below <!-- rules --> is:\n{expected}"
    );
}

#[test]
fn the_readmes_two_commands_are_those_of_ci_and_of_the_task_runner() {
    let commands = console_commands();
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
fn each_promise_names_a_test_that_exists() {
    let mut promises = 0;
    for row in tables("docs/guarantees.md", "promises")
        .iter()
        .flat_map(|table| table.lines().skip(2))
    {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let tests: Vec<_> = cells[2]
            .split(", ")
            .filter(|cell| cell.starts_with('`'))
            .collect();
        assert!(!tests.is_empty(), "a test of the promise {:?}", cells[1]);
        for test in tests {
            let (suite, name) = test.trim_matches('`').rsplit_once("::").unwrap();
            // A law has parameters.
            let wanted = format!("fn {name}(");
            let found = suite_files(suite).iter().any(|file| read(file).contains(&wanted));
            assert!(found, "{test} of the promise {:?}", cells[1]);
        }
        promises += 1;
    }
    assert!(promises >= 31, "{promises} promises: none is dropped");
}

/// The source files of a suite: `integration::rounds` is below `tests`, `core::laws::journal` below `crates/core/tests`,
/// `unit::health` below `src`.
fn suite_files(suite: &str) -> Vec<String> {
    let path = suite.replace("::", "/");
    let path = match path.split_once('/') {
        Some((member @ ("core" | "sandbox"), rest)) => format!("crates/{member}/tests/{rest}"),
        Some(("unit", rest)) => format!("src/{rest}"),
        _ => format!("tests/{path}"),
    };

    let mut files = source_files(&path);
    let module = format!("{path}.rs");
    if root().join(&module).is_file() {
        files.push(module);
    }
    files
}

/// The source files below a directory of the repository, at any depth.
fn source_files(directory: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(root().join(directory)) else {
        return Vec::new();
    };

    let mut files = Vec::new();
    for entry in entries.map(Result::unwrap) {
        let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
        if entry.file_type().unwrap().is_dir() {
            files.extend(source_files(&path));
        } else if path.ends_with(".rs") {
            files.push(path);
        }
    }
    files
}

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_command_line_page_and_the_help_list_the_same_exit_codes() {
    let help = help();
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    // A line that goes on with a code's meaning begins with more spaces.
    let listed: Vec<_> = codes
        .lines()
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(listed, ["0", "1", "2", "3", "4", "5", "6", "7", "70", "75"]);
    assert_eq!(first_cells(&table("docs/cli.md", "exit codes")), listed);
}

#[test]
fn the_command_line_page_lists_every_status_of_a_round() {
    let listed = first_cells(&table("docs/cli.md", "statuses"));
    assert_eq!(listed, RoundStatus::ALL.map(RoundStatus::as_str));
}

#[test]
fn the_variables_that_are_no_settings_are_in_the_configuration_page_the_help_and_the_tutorial() {
    for text in [help(), read("docs/configuration.md"), read("config/macaque.toml")] {
        for variable in ["MACAQUE_CONFIG", "MACAQUE_POD_NAME", "MACAQUE_POD_NAMESPACE"] {
            assert!(
                text.split(|c: char| !c.is_ascii_uppercase() && c != '_')
                    .any(|word| word == variable),
                "{variable}"
            );
        }
    }
}

#[cfg(feature = "sandbox")]
#[test]
fn the_table_of_commands_lists_those_of_the_help() {
    let help = help();
    let (_, listed) = help.split_once("Commands:\n").unwrap();
    let mut expected: Vec<_> = listed
        .lines()
        .take_while(|line| !line.is_empty())
        // What an indentation of two does not begin continues the line before.
        .filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    expected.sort_unstable();
    assert!(expected.len() >= 7, "{expected:?}");

    let text = read("docs/cli.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `macaque "));
    let mut names: Vec<_> = rows.filter_map(|row| row.split(['`', ' ']).next()).collect();
    names.sort_unstable();
    // A command of several has a row for each.
    names.dedup();
    assert_eq!(names, expected, "the table of commands of docs/cli.md");
}

#[test]
fn every_command_of_the_table_exists() {
    let text = read("docs/cli.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `macaque "));
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
