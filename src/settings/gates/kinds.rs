//! Decodes what each kind of gate asks, and which answer means go.

use ::config::ValueKind;
use macaque_core::words::either;

use super::checks;
use crate::gates::{GateKind, HttpExpectation, HttpMethod, QueryExpectation};
use crate::settings::decoder::SettingsDecoder;
use crate::settings::forms::STATUSES;
use crate::settings::given_table::accept;
use crate::settings::given_table::{FieldValue, GivenTable};
use crate::settings::mistake::MistakeReported;

/// Decodes the fields of `[[guards.prometheus]]`.
pub(super) fn decode_prometheus(
    decoder: &mut SettingsDecoder,
    gate: &GivenTable,
) -> Result<GateKind, MistakeReported> {
    let right = "set it to a PromQL query, such as query = 'ALERTS{alertstate=\"firing\"}'";
    let query = gate.required_text(decoder, "query", right);
    let query = query.and_then(|query| accept_query(decoder, gate, query));
    let expect = decode_expect(decoder, gate);
    let canary = gate.text(decoder, "canary");
    let canary = canary.and_then(|canary| {
        canary
            .map(|canary| accept_query(decoder, gate, canary))
            .transpose()
    });

    Ok(GateKind::Prometheus {
        query: query?,
        expect: expect?,
        canary: canary?,
    })
}

fn accept_query(
    decoder: &mut SettingsDecoder,
    gate: &GivenTable,
    query: FieldValue<String>,
) -> Result<String, MistakeReported> {
    accept(decoder, gate, &query, checks::check_query(&query.value))?;
    Ok(query.value)
}

/// Decodes the expected result. TOML's `true` is meant as the word.
fn decode_expect(
    decoder: &mut SettingsDecoder,
    gate: &GivenTable,
) -> Result<QueryExpectation, MistakeReported> {
    let is_true = |field: &FieldValue<ValueKind>| field.value == ValueKind::Boolean(true);
    if gate.field("expect").as_ref().is_some_and(is_true) {
        return Ok(QueryExpectation::True);
    }
    let words = [
        ("empty", QueryExpectation::Empty),
        ("nonempty", QueryExpectation::Nonempty),
        ("true", QueryExpectation::True),
    ];
    let word = one_of(decoder, gate, "expect", "a result of a query", &words)?;
    Ok(word.unwrap_or(QueryExpectation::Empty))
}

/// Decodes the fields of `[[guards.alertmanager]]`.
pub(super) fn decode_alertmanager(
    decoder: &mut SettingsDecoder,
    gate: &GivenTable,
) -> Result<GateKind, MistakeReported> {
    let right = "use a list of texts in quotes, such as ['severity=\"critical\"']";
    let matchers = gate.texts(decoder, "matchers", right)?.into_iter();
    let matchers = matchers.map(|matcher| {
        accept(decoder, gate, &matcher, checks::check_matcher(&matcher.value))?;
        Ok(matcher.value)
    });
    let matchers: Vec<Result<_, MistakeReported>> = matchers.collect();
    Ok(GateKind::Alertmanager {
        matchers: matchers.into_iter().collect::<Result<_, _>>()?,
    })
}

/// Decodes the fields of `[[guards.http]]`.
pub(super) fn decode_http(
    decoder: &mut SettingsDecoder,
    gate: &GivenTable,
) -> Result<GateKind, MistakeReported> {
    let methods = [("GET", HttpMethod::Get), ("POST", HttpMethod::Post)];
    let method = one_of(
        decoder,
        gate,
        "method",
        "a method that a gate is asked with",
        &methods,
    );
    let expect_status = decode_status(decoder, gate);
    let expect = decode_expectation(decoder, gate);
    Ok(GateKind::Http {
        method: method?.unwrap_or(HttpMethod::Get),
        expect_status: expect_status?,
        expect: expect?,
    })
}

