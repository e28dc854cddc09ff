//! Decodes `[target]`: the pods in scope.

use std::collections::HashSet;
use std::time::Duration;

use macaque_core::config::{NamespaceScope, TargetConfig};
use macaque_core::eligibility::includable_rules;
use macaque_core::selector::Selector;

use super::decoder::{SettingsDecoder, convert_all};
use super::given_value::GivenValue;
use super::mistake::{MistakeReported, quote};

/// The highest minimum age: no pod needs a higher one, and instants stay far from their limits.
const OLDEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Decodes the section; `own_namespace` is the one in scope if none is set.
pub(super) fn decode_target(
    decoder: &mut SettingsDecoder,
    own_namespace: Option<&str>,
) -> Result<TargetConfig, MistakeReported> {
    let namespaces = decoder
        .list("target.namespaces")
        .and_then(|names| parse_namespaces(decoder, names, own_namespace));
    let selector = decoder.text("target.selector").and_then(|text| {
        let selector = text.value.parse::<Selector>();
        selector.map_err(|error| decoder.refuse_fault(&text, error))
    });
    let min_age = decode_min_age(decoder);
    let include = decode_include(decoder);

    Ok(TargetConfig {
        namespaces: namespaces?,
        selector: selector?,
        min_age: min_age?,
        include: include?,
    })
}

fn decode_min_age(decoder: &mut SettingsDecoder) -> Result<Duration, MistakeReported> {
    let age = decoder
        .text("target.min_age")
        .and_then(|text| decoder.duration(text))?;
    if age.value > OLDEST {
        return Err(decoder.refuse(&age, "is longer than a year", "use \"365d\" or less"));
    }
    Ok(age.value)
}

fn decode_include(decoder: &mut SettingsDecoder) -> Result<Vec<&'static str>, MistakeReported> {
    let words = decoder.list("target.include")?;
    let mut names: Vec<_> = convert_all(words, |word| parse_rule(decoder, &word))?;
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn parse_namespaces(
    decoder: &mut SettingsDecoder,
    names: Vec<GivenValue<String>>,
    own: Option<&str>,
) -> Result<NamespaceScope, MistakeReported> {
    match (names.as_slice(), own) {
        ([], Some(own)) => return Ok(NamespaceScope::Named(vec![own.to_owned()])),
        ([], None) => {
            return Err(decoder.missing(
                "target.namespaces",
                "is not set, and it is not known in which namespace macaque runs",
                "set it with --namespace, in the file, such as namespaces = [\"shop\"], or with \
                 MACAQUE_TARGET__NAMESPACES; the namespace of a kubeconfig is not used",
            ));
        }
        ([only], _) if only.value == "*" => return Ok(NamespaceScope::All),
        _ => {}
    }

    let mut named: Vec<String> = convert_all(names, |name| match namespace_fault(&name.value) {
        None => Ok(name.value),
        Some(wrong) => {
            let right = if name.is_bare() {
                "use names such as shop,checkout, or * alone for every namespace"
            } else {
                "use names such as [\"shop\"], or [\"*\"] alone for every namespace"
            };
            Err(decoder.refuse(&name, wrong, right))
        }
    })?;
    let mut seen = HashSet::new();
    named.retain(|name| seen.insert(name.clone()));
    Ok(NamespaceScope::Named(named))
}

/// Whether a name can be a namespace's.
pub fn is_namespace_name(name: &str) -> bool {
    namespace_fault(name).is_none()
}

/// The reason why a name cannot be a namespace's: Kubernetes requires a DNS label (RFC 1123).
fn namespace_fault(name: &str) -> Option<String> {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fault = match name {
        "*" => return Some("\"*\" means every namespace and cannot be combined with others".to_owned()),
        "" => "is empty",
        _ if !name.chars().all(is_inner) => "contains other characters than a-z, 0-9 and -",
        _ if name.len() > 63 => "is longer than 63 characters",
        _ if name.starts_with('-') || name.ends_with('-') => "begins or ends with -",
        _ => return None,
    };

    Some(format!(
        "{} is not a valid namespace name: it {fault}",
        quote(name)
    ))
}

fn parse_rule(
    decoder: &mut SettingsDecoder,
    word: &GivenValue<String>,
) -> Result<&'static str, MistakeReported> {
    let known = includable_rules();
    let is_meant = |name: &&str| name.eq_ignore_ascii_case(&word.value);
    let found = known.iter().copied().find(is_meant);
    found.ok_or_else(|| decoder.refuse_word(word, "a rule that can be switched off", &known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_a_dns_label() {
        for good in ["shop", "team-1", "0", &"a".repeat(63)] {
            assert_eq!(namespace_fault(good), None, "{good}");
        }
        for bad in ["", "Shop", "a.b", "-a", "a-", "a_b", "*", "é", &"a".repeat(64)] {
            assert!(namespace_fault(bad).is_some(), "{bad}");
        }

        // More than 63 bytes, but not characters.
        let accented = namespace_fault(&"é".repeat(40)).unwrap();
        assert!(accented.contains("contains other characters"), "{accented}");
    }
}
