//! Label selectors, as list queries write them and as budgets and controllers hold them.

use serde_json::{Map, Value};

/// What a label selector asks of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
enum LabelRequirement {
    In(String, Vec<String>),
    NotIn(String, Vec<String>),
    Exists(String),
    Absent(String),
}

/// Requirements that all must hold; none match everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LabelSelector(Vec<LabelRequirement>);

impl LabelSelector {
    /// Reads the query form: `app=web,tier!=db,env in (a,b),!legacy`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let clauses = split_clauses(text);
        let requirements = clauses.into_iter().filter(|clause| !clause.trim().is_empty());
        requirements
            .map(|clause| requirement(clause.trim()))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads the object form; `None` is a selector that matches nothing, an error one that is invalid.
    pub(crate) fn from_object(selector: Option<&Value>) -> Result<Option<Self>, String> {
        let Some(selector) = selector.filter(|selector| !selector.is_null()) else {
            return Ok(None);
        };
        let mut requirements = Vec::new();
        for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
            requirements.push(LabelRequirement::In(
                key.clone(),
                vec![value.as_str().unwrap_or_default().to_owned()],
            ));
        }
        for expression in selector["matchExpressions"].as_array().into_iter().flatten() {
            requirements.push(expression_requirement(expression)?);
        }
        Ok(Some(Self(requirements)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn matches(&self, labels: Option<&Map<String, Value>>) -> bool {
        let value = |key: &str| labels.and_then(|labels| labels.get(key)).and_then(Value::as_str);
        self.0.iter().all(|requirement| match requirement {
            LabelRequirement::In(key, wanted) => {
                value(key).is_some_and(|value| wanted.iter().any(|w| w == value))
            }
            LabelRequirement::NotIn(key, unwanted) => {
                !value(key).is_some_and(|value| unwanted.iter().any(|u| u == value))
            }
            LabelRequirement::Exists(key) => value(key).is_some(),
            LabelRequirement::Absent(key) => value(key).is_none(),
        })
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

fn requirement(clause: &str) -> Result<LabelRequirement, String> {
    if let Some(key) = clause.strip_prefix('!') {
        return Ok(LabelRequirement::Absent(key_of(key)?));
    }
    for (operator, negated) in [("!=", true), ("==", false), ("=", false)] {
        if let Some((key, value)) = clause.split_once(operator) {
            let (key, values) = (key_of(key)?, vec![value_of(value)?]);
            return Ok(if negated {
                LabelRequirement::NotIn(key, values)
            } else {
                LabelRequirement::In(key, values)
            });
        }
    }
    let Some((head, rest)) = clause.split_once('(') else {
        return Ok(LabelRequirement::Exists(key_of(clause)?));
    };
    let Some(list) = rest.trim_end().strip_suffix(')') else {
        return Err(format!(
            "unable to parse requirement: found '{clause}', expected: ',' or ')'"
        ));
    };
    let values = list.split(',').map(value_of).collect::<Result<Vec<_>, _>>()?;
    match head.split_whitespace().collect::<Vec<_>>().as_slice() {
        [key, "in"] => Ok(LabelRequirement::In(key_of(key)?, values)),
        [key, "notin"] => Ok(LabelRequirement::NotIn(key_of(key)?, values)),
        _ => Err(format!(
            "unable to parse requirement: found '{clause}', expected: in, notin"
        )),
    }
}

fn expression_requirement(expression: &Value) -> Result<LabelRequirement, String> {
    let key = expression["key"].as_str().unwrap_or_default().to_owned();
    let listed = expression["values"].as_array().into_iter().flatten();
    let values: Vec<String> = listed.filter_map(Value::as_str).map(str::to_owned).collect();
    match (
        expression["operator"].as_str().unwrap_or_default(),
        values.is_empty(),
    ) {
        ("In", false) => Ok(LabelRequirement::In(key, values)),
        ("NotIn", false) => Ok(LabelRequirement::NotIn(key, values)),
        ("Exists", true) => Ok(LabelRequirement::Exists(key)),
        ("DoesNotExist", true) => Ok(LabelRequirement::Absent(key)),
        (operator, _) => Err(format!(
            "{operator:?} is not a valid label selector operator for its values"
        )),
    }
}

fn key_of(text: &str) -> Result<String, String> {
    let key = text.trim();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_./".contains(letter);
    if key.is_empty() || !key.chars().all(allowed) {
        return Err(format!(
            "unable to parse requirement: found '{key}', expected: identifier"
        ));
    }
    Ok(key.to_owned())
}

fn value_of(text: &str) -> Result<String, String> {
    let value = text.trim();
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if value.len() > 63 || !value.chars().all(allowed) {
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

    fn picks(selector: &str, labels: &Value) -> bool {
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
            assert_eq!(picks(selector, &labels), expected, "{selector}");
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
