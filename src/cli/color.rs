//! `--color`: whether what is printed for people is coloured.

use std::ffi::OsString;

use anstream::ColorChoice;
use clap::ValueEnum;

/// When output is coloured. JSON, YAML and files never are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorWhen {
    // On a terminal, unless NO_COLOR is set or TERM is dumb; and wherever CLICOLOR_FORCE is set.
    #[default]
    Auto,
    // Wherever it goes.
    Always,
    // Nowhere.
    Never,
}

impl ColorWhen {
    /// What the words of a command line ask for, also where they ask for help or are mistaken; the last one counts.
    pub(super) fn of(args: &[OsString]) -> Self {
        let words = args.iter().skip(1).map(|arg| arg.to_str().unwrap_or_default());
        let words: Vec<_> = words.take_while(|word| *word != "--").collect();
        let values = words.iter().enumerate().filter_map(|(index, word)| match *word {
            "--color" => words.get(index + 1).copied(),
            word => word.strip_prefix("--color="),
        });
        let mut known = values.filter_map(|value| Self::from_str(value, false).ok());
        known.next_back().unwrap_or_default()
    }

    /// Decides for everything that this process prints.
    pub(super) fn decide(self) {
        let choice = match self {
            Self::Auto => ColorChoice::Auto,
            Self::Always => ColorChoice::Always,
            Self::Never => ColorChoice::Never,
        };
        choice.write_global();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_the_command_line_decide_wherever_they_stand() {
        for (line, expected) in [
            ("macaque plan", ColorWhen::Auto),
            ("macaque --color never plan", ColorWhen::Never),
            ("macaque plan --color=always --help", ColorWhen::Always),
            ("macaque plan --color=always --color never", ColorWhen::Never),
            ("macaque plan --color=purple", ColorWhen::Auto),
            ("macaque plan --color", ColorWhen::Auto),
            ("macaque __complete -- --color=always", ColorWhen::Auto),
        ] {
            let args: Vec<_> = line.split(' ').map(OsString::from).collect();
            assert_eq!(ColorWhen::of(&args), expected, "{line}");
        }
    }
}
