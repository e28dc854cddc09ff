//! Parses a label selector, or says which requirement is wrong and why.

use std::collections::BTreeSet;
use std::str::FromStr;

use super::label::{check_key, check_value};
use super::{LabelCondition, LabelRequirement, Selector};

/// The reason why a text is not a label selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("selector requirement `{requirement}`: {why}")]
pub struct SelectorError {
    requirement: String,
    why: String,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }

        let parse = |part: &str| {
            let part = part.trim();
            parse_requirement(part).map_err(|why| SelectorError {
                requirement: part.to_owned(),
                why,
            })
        };

        let requirements = split_requirements(text)
            .into_iter()
            .map(parse)
            .collect::<Result<_, _>>()?;
        Ok(Self { requirements })
    }
}

/// Splits `text` at the commas outside parentheses.
fn split_requirements(text: &str) -> Vec<&str> {
    let mut in_parentheses = false;

    text.split(|character| {
        in_parentheses = match character {
            '(' => true,
            ')' => false,
            _ => in_parentheses,
        };
        character == ',' && !in_parentheses
    })
    .collect()
}

fn parse_requirement(text: &str) -> Result<LabelRequirement, String> {
    if text.is_empty() {
        return Err("it is empty: remove the extra comma".to_owned());
    }
    if let Some(key) = text.strip_prefix('!') {
        return with_checked_key(key.trim_start(), LabelCondition::Absent);
    }

    let end = text.find(|c: char| c.is_whitespace() || "=!<>()".contains(c));
    let (key, rest) = text.split_at(end.unwrap_or(text.len()));
    with_checked_key(key, parse_condition(rest.trim_start())?)
}

fn with_checked_key(key: &str, condition: LabelCondition) -> Result<LabelRequirement, String> {
    check_key(key)?;
    let key = key.to_owned();
    Ok(LabelRequirement { key, condition })
}

/// Parses the text after the key: an operator and its values, or nothing.
fn parse_condition(text: &str) -> Result<LabelCondition, String> {
    if text.is_empty() {
        return Ok(LabelCondition::Present);
    }

    if let Some(value) = text.strip_prefix("==").or_else(|| text.strip_prefix('=')) {
        return parse_value(value).map(LabelCondition::In);
    }
    if let Some(value) = text.strip_prefix("!=") {
        return parse_value(value).map(LabelCondition::NotIn);
    }
    if let Some(value) = text.strip_prefix('>') {
        return parse_number(value).map(LabelCondition::Above);
    }
    if let Some(value) = text.strip_prefix('<') {
        return parse_number(value).map(LabelCondition::Below);
    }

    let end = text.find(|c: char| c.is_whitespace() || c == '(');
    let (operator, values) = text.split_at(end.unwrap_or(text.len()));
    match operator {
        "in" => parse_values(operator, values).map(LabelCondition::In),
        "notin" => parse_values(operator, values).map(LabelCondition::NotIn),
        _ => Err(format!(
            "`{text}` is not an operator and a value: use =, ==, !=, in (…), notin (…), > and <"
        )),
    }
}

fn parse_value(value: &str) -> Result<BTreeSet<String>, String> {
    let value = value.trim();
    check_value(value)?;
    Ok(BTreeSet::from([value.to_owned()]))
}

fn parse_values(operator: &str, values: &str) -> Result<BTreeSet<String>, String> {
    let inner = values
        .trim()
        .strip_prefix('(')
        .and_then(|values| values.strip_suffix(')'));
    let inner =
        inner.ok_or_else(|| format!("`{operator}` takes its values in parentheses: {operator} (a,b)"))?;

    let parse = |value: &str| {
        let value = value.trim();
        check_value(value).map(|()| value.to_owned())
    };
    inner.split(',').map(parse).collect()
}

fn parse_number(value: &str) -> Result<i64, String> {
    let value = value.trim();
    if value.is_empty() {
        return Err("a number is missing after > or <".to_owned());
    }

    let is_digits = value.bytes().all(|byte| byte.is_ascii_digit());
    let number = if is_digits { value.parse().ok() } else { None };
    number.ok_or_else(|| {
        format!(
            "`{value}` is not a whole number from 0 to {}: > and < compare numbers",
            i64::MAX
        )
    })
}
