//! Label selectors, as `kubectl -l` takes them.

mod label;
mod parse;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use label::check_value;
pub use parse::SelectorError;

/// A label selector: requirements that must all hold. The default has none, and selects every pod.
///
/// | written | selects a pod that |
/// |---|---|
/// | `app=web`, `app==web` | has the label with this value |
/// | `app!=web` | does not have the label with this value, or does not have the label |
/// | `app in (web,shop)` | has the label with one of these values |
/// | `app notin (web,shop)` | does not have the label with any of these values, or does not have the label |
/// | `app` | has the label |
/// | `!app` | does not have the label |
/// | `zone>3`, `zone<7` | has the label, and its value is a whole number above, or below |
///
/// Keys and values obey Kubernetes' rules for labels. A selector prints its requirements sorted and in their shortest
/// form, which reads as the same selector and which the API server takes as `labelSelector`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    requirements: BTreeSet<LabelRequirement>,
}

/// One requirement: the condition on one label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct LabelRequirement {
    key: String,
    condition: LabelCondition,
}

/// The condition on the value of one label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum LabelCondition {
    Present,
    Absent,
    /// At least one value.
    In(BTreeSet<String>),
    /// At least one value.
    NotIn(BTreeSet<String>),
    Above(i64),
    Below(i64),
}

impl Selector {
    /// Whether pods with these labels are selected.
    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements
            .iter()
            .all(|requirement| requirement.condition.accepts(labels.get(&requirement.key)))
    }

    /// The selector that requires the label `key` to have one of `values` too; the same selector if there are no values.
    pub fn with_values(&self, key: &str, values: &BTreeSet<String>) -> Self {
        let mut requirements = self.requirements.clone();
        if !values.is_empty() {
            requirements.insert(LabelRequirement {
                key: key.to_owned(),
                condition: LabelCondition::In(values.clone()),
            });
        }
        Self { requirements }
    }

    /// Whether a pod whose label `key` has this value can be selected, whatever its other labels are.
    pub fn allows(&self, key: &str, value: &String) -> bool {
        let mut about_key = self
            .requirements
            .iter()
            .filter(|requirement| requirement.key == key);
        about_key.all(|requirement| requirement.condition.accepts(Some(value)))
    }

    /// Whether the selector has no requirement, and so selects every pod.
    pub fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }
}

impl LabelCondition {
    fn accepts(&self, value: Option<&String>) -> bool {
        let number = || value.and_then(|value| value.parse::<i64>().ok());

        match self {
            Self::Present => value.is_some(),
            Self::Absent => value.is_none(),
            Self::In(values) => value.is_some_and(|value| values.contains(value)),
            Self::NotIn(values) => value.is_none_or(|value| !values.contains(value)),
            Self::Above(limit) => number().is_some_and(|number| number > *limit),
            Self::Below(limit) => number().is_some_and(|number| number < *limit),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, requirement) in self.requirements.iter().enumerate() {
            write!(f, "{}{requirement}", if nth == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

impl fmt::Display for LabelRequirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;

        match &self.condition {
            LabelCondition::Present => write!(f, "{key}"),
            LabelCondition::Absent => write!(f, "!{key}"),
            LabelCondition::In(values) => write_values(f, key, ["=", " in "], values),
            LabelCondition::NotIn(values) => write_values(f, key, ["!=", " notin "], values),
            LabelCondition::Above(limit) => write!(f, "{key}>{limit}"),
            LabelCondition::Below(limit) => write!(f, "{key}<{limit}"),
        }
    }
}

/// Writes a condition on values, in its short form if there is only one.
fn write_values(
    f: &mut fmt::Formatter<'_>,
    key: &str,
    [one_value, several_values]: [&str; 2],
    values: &BTreeSet<String>,
) -> fmt::Result {
    let list: Vec<&str> = values.iter().map(String::as_str).collect();

    match list[..] {
        [value] => write!(f, "{key}{one_value}{value}"),
        _ => write!(f, "{key}{several_values}({})", list.join(",")),
    }
}

#[cfg(test)]
mod tests;
