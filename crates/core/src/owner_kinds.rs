//! The kinds of owners that a configuration names, in the words that kubectl takes.

mod known;

use std::fmt;
use std::str::FromStr;

use strsim::damerau_levenshtein;

pub use self::known::{KnownKind, known_kind, names_kind};

use self::known::{CRON_JOB, KINDS, is_dns_name, split_kind};
use crate::name_patterns::write_list;
use crate::pod::Pod;
use crate::words::either;

/// The kind of a pod without an owner.
const POD: &str = "Pod";

/// One kind of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerKind {
    /// The kind: `StatefulSet` for one that Kubernetes brings along, else the word, in lower case, singular or plural.
    pub kind: String,
    /// The API group; `None` for any.
    pub group: Option<String>,
    /// Whether the list excludes owners of the kind.
    pub excludes: bool,
}

/// The reason why a text names no kind of owners.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnerKindFault {
    /// What is wrong.
    pub wrong: &'static str,
    /// What would be right.
    pub right: String,
}

impl FromStr for OwnerKind {
    type Err = OwnerKindFault;

    fn from_str(text: &str) -> Result<Self, OwnerKindFault> {
        let (excludes, word) = match text.strip_prefix('!') {
            Some(word) => (true, word.trim_start()),
            None => (false, text),
        };
        let lower = word.to_lowercase();
        let (kind, group) = split_kind(&lower);
        let fault = |wrong, right| Err(OwnerKindFault { wrong, right });
        if kind.is_empty() {
            return fault("is empty", "name a kind, such as \"deployment\"".to_owned());
        }

        match known_kind(&lower) {
            Some(CRON_JOB) => {
                let right = "use \"job\": the owner of a CronJob's pod is its Job".to_owned();
                return fault("owns no pods", right);
            }
            Some(kind) => {
                let group = group.filter(|_| kind != POD).map(str::to_owned);
                let kind = kind.to_owned();
                return Ok(Self {
                    kind,
                    group,
                    excludes,
                });
            }
            None => {}
        }
        match group {
            // The group of a custom kind is a domain with a dot in it.
            Some(group) if group.contains('.') && is_dns_name(group) && is_dns_name(kind) => Ok(Self {
                kind: kind.to_owned(),
                group: Some(group.to_owned()),
                excludes,
            }),
            _ => fault("is not a known kind", what_was_meant(kind)),
        }
    }
}

/// What is right in place of a `kind` that is not known.
fn what_was_meant(kind: &str) -> String {
    let few = kind.len().max(3) / 3;
    let words = KINDS.iter().filter(|known| known.kind != CRON_JOB);
    let near = words.flat_map(|known| {
        let distances = known
            .words
            .iter()
            .map(|word| (damerau_levenshtein(kind, word), known.qualified()));
        distances.filter(|(edits, _)| *edits <= few)
    });
    match near.min_by_key(|(edits, _)| *edits) {
        Some((_, meant)) => format!("did you mean \"{meant}\"?"),
        None => {
            let owners = KINDS.iter().filter(|known| known.kind != CRON_JOB);
            let words: Vec<_> = owners.map(|known| format!("\"{}\"", known.qualified())).collect();
            format!(
                "use {}, or a kind with its group, such as \"widget.example.com\"",
                either(&words)
            )
        }
    }
}

impl OwnerKind {
    /// Whether `pod` has an owner of this kind; a pod without an owner is of the kind `Pod`.
    pub fn owns(&self, pod: &Pod) -> bool {
        let Some(owner) = &pod.owner else {
            return self.kind == POD;
        };

        names_kind(&owner.kind, &self.kind)
            && self
                .group
                .as_deref()
                .is_none_or(|group| pod.owner_group() == Some(group))
    }

    /// Whether every owner that `other` names is of this kind too.
    fn covers(&self, other: &Self) -> bool {
        let is_same = names_kind(&other.kind, &self.kind) || names_kind(&self.kind, &other.kind);
        is_same && (self.group.is_none() || self.group == other.group)
    }
}

impl fmt::Display for OwnerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.excludes { "!" } else { "" };
        write!(f, "{sign}{}", self.kind.to_lowercase())?;
        match &self.group {
            Some(group) => write!(f, ".{group}"),
            None => Ok(()),
        }
    }
}

/// A list of kinds: those that it excludes are out, and the others are in if it names them, or names none. The empty list
/// includes everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnerKinds(Vec<OwnerKind>);

impl OwnerKinds {
    /// The list of these kinds.
    pub fn new(kinds: Vec<OwnerKind>) -> Self {
        Self(kinds)
    }

    /// Whether the list names no kind, and so includes everything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The kinds in order.
    pub fn iter(&self) -> std::slice::Iter<'_, OwnerKind> {
        self.0.iter()
    }

    /// Whether the list includes the owner of `pod`.
    pub fn include(&self, pod: &Pod) -> bool {
        let names = |excludes| {
            let mut kinds = self.iter().filter(move |kind| kind.excludes == excludes);
            kinds.any(|kind| kind.owns(pod))
        };
        let only_excludes = self.iter().all(|kind| kind.excludes);
        !names(true) && (only_excludes || names(false))
    }

    /// A kind that the list includes, and the one of the list that excludes all of it.
    pub fn contradiction(&self) -> Option<(&OwnerKind, &OwnerKind)> {
        let (excluded, included): (Vec<_>, Vec<_>) = self.iter().partition(|kind| kind.excludes);
        included.into_iter().find_map(|kind| {
            let by = excluded.iter().find(|excluded| excluded.covers(kind))?;
            Some((kind, *by))
        })
    }

    /// The first kind that another one before it names too.
    pub fn duplicate(&self) -> Option<&OwnerKind> {
        let is_same = |a: &OwnerKind, b: &OwnerKind| a.excludes == b.excludes && a.covers(b) && b.covers(a);
        let mut kinds = self.0.iter().enumerate();
        let found = kinds.find(|(nth, kind)| self.0[..*nth].iter().any(|before| is_same(before, kind)));
        found.map(|(_, kind)| kind)
    }
}

impl<'a> IntoIterator for &'a OwnerKinds {
    type Item = &'a OwnerKind;
    type IntoIter = std::slice::Iter<'a, OwnerKind>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for OwnerKinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_list(f, &self.0)
    }
}

#[cfg(test)]
mod tests;
