//! Validates the resources that containers request, and reads quantities (`apimachinery/pkg/api/resource`).

use serde_json::{Map, Value};

use crate::wire::status_error::FieldError;

/// The suffixes of quantities, with the factor of each.
const SUFFIXES: [(&str, f64); 16] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
    ("", 1.0),
];

/// The errors of a container's requests and limits.
pub(super) fn errors(resources: &Value, path: &str) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for list in ["limits", "requests"] {
        for (name, amount) in fields(&resources[list]) {
            if quantity(amount).is_some_and(|amount| amount < 0.0) {
                let path = format!("{path}.{list}[{name}]");
                let why = "must be greater than or equal to 0";
                errors.push(FieldError::invalid(path, &shown(amount), why));
            }
        }
    }

    for (name, request) in fields(&resources["requests"]) {
        let limit = &resources["limits"][name];
        if let (Some(requested), Some(most)) = (quantity(request), quantity(limit))
            && requested > most
        {
            let limit = shown(limit);
            let why = format!(
                "must be less than or equal to {name} limit of {}",
                limit.trim_matches('"')
            );
            errors.push(FieldError::invalid(
                format!("{path}.requests"),
                &shown(request),
                &why,
            ));
        }
    }
    errors
}

/// The size of a quantity; `None` if it is malformed or absent.
pub(crate) fn quantity(amount: &Value) -> Option<f64> {
    let text = match amount {
        Value::String(text) => text.as_str(),
        Value::Number(number) => return number.as_f64(),
        _ => return None,
    };

    // An exponent is read with the number; the suffix E alone stands for exa.
    if let Ok(number) = text.parse::<f64>() {
        return text
            .ends_with(|last: char| last.is_ascii_digit() || last == '.')
            .then_some(number);
    }
    let (suffix, factor) = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix))?;
    let number = text.strip_suffix(suffix)?;
    let is_number = number.ends_with(|last: char| last.is_ascii_digit() || last == '.');
    let number: f64 = number.parse().ok()?;
    is_number.then_some(number * factor)
}

fn shown(amount: &Value) -> String {
    match amount {
        Value::String(_) => amount.to_string(),
        other => format!("\"{other}\""),
    }
}

fn fields(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().into_iter().flat_map(Map::iter)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn quantities_are_numbers_with_a_suffix() {
        let table = [
            (json!("1"), Some(1.0)),
            (json!("250m"), Some(0.25)),
            (json!("1.5Gi"), Some(1_610_612_736.0)),
            (json!("2e3"), Some(2000.0)),
            (json!("1E"), Some(1e18)),
            (json!(-1), Some(-1.0)),
            (json!("many"), None),
            (json!("inf"), None),
            (json!("Ki"), None),
            (json!(null), None),
        ];

        for (amount, size) in table {
            assert_eq!(quantity(&amount), size, "{amount}");
        }
    }
}
