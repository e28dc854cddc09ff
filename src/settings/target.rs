//! Decodes `[target]`: the pods in scope.

mod filters;

use std::collections::HashSet;
use std::time::Duration;

use macaque_core::config::{NamespaceScope, TargetConfig, TargetMode};
use macaque_core::eligibility::includable_rules;
use macaque_core::selector::Selector;

use super::decoder::{SettingsDecoder, convert_all};
use super::given_value::GivenValue;
use super::mistake::{MistakeReported, quote};
use super::object_names::namespace_name_fault;
use crate::k8s::ContextNamespace;

/// The highest minimum age: no pod needs a higher one, and instants stay far from their limits.
const OLDEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// The scope if no namespace is set.
pub(super) struct UnsetScope<'a> {
    /// The namespace that macaque runs in, in a cluster.
    pub(super) own: Option<&'a str>,
    /// Finds the namespace of the kubeconfig's context where that counts, or says why there is none.
    pub(super) of_context: &'a dyn Fn() -> Result<Option<ContextNamespace>, String>,
}

/// The pods in scope, and the context by which their namespace was found, if it was.
pub(super) struct DecodedTarget {
    pub(super) target: TargetConfig,
    pub(super) by_context: Option<ContextNamespace>,
}

/// Decodes the section.
pub(super) fn decode_target(
    decoder: &mut SettingsDecoder,
    unset: &UnsetScope<'_>,
) -> Result<DecodedTarget, MistakeReported> {
    let mut by_context = None;
    let by_labels = decode_namespace_selector(decoder);
    let namespaces = decoder.list("target.namespaces").and_then(|names| {
        if let Ok(Some(selector)) = &by_labels
            && let Some(first) = names.first()
            && !first.is_flag()
        {
            return Err(refuse_both(decoder, first, selector));
        }
        if !names.is_empty() {
            let named = parse_namespaces(decoder, names);
            by_labels?;
            return named;
        }
        if let Some(selector) = by_labels? {
            return Ok(NamespaceScope::Selected(selector.value));
        }

        let own = unset.own.map(str::to_owned);
        let name = match own {
            Some(own) => own,
            None => by_context
                .insert(find_by_context(decoder, unset)?)
                .namespace
                .clone(),
        };
        Ok(NamespaceScope::Named(vec![name]))
    });
    let selector = decoder.text("target.selector").and_then(|text| {
        let selector = text.value.parse::<Selector>();
        selector.map_err(|error| decoder.refuse_fault(&text, error))
    });
    let mode = decoder.one_of("target.mode", "a mode", TargetMode::ALL, TargetMode::as_str);
    let annotations = decoder.boolean("target.annotations");
    let exclude_namespaces = filters::decode_excluded(decoder, namespaces.as_ref().ok());
    let owners = filters::decode_owners(decoder);
    let names = filters::decode_names(decoder);
    let zones = filters::decode_zones(decoder, selector.as_ref().ok());
    let nodes = filters::decode_nodes(decoder);
    let node_selector = filters::decode_node_selector(decoder);
    let min_age = decode_min_age(decoder);
    let include = decode_include(decoder);

    let target = TargetConfig {
        namespaces: namespaces?,
        selector: selector?,
        mode: mode?,
        annotations: annotations?.value,
        exclude_namespaces: exclude_namespaces?,
        owners: owners?,
        names: names?,
        zones: zones?,
        nodes: nodes?,
        node_selector: node_selector?,
        min_age: min_age?,
        include: include?,
    };
    Ok(DecodedTarget { target, by_context })
}

/// The selector that namespaces must match; `None` if their labels do not decide.
fn decode_namespace_selector(
    decoder: &mut SettingsDecoder,
) -> Result<Option<GivenValue<Selector>>, MistakeReported> {
    let text = decoder.text("target.namespace_selector")?;
    match text.value.parse::<Selector>() {
        Ok(selector) if selector.is_empty() => Ok(None),
        Ok(selector) => Ok(Some(text.map(|_| selector))),
        Err(error) => Err(decoder.refuse_fault(&text, error)),
    }
}

/// Refuses namespaces by name and by their labels at once. Only a flag, given for once, replaces the labels.
fn refuse_both(
    decoder: &mut SettingsDecoder,
    name: &GivenValue<String>,
    selector: &GivenValue<Selector>,
) -> MistakeReported {
    let wrong = format!("names {} beside {}", quote(&name.value), selector.place());
    decoder.refuse(
        name,
        &wrong,
        "name the namespaces or select them by their labels: leave one of the two out",
    )
}

/// The namespace of the context, for a scope that is not set.
fn find_by_context(
    decoder: &mut SettingsDecoder,
    unset: &UnsetScope<'_>,
) -> Result<ContextNamespace, MistakeReported> {
    let found = (unset.of_context)();
    let wrong = match found {
        Ok(Some(found)) => match namespace_fault(&found.namespace) {
            None => return Ok(found),
            Some(wrong) => format!("is not set, and in the context {} {wrong}", quote(&found.context)),
        },
        Ok(None) => "is not set, and it is not known in which namespace macaque runs".to_owned(),
        Err(why) => format!("is not set, and there is no context to take it from: {why}"),
    };

    Err(decoder.missing(
        "target.namespaces",
        &wrong,
        "set it with --namespace, in the file, such as namespaces = [\"shop\"], or with MACAQUE_TARGET__NAMESPACES; `run` \
         does not use the namespace of a kubeconfig's context",
    ))
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
) -> Result<NamespaceScope, MistakeReported> {
    if let [only] = names.as_slice()
        && only.value == "*"
    {
        return Ok(NamespaceScope::All);
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

/// The mistake of a name that cannot be a namespace's.
fn namespace_fault(name: &str) -> Option<String> {
    if name == "*" {
        return Some("\"*\" means every namespace and cannot be combined with others".to_owned());
    }
    let fault = namespace_name_fault(name)?;
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
