//! Label selectors, in the form of list queries and in the form of budgets and workloads.

use serde_json::{Map, Value};

/// A requirement of a label selector (`apimachinery/pkg/labels`).
#[derive(Debug, Clone, PartialEq, Eq)]
enum LabelRequirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    DoesNotExist(String),
}

/// A label selector: labels must meet all requirements. Without requirements it matches all labels.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<LabelRequirement>);

impl LabelSelector {
    /// Reads the query form, `app=web,tier!=db,env in (a,b),!legacy`; an error is the message for the client.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let clauses = split_clauses(text);
        let clauses = clauses.into_iter().map(str::trim);
        clauses
            .filter(|clause| !clause.is_empty())
            .map(parse_clause)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads the object form; `None` if there is no selector, which matches nothing.
    pub(crate) fn from_object(selector: Option<&Value>) -> Result<Option<Self>, String> {
        let Some(selector) = selector.filter(|selector| !selector.is_null()) else {
            return Ok(None);
        };

        let mut requirements = Vec::new();
        for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
            let value = value.as_str().unwrap_or_default().to_owned();
            requirements.push(LabelRequirement::In(key.clone(), vec![value]));
        }
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            requirements.push(parse_expression(expression)?);
        }
        Ok(Some(Self(requirements)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        self.0.iter().all(|requirement| requirement.holds_for(labels))
    }
}

impl LabelRequirement {
    fn holds_for(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = |key: &str| labels?.get(key)?.as_str();
        let is_among = |key: &str, values: &[String]| {
            value(key).is_some_and(|value| values.iter().any(|listed| listed == value))
        };

        match self {
            Self::In(key, values) => is_among(key, values),
            // An absent label is in no list, so `!=` and `notin` match it.
            Self::NotIn(key, values) => !is_among(key, values),
            Self::Exists(key) => value(key).is_some(),
            Self::DoesNotExist(key) => value(key).is_none(),
        }
    }
}

/// Splits at the commas outside parentheses.
fn split_clauses(text: &str) -> Vec<&str> {
    let mut depth = 0_usize;
    text.split(|letter| {
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        letter == ',' && depth == 0
    })
    .collect()
}

fn parse_clause(clause: &str) -> Result<LabelRequirement, String> {
    if let Some(key) = clause.strip_prefix('!') {
        return Ok(LabelRequirement::DoesNotExist(parse_key(key)?));
    }

    // `!=` comes first, because `=` is found in it too.
    for (operator, negated) in [("!=", true), ("==", false), ("=", false)] {
        if let Some((key, value)) = clause.split_once(operator) {
            let key = parse_key(key)?;
            let values = vec![parse_value(value)?];
            return Ok(if negated {
                LabelRequirement::NotIn(key, values)
            } else {
                LabelRequirement::In(key, values)
            });
        }
    }

    match clause.split_once('(') {
        Some((head, list)) => parse_set_clause(clause, head, list),
        None => Ok(LabelRequirement::Exists(parse_key(clause)?)),
    }
}

/// Reads `env in (a,b)` or `env notin (a,b)`, split at the opening parenthesis.
fn parse_set_clause(clause: &str, head: &str, list: &str) -> Result<LabelRequirement, String> {
    let Some(list) = list.trim_end().strip_suffix(')') else {
        return Err(format!(
            "unable to parse requirement: found '{clause}', expected: ',' or ')'"
        ));
    };
    let values = list.split(',').map(parse_value).collect::<Result<Vec<_>, _>>()?;

    match head.split_whitespace().collect::<Vec<_>>().as_slice() {
        [key, "in"] => Ok(LabelRequirement::In(parse_key(key)?, values)),
        [key, "notin"] => Ok(LabelRequirement::NotIn(parse_key(key)?, values)),
        _ => Err(format!(
            "unable to parse requirement: found '{clause}', expected: in, notin"
        )),
    }
}

/// Reads one entry of `matchExpressions`.
fn parse_expression(expression: &Value) -> Result<LabelRequirement, String> {
    let key = expression["key"].as_str().unwrap_or_default().to_owned();
    let operator = expression["operator"].as_str().unwrap_or_default();
    let listed = expression["values"].as_array().into_iter().flatten();
    let values: Vec<String> = listed.filter_map(Value::as_str).map(str::to_owned).collect();

    match (operator, values.is_empty()) {
        ("In", false) => Ok(LabelRequirement::In(key, values)),
        ("NotIn", false) => Ok(LabelRequirement::NotIn(key, values)),
        ("Exists", true) => Ok(LabelRequirement::Exists(key)),
        ("DoesNotExist", true) => Ok(LabelRequirement::DoesNotExist(key)),
        (operator, _) => Err(format!(
            "{operator:?} is not a valid label selector operator for its values"
        )),
    }
}

fn parse_key(text: &str) -> Result<String, String> {
    let key = text.trim();
    if let Some(next) = key.split_whitespace().nth(1) {
        return Err(format!(
            "unable to parse requirement: found '{next}', expected: in, notin, =, ==, !=, gt, lt"
        ));
    }
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    if key.is_empty() || !key.chars().all(is_allowed) {
        return Err(format!(
            "unable to parse requirement: found '{key}', expected: identifier"
        ));
    }
    Ok(key.to_owned())
}

fn parse_value(text: &str) -> Result<String, String> {
    let value = text.trim();
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if value.len() > 63 || !value.chars().all(is_allowed) {
        return Err(format!(
            "unable to parse requirement: values[0][]: Invalid value: {value:?}"
        ));
    }
    Ok(value.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(selector: &str, labels: &Value) -> bool {
        LabelSelector::parse(selector)
            .unwrap()
            .matches(labels.as_object())
    }

    #[test]
    fn every_operator_of_a_query_is_understood() {
        let labels = json!({"app": "web", "tier": "front"});
        for (selector, expected) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier=front", true),
            ("app!=web", false),
            ("color!=red", true),
            ("app in (web, api)", true),
            ("app notin (web,api)", false),
            ("color notin (red)", true),
            ("app", true),
            ("!app", false),
            ("!color,app in (web)", true),
        ] {
            assert_eq!(matches(selector, &labels), expected, "{selector}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for selector in ["=web", "app in web", "app in (web", "a b", "app=we b"] {
            assert!(LabelSelector::parse(selector).is_err(), "{selector}");
        }
    }

    #[test]
    fn an_absent_selector_matches_nothing_and_an_empty_one_everything() {
        assert_eq!(LabelSelector::from_object(None), Ok(None));
        assert!(
            LabelSelector::from_object(Some(&json!({})))
                .unwrap()
                .unwrap()
                .matches(None)
        );
        let invalid = json!({"matchExpressions": [{"key": "a", "operator": "In", "values": []}]});
        assert!(LabelSelector::from_object(Some(&invalid)).is_err());
    }
}
