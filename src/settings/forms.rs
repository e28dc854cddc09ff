//! What the values of settings may be: the words, bounds and patterns that the tables of settings hold, the decoders check
//! and the schema shows.

use std::fmt;
use std::ops::RangeInclusive;

use macaque_core::config::VictimCount;

use crate::notify::MessageKind;

/// What a text may be. White space around it does not count.
#[derive(Debug, Clone, Copy)]
pub enum TextForm {
    /// Any text, such as one of these.
    Any(&'static [&'static str]),
    /// One of these words, in any letter case.
    Words(fn() -> Vec<&'static str>),
    /// A text that matches a regular expression, such as one of these. The expression refuses nothing that the decoder
    /// takes, and leaves the finer mistakes to it.
    Like(&'static str, &'static [&'static str]),
}

/// The bounds of a whole number, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberBounds {
    /// The lowest.
    pub least: usize,
    /// The highest.
    pub most: usize,
}

impl NumberBounds {
    /// The numbers from `least` to `most`.
    pub(super) const fn new(least: usize, most: usize) -> Self {
        Self { least, most }
    }

    /// The bounds as a range.
    pub(super) fn range(self) -> RangeInclusive<usize> {
        self.least..=self.most
    }
}

/// One form that a setting of several types takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueForm {
    /// `true`, or the word `on`.
    True,
    /// `false`, or the word `off`, for a setting that is on or off.
    False,
    /// `false`, or the word `off`, for a setting that holds something else if it is on.
    Off,
    /// A whole number from 0.
    UpTo(i64),
    /// A share from `0%` to `100%`, such as this one.
    Percent(&'static str),
    /// A whole number within bounds that exclude 0.
    Within(NumberBounds),
    /// A share from `1%` to `100%`, such as this one.
    Share(&'static str),
    /// A range of numbers from 1 to 100, such as this one.
    Range(&'static str),
    /// A word, in any letter case.
    Word(&'static str),
}

/// The form as a mistake names it, as TOML has it.
impl fmt::Display for ValueForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::True => f.write_str("true"),
            Self::False => f.write_str("false"),
            Self::Off => f.write_str("\"off\""),
            Self::UpTo(most) => write!(f, "0 to {most}"),
            Self::Percent(example) | Self::Share(example) => {
                write!(f, "a percentage such as \"{example}\"")
            }
            Self::Within(NumberBounds { least, most }) => write!(f, "{least} to {most}"),
            Self::Range(example) => write!(f, "a range such as \"{example}\""),
            Self::Word(word) => write!(f, "\"{word}\""),
        }
    }
}

/// A workload of more pods is better asked for a percentage.
pub(super) const MOST_READY: i64 = 100;
/// More pods that leave at once are as good as none that are counted.
pub(super) const MOST_DRAINS: i64 = 1000;
/// More strikes are as good as none that are counted.
pub(super) const MOST_STRIKES: i64 = 100;

/// More victims per round are an outage, not an experiment.
pub(super) const VICTIMS: NumberBounds = NumberBounds::new(1, VictimCount::MOST);
/// The forms of the number of victims per round.
pub(super) const VICTIM_COUNT: &[ValueForm] = &[
    ValueForm::Within(VICTIMS),
    ValueForm::Share("30%"),
    ValueForm::Range("1-3"),
];
/// Each attempt may last as long as a request to the API server; more of them would outlast any schedule.
pub(super) const ATTEMPTS: NumberBounds = NumberBounds::new(1, 1000);
/// The attempts after a refusal by a webhook, which may be none.
pub(super) const MORE_ATTEMPTS: NumberBounds = NumberBounds::new(0, ATTEMPTS.most);
/// A higher limit over time is as good as none.
pub(super) const OVER_TIME: NumberBounds = NumberBounds::new(1, 100_000);
/// The journal holds no more recoveries.
pub(super) const IN_FLIGHT: NumberBounds = NumberBounds::new(1, 40);
/// Larger numbers are no longer whole in programs that read numbers as doubles.
pub(super) const SEEDS: NumberBounds = NumberBounds::new(0, (1 << 53) - 1);
/// The statuses that can mean go.
pub(super) const STATUSES: NumberBounds = NumberBounds::new(200, 599);

/// Stands for every kind of message.
pub(super) const ALL_KINDS: &str = "all";
/// Stands for no kind of message: an environment variable cannot hold an empty list.
pub(super) const NO_KINDS: &str = "none";

/// The words that a list of kinds of messages may hold.
pub(super) fn kind_words() -> Vec<&'static str> {
    let kinds = MessageKind::ALL.map(MessageKind::as_str);
    kinds.into_iter().chain([ALL_KINDS, NO_KINDS]).collect()
}

/// Any text.
pub(super) const ANY: TextForm = TextForm::Any(&[]);
/// The kinds of messages.
pub(super) const KINDS: TextForm = TextForm::Words(kind_words);
/// The name of a namespace, or `*` for all of them.
pub(super) const NAMESPACE: TextForm =
    TextForm::Like(r"^\s*(\*|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)\s*$", &["shop", "*"]);
/// The name of a gate, a channel or a route.
pub(super) const NAME: TextForm = TextForm::Like(r"^\s*[A-Za-z0-9][A-Za-z0-9._-]{0,62}\s*$", &[]);
/// The place of the journal. Nothing means `auto`.
pub(super) const JOURNAL: TextForm = TextForm::Like(
    r"^\s*([Aa][Uu][Tt][Oo]|[Mm][Ee][Mm][Oo][Rr][Yy]|configmap/[a-z0-9.-]+)?\s*$",
    &["auto", "memory", "configmap/macaque-journal"],
);
/// Where the history is kept.
pub(super) const HISTORY: TextForm = TextForm::Like(
    r"^\s*([Aa][Uu][Tt][Oo]|[Oo][Ff][Ff]|configmap/[a-z0-9.-]+)?\s*$",
    &["auto", "off", "configmap/macaque-history"],
);
/// A number with its unit, or several: the parser of durations knows many spellings of units.
pub(super) const DURATION: &str = "[0-9]\\s*[a-zµμ:]";
/// A percentage.
pub(super) const PERCENT: &str = r"^\s*0*(100|[0-9]?[0-9])\s*%\s*$";
/// A percentage that is not zero.
pub(super) const SHARE: &str = r"^\s*0*(100|[1-9][0-9]?)\s*%\s*$";
/// Two numbers from 1 to 100. Which is the higher is left to the decoder.
pub(super) const RANGE: &str = r"^\s*0*(100|[1-9][0-9]?)\s*-\s*0*(100|[1-9][0-9]?)\s*$";
