//! The arguments and the environment of another tool, as it reads them.

use super::old_option::{OldKind, OldOption, OldSources, OldValue, OldVariable};
use crate::settings::SettingMistake;

/// How a tool writes its flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FlagStyle {
    /// The Go library kingpin: two dashes, `--no-` before a switch that is off, no flag twice.
    Kingpin,
    /// Go's own: one dash or two, and the last of several counts.
    Go,
}

/// An option that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct GivenOption {
    /// The option's name.
    pub(super) name: &'static str,
    /// The value; that of a switch is `true` or `false`.
    pub(super) value: OldValue,
    /// The flag or variable that gave it.
    pub(super) origin: String,
}

/// What a tool takes, and from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct OptionSyntax {
    /// The options.
    pub(super) options: &'static [OldOption],
    /// How flags are written.
    pub(super) style: FlagStyle,
    /// The beginning of every variable.
    pub(super) prefix: &'static str,
}

/// Splits arguments as a shell does; `None` if a quote is not closed.
pub fn split_words(text: &str) -> Option<Vec<String>> {
    // A line that goes on is one line; shlex would make a word of what ends it.
    shlex::split(&text.replace("\\\n", ""))
}

/// Reads a file of variables: `NAME=VALUE` a line, with or without `export` and quotes; `#` begins a comment.
///
/// # Errors
/// The lines that are no variables.
pub fn read_env_file(text: &str) -> Result<Vec<OldVariable>, Vec<SettingMistake>> {
    let mut variables = Vec::new();
    let mut mistakes = Vec::new();
    for (nth, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let assignment = line.strip_prefix("export ").unwrap_or(line).split_once('=');
        match assignment {
            Some((name, value)) if !name.trim().is_empty() => variables.push(OldVariable {
                name: name.trim().to_owned(),
                value: OldValue::Text(unquoted(value.trim()).to_owned()),
            }),
            _ => mistakes.push(mistake(
                &format!("--env-file line {}", nth + 1),
                "is not a variable",
                "write NAME=VALUE",
            )),
        }
    }

    if mistakes.is_empty() {
        Ok(variables)
    } else {
        Err(mistakes)
    }
}

fn unquoted(value: &str) -> &str {
    let inner = ['"', '\''].into_iter().find_map(|quote| {
        let inner = value.strip_prefix(quote)?;
        inner.strip_suffix(quote)
    });
    inner.unwrap_or(value)
}

impl OptionSyntax {
    /// The options that were given; flags win over the environment. Mistakes are added to the list.
    pub(super) fn read(&self, sources: &OldSources, mistakes: &mut Vec<SettingMistake>) -> Vec<GivenOption> {
        let mut given = self.read_args(&sources.args, mistakes);
        for variable in &sources.env {
            let Some(option) = self.of_variable(&variable.name, mistakes) else {
                continue;
            };
            let is_flag = given.iter().any(|given| given.name == option.name);
            if !is_flag && variable.value != OldValue::Text(String::new()) {
                given.push(GivenOption {
                    name: option.name,
                    value: variable.value.clone(),
                    origin: variable.name.clone(),
                });
            }
        }
        given
    }

    /// The variable of an option.
    pub(super) fn variable(&self, option: &OldOption) -> String {
        let name = option.name.replace('-', "_").to_uppercase();
        format!("{}{name}", self.prefix)
    }