fn decode_status(decoder: &mut SettingsDecoder, gate: &GivenTable) -> Result<u16, MistakeReported> {
    let Some(field) = gate.field("expect_status") else {
        return Ok(200);
    };
    let status = match field.value {
        ValueKind::I64(number) => u16::try_from(number).ok(),
        _ => None,
    };
    match status.filter(|status| STATUSES.range().contains(&usize::from(*status))) {
        Some(status) => Ok(status),
        None => Err(gate.wrong_type(decoder, &field, "a status", "use 200 to 599, without quotes")),
    }
}

/// Decodes what the body must say: all of it, or a value in it.
fn decode_expectation(
    decoder: &mut SettingsDecoder,
    gate: &GivenTable,
) -> Result<Option<HttpExpectation>, MistakeReported> {
    let body = gate.text(decoder, "expect_body");
    let pointer = gate.text(decoder, "expect_json");
    let pointer = pointer.and_then(|pointer| match pointer {
        Some(pointer) => {
            accept(decoder, gate, &pointer, checks::check_pointer(&pointer.value))?;
            Ok(Some(pointer))
        }
        None => Ok(None),
    });
    let equals = decode_equals(decoder, gate);

    match (body?, pointer?, equals?) {
        (None, None, None) => Ok(None),
        (Some(body), None, None) => Ok(Some(HttpExpectation::Body(body.value))),
        (None, Some(pointer), Some(equals)) => Ok(Some(HttpExpectation::Json {
            pointer: pointer.value,
            equals: equals.value,
        })),
        (Some(body), Some(_), _) => {
            let wrong = "is set, and so is expect_json";
            Err(gate.refuse(decoder, &body, wrong, "keep one of the two"))
        }
        (None, Some(_), None) => {
            let wrong = "is not set, but expect_json is";
            Err(gate.missing(
                decoder,
                "equals",
                wrong,
                "set it to the value that means go, such as equals = true",
            ))
        }
        (_, None, Some(_)) => {
            let wrong = "is not set, but equals is";
            Err(gate.missing(
                decoder,
                "expect_json",
                wrong,
                "set it to where the value is, such as \"/go\"",
            ))
        }
    }
}

fn decode_equals(
    decoder: &mut SettingsDecoder,
    gate: &GivenTable,
) -> Result<Option<FieldValue<serde_json::Value>>, MistakeReported> {
    let Some(field) = gate.field("equals") else {
        return Ok(None);
    };
    let value = match &field.value {
        ValueKind::String(text) => Some(text.as_str().into()),
        ValueKind::Boolean(value) => Some((*value).into()),
        ValueKind::I64(number) => Some((*number).into()),
        // NaN and infinity are TOML's, not JSON's.
        ValueKind::Float(number) => serde_json::Number::from_f64(*number).map(Into::into),
        _ => None,
    };
    match value {
        Some(value) => Ok(Some(field.map(|_| value))),
        None => {
            let right = "use one of these, with text in quotes";
            Err(gate.wrong_type(decoder, &field, "text, a number, true or false", right))
        }
    }
}

/// One of `words`, in any letter case; `what` names the kind of value in a mistake.
fn one_of<T: Copy>(
    decoder: &mut SettingsDecoder,
    gate: &GivenTable,
    name: &'static str,
    what: &str,
    words: &[(&str, T)],
) -> Result<Option<T>, MistakeReported> {
    let Some(field) = gate.field(name) else {
        return Ok(None);
    };
    let word = match &field.value {
        ValueKind::String(text) => Some(text.trim()),
        _ => None,
    };
    let known = words
        .iter()
        .find(|(known, _)| word.is_some_and(|word| word.eq_ignore_ascii_case(known)));

    match known {
        Some((_, value)) => Ok(Some(*value)),
        None => {
            let quoted: Vec<_> = words.iter().map(|(word, _)| format!("\"{word}\"")).collect();
            let right = format!("use {}", either(&quoted));
            Err(gate.wrong_type(decoder, &field, what, &right))
        }
    }
}
