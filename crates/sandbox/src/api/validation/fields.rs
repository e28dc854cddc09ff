//! Rules for single fields that many kinds share: least values, percentages, ports and enumerations.

use serde_json::Value;

use crate::store::object;
use crate::wire::status_error::FieldError;

const NOT_NEGATIVE: &str = "must be greater than or equal to 0";
const PERCENT_FORM: &str = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for \
    validation is '[0-9]+%')";

/// The errors of those of an object's numbers that are negative; absent ones are not.
pub(super) fn negative_numbers(object: &Value, path: &str, names: &[&str]) -> Vec<FieldError> {
    let negative = names
        .iter()
        .filter(|name| object[**name].as_i64().is_some_and(|number| number < 0));
    negative
        .map(|name| FieldError::invalid(format!("{path}.{name}"), &object[*name].to_string(), NOT_NEGATIVE))
        .collect()
}

/// The error of a number, or of a percentage, that is negative or neither of them.
pub(super) fn amount_error(amount: &Value, path: &str) -> Option<FieldError> {
    match amount {
        Value::Number(number) if number.as_i64().is_some_and(|number| number < 0) => {
            Some(FieldError::invalid(path, &number.to_string(), NOT_NEGATIVE))
        }
        Value::String(text) if percent(amount).is_none() => {
            Some(FieldError::invalid(path, &format!("{text:?}"), PERCENT_FORM))
        }
        _ => None,
    }
}

/// The error of a percentage beyond the whole.
pub(super) fn beyond_whole_error(amount: &Value, path: &str) -> Option<FieldError> {
    let is_beyond = percent(amount).is_some_and(|percent| percent > 100);
    is_beyond.then(|| FieldError::invalid(path, &amount.to_string(), "must not be greater than 100%"))
}

/// Whether an amount is zero or absent.
pub(super) fn is_zero(amount: &Value) -> bool {
    amount.as_i64().or_else(|| percent(amount)).unwrap_or_default() == 0
}

/// The number of a percentage; `None` if it is malformed.
fn percent(amount: &Value) -> Option<i64> {
    let digits = amount.as_str()?.strip_suffix('%')?;
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // A number beyond the range is beyond the whole, too.
    is_number.then(|| digits.parse().unwrap_or(i64::MAX))
}

/// The error of a text that is not one of the supported ones, in the order in which the server lists them; an absent
/// text has a default.
pub(super) fn choice_error(object: &Value, path: &str, name: &str, supported: &[&str]) -> Option<FieldError> {
    let text = object[name].as_str()?;
    if text.is_empty() || supported.contains(&text) {
        return None;
    }
    Some(FieldError::not_supported(
        format!("{path}.{name}"),
        &format!("{text:?}"),
        &quoted(supported),
    ))
}

/// The supported values of an enumeration, as messages list them.
pub(super) fn quoted(values: &[&str]) -> String {
    let quoted: Vec<String> = values.iter().map(|value| format!("{value:?}")).collect();
    quoted.join(", ")
}

/// The error of a port that is out of range.
pub(super) fn port_error(port: &Value, path: String) -> Option<FieldError> {
    range_error(port, path, 1, 65535)
}

/// The error of a number out of an inclusive range; an absent one is not.
pub(super) fn range_error(number: &Value, path: String, least: i64, most: i64) -> Option<FieldError> {
    let value = number.as_i64()?;
    let why = format!("must be between {least} and {most}, inclusive");
    (value < least || value > most).then(|| FieldError::invalid(path, &number.to_string(), &why))
}

/// The items of a list with their paths.
pub(super) fn items<'a>(
    object: &'a Value,
    path: &str,
    name: &str,
) -> impl Iterator<Item = (String, &'a Value)> {
    let list = object::list(&object[name], "");
    let path = format!("{path}.{name}");
    list.iter()
        .enumerate()
        .map(move |(index, item)| (format!("{path}[{index}]"), item))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_numbers_or_percentages() {
        let table = [
            (json!(0), true, true),
            (json!(-1), false, true),
            (json!("100%"), true, true),
            (json!("150%"), true, false),
            (json!("99999999999999999999%"), true, false),
            (json!("-5%"), false, true),
            (json!("5"), false, true),
            (json!("%"), false, true),
            (Value::Null, true, true),
        ];

        for (amount, is_well_formed, is_within_whole) in table {
            assert_eq!(amount_error(&amount, "a").is_none(), is_well_formed, "{amount}");
            assert_eq!(
                beyond_whole_error(&amount, "a").is_none(),
                is_within_whole,
                "{amount}"
            );
        }
    }
}
