//! `macaque man`: the manual pages, which come from the same declarations as the help.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

use super::Cli;
use super::{exit, output};
use crate::telemetry;

/// The flags of `macaque man`.
#[derive(Debug, Args)]
pub(super) struct ManArgs {
    /// Command to print the page of [default: the page of macaque itself]
    #[arg(conflicts_with = "directory")]
    command: Vec<String>,
    /// Write all pages into this directory, which exists, one file each
    #[arg(long, value_name = "DIRECTORY")]
    directory: Option<PathBuf>,
}

/// Prints a page, or writes all; returns the process's exit code.
pub(super) fn run(args: &ManArgs) -> i32 {
    if let Some(directory) = &args.directory {
        return match write_all(directory) {
            Ok(()) => exit::OK,
            Err(error) => {
                let directory = directory.display();
                telemetry::print_error(&format!("--directory: cannot write into {directory}: {error}"));
                exit::USAGE
            }
        };
    }

    let name: Vec<_> = std::iter::once("macaque")
        .chain(args.command.iter().map(String::as_str))
        .collect();
    let name = name.join("-");
    let pages = pages();
    match pages.iter().find(|page| page_name(page) == name) {
        Some(page) => {
            output::write_raw(&text_of(page));
            exit::OK
        }
        None => {
            let known: Vec<_> = pages.iter().filter_map(command_words).collect();
            telemetry::print_error(&format!(
                "{:?} is not a command: use one of {}",
                args.command.join(" "),
                known.join(", ")
            ));
            exit::USAGE
        }
    }
}

fn write_all(directory: &Path) -> io::Result<()> {
    for page in pages() {
        fs::write(directory.join(format!("{}.1", page_name(&page))), text_of(&page))?;
    }
    Ok(())
}

/// macaque and all its commands, each with its full name.
fn pages() -> Vec<clap::Command> {
    fn add(command: &clap::Command, pages: &mut Vec<clap::Command>) {
        pages.push(command.clone());
        for subcommand in command.get_subcommands().filter(|command| !command.is_hide_set()) {
            add(subcommand, pages);
        }
    }

    // The pages of `help` would say what `--help` says.
    let mut macaque = Cli::command().disable_help_subcommand(true).bin_name("macaque");
    macaque.build();
    let mut pages = Vec::new();
    add(&macaque, &mut pages);
    pages
}

/// The name of the page of a command.
fn page_name(page: &clap::Command) -> &str {
    page.get_display_name().unwrap_or_else(|| page.get_name())
}

/// The words by which a command is called, after the program's name; `None` for the program.
fn command_words(page: &clap::Command) -> Option<String> {
    let words = page.get_bin_name()?.strip_prefix("macaque ")?;
    Some(words.to_owned())
}

/// The page of a command in the language of `man`.
fn text_of(page: &clap::Command) -> Vec<u8> {
    let version = env!("CARGO_PKG_VERSION");
    // Without a date, so that the same program prints the same page.
    let mut text = format!(".TH {} 1 \"\" \"macaque {version}\" macaque\n", page_name(page)).into_bytes();
    render(page, &mut text).expect("a vector takes everything");
    text
}

/// Writes the sections of the page, below its title. What follows the flags in the help is laid out here, because its
/// lines belong as they are.
fn render(page: &clap::Command, text: &mut Vec<u8>) -> io::Result<()> {
    let man = Man::new(page.clone());
    man.render_name_section(text)?;
    man.render_synopsis_section(text)?;
    man.render_description_section(text)?;
    man.render_options_section(text)?;
    if page.has_subcommands() {
        man.render_subcommands_section(text)?;
    }

    let mut rest = Roff::default();
    if let Some(after) = page.get_after_help() {
        add_paragraphs(&mut rest, &after.to_string());
    }
    if command_words(page).is_some() {
        rest.control("SH", ["SEE ALSO"]);
        rest.text([bold("macaque"), roman("(1)")]);
    }
    rest.to_writer(text)
}

/// Adds the paragraphs that follow the flags: one whose first line is a heading is a section, with its lines as they
/// are.
fn add_paragraphs(roff: &mut Roff, after: &str) {
    for paragraph in after.split("\n\n") {
        match paragraph.split_once(":\n") {
            Some((heading, lines)) if !heading.contains('\n') => {
                roff.control("SH", [heading.to_uppercase().as_str()]);
                roff.control("nf", []);
                for line in lines.lines() {
                    roff.text([roman(line)]);
                }
                roff.control("fi", []);
            }
            _ => {
                roff.control("SH", ["NOTES"]);
                roff.text([roman(paragraph.trim_end())]);
            }
        }
    }
}