    fn of_variable(&self, name: &str, mistakes: &mut Vec<SettingMistake>) -> Option<&'static OldOption> {
        let found = self.options.iter().find(|option| self.variable(option) == name);
        if found.is_none() && name.starts_with(self.prefix) {
            let names = self.options.iter().map(|option| self.variable(option)).collect();
            mistakes.push(unknown(name, "variable", names));
        }
        found
    }

    fn read_args(&self, args: &[String], mistakes: &mut Vec<SettingMistake>) -> Vec<GivenOption> {
        let mut given: Vec<GivenOption> = Vec::new();
        let mut rest = args;
        while let Some((word, after)) = rest.split_first() {
            let nth = args.len() - rest.len();
            rest = after;
            let Some(written) = self.flag_of(word) else {
                mistakes.push(unexpected(nth, args));
                continue;
            };

            let (name, inline) = match written.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (written, None),
            };
            let next = after.first().filter(|_| inline.is_none());
            // What follows a flag and is none is its value, even if the tool would not take it.
            let is_value = next.is_some_and(|next| self.flag_of(next).is_none());
            let next = next.map(String::as_str).filter(|next| !next.starts_with('-'));
            let flag = format!("{}{name}", self.dashes());
            let Some((option, is_off)) = self.option_of(name) else {
                let names = self.options.iter().map(|option| self.flag(option)).collect();
                mistakes.push(unknown(&flag, "flag", names));
                rest = &after[usize::from(is_value)..];
                continue;
            };

            if option.kind != OldKind::Switch {
                rest = &after[usize::from(is_value)..];
            }
            match value_of(option, &flag, is_off, inline, next) {
                Err(mistake) => mistakes.push(mistake),
                Ok(_) if self.is_repeated(option, &given) => {
                    mistakes.push(mistake(&flag, "is given twice", "give it once"));
                }
                Ok(value) => {
                    given.retain(|given| given.name != option.name);
                    given.push(GivenOption {
                        name: option.name,
                        value: OldValue::Text(value),
                        origin: flag,
                    });
                }
            }
        }
        given
    }

    fn is_repeated(&self, option: &OldOption, given: &[GivenOption]) -> bool {
        self.style == FlagStyle::Kingpin && given.iter().any(|given| given.name == option.name)
    }

    /// A flag without its dashes.
    fn flag_of<'a>(&self, word: &'a str) -> Option<&'a str> {
        let long = word.strip_prefix("--");
        let short = word.strip_prefix('-').filter(|_| self.style == FlagStyle::Go);
        long.or(short).filter(|name| !name.is_empty())
    }

    fn option_of(&self, name: &str) -> Option<(&'static OldOption, bool)> {
        let named = |name: &str| self.options.iter().find(|option| option.name == name);
        let off = || {
            let option = named(name.strip_prefix("no-")?)?;
            let takes_no = option.kind == OldKind::Switch && self.style == FlagStyle::Kingpin;
            takes_no.then_some((option, true))
        };
        named(name).map(|option| (option, false)).or_else(off)
    }

    fn dashes(&self) -> &'static str {
        match self.style {
            FlagStyle::Kingpin => "--",
            FlagStyle::Go => "-",
        }
    }

    pub(super) fn flag(&self, option: &OldOption) -> String {
        format!("{}{}", self.dashes(), option.name)
    }
}

/// The value of a flag: a switch is on or off and takes none; any other needs one, after a `=` or as the `next` word.
fn value_of(
    option: &OldOption,
    flag: &str,
    is_off: bool,
    inline: Option<&str>,
    next: Option<&str>,
) -> Result<String, SettingMistake> {
    if option.kind == OldKind::Switch {
        let right = format!("write --{0} or --no-{0}", option.name);
        return if inline.is_some() {
            Err(mistake(flag, "takes no value", &right))
        } else {
            Ok((!is_off).to_string())
        };
    }

    let right = format!("write {flag}=VALUE");
    let value = inline.or(next).map(str::to_owned);
    value.ok_or_else(|| mistake(flag, "has no value", &right))
}

/// An argument that is no flag. It is not shown, for it may be a secret.
fn unexpected(nth: usize, args: &[String]) -> SettingMistake {
    let before = nth.checked_sub(1).and_then(|before| args.get(before));
    let flag = before.and_then(|before| before.split('=').next());
    let place = match flag.filter(|flag| flag.starts_with('-')) {
        Some(flag) => format!("argument {}, after {flag}", nth + 1),
        None => format!("argument {}", nth + 1),
    };
    mistake(
        &place,
        "is not a flag",
        "write --FLAG=VALUE, and quotes around a value with blanks",
    )
}

fn unknown(name: &str, noun: &str, known: Vec<String>) -> SettingMistake {
    let distance = |known: &String| strsim::damerau_levenshtein(name, known);
    let nearest = known.into_iter().min_by_key(distance);
    let nearest = nearest.filter(|known| strsim::damerau_levenshtein(name, known) <= 1 + name.len() / 4);
    let right = match nearest {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => "remove it".to_owned(),
    };
    mistake(name, &format!("no {noun} has this name"), &right)
}

/// A mistake in a flag, a variable or a key of another tool.
pub(super) fn mistake(subject: &str, wrong: &str, right: &str) -> SettingMistake {
    SettingMistake {
        key: subject.to_owned(),
        source: None,
        wrong: wrong.to_owned(),
        right: Some(right.to_owned()),
    }
}
