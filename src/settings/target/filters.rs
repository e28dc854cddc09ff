//! Decodes whose pods are in scope: excluded namespaces, owners, names, zones and nodes.

use std::collections::{BTreeSet, HashSet};

use macaque_core::config::NamespaceScope;
use macaque_core::name_patterns::{Glob, NamePattern, NamePatterns};
use macaque_core::owner_kinds::{OwnerKind, OwnerKinds};
use macaque_core::pod::ZONE;
use macaque_core::selector::{Selector, check_value};

use super::super::decoder::SettingsDecoder;
use super::super::given_value::GivenValue;
use super::super::mistake::{MistakeReported, quote};
use super::super::object_names::is_object_name;

/// A text of a list, with its place.
type Word = GivenValue<String>;

/// Decodes `target.exclude_namespaces`; `scope` is what is left of them.
pub(super) fn decode_excluded(
    decoder: &mut SettingsDecoder,
    scope: Option<&NamespaceScope>,
) -> Result<Vec<Glob>, MistakeReported> {
    let right = "use a name, or a glob such as \"team-*\"";
    let words = decoder.list("target.exclude_namespaces")?;
    let excluded = convert(decoder, &words, |word| {
        match glob_fault(word, is_label_character, 63) {
            None => Ok(Glob::new(word)),
            Some(fault) => Err((
                format!("{} can be no namespace's name: it {fault}", quote(word)),
                right.to_owned(),
            )),
        }
    });
    let different = refuse_duplicates(decoder, &words);
    let excluded = excluded?;
    different?;

    let right = "remove it from one of the two lists";
    let mut contradictory = Ok(());
    for (word, glob) in words.iter().zip(&excluded) {
        let named = scope.map_or(&[][..], NamespaceScope::names);
        if glob.is_exact() && named.iter().any(|name| name == glob.as_str()) {
            let wrong = format!(
                "{} is excluded, and in scope by target.namespaces",
                quote(&word.value)
            );
            contradictory = Err(decoder.refuse(word, wrong, right));
        }
    }
    contradictory?;
    refuse_nothing_left(decoder, scope, &words, &excluded)?;
    Ok(excluded)
}

/// Refuses exclusions that leave no namespace of the scope.
fn refuse_nothing_left(
    decoder: &mut SettingsDecoder,
    scope: Option<&NamespaceScope>,
    words: &[Word],
    excluded: &[Glob],
) -> Result<(), MistakeReported> {
    let any_name = Glob::new("?*");
    let is_excluded = |name: &String| excluded.iter().any(|glob| glob.matches(name));
    let nothing_left = match scope {
        Some(NamespaceScope::All) => excluded.iter().any(|glob| glob.covers(&any_name)),
        Some(NamespaceScope::Named(names)) => names.iter().all(is_excluded),
        Some(NamespaceScope::Selected(_)) | None => false,
    };
    match words.last() {
        Some(word) if nothing_left => {
            let right = "leave at least one namespace of target.namespaces";
            Err(decoder.refuse(word, "every namespace in scope is excluded", right))
        }
        _ => Ok(()),
    }
}

/// Decodes `target.owners`.
pub(super) fn decode_owners(decoder: &mut SettingsDecoder) -> Result<OwnerKinds, MistakeReported> {
    let words = decoder.list("target.owners")?;
    let kinds = convert(decoder, &words, |word| {
        let kind = word.parse::<OwnerKind>();
        kind.map_err(|fault| (format!("{} {}", quote(word), fault.wrong), fault.right))
    })?;
    let kinds = OwnerKinds::new(kinds);
    let place = |meant: &OwnerKind| {
        let nth = kinds.iter().position(|kind| kind == meant);
        nth.and_then(|nth| words.get(nth))
    };

    if let Some(kind) = kinds.duplicate()
        && let Some(word) = place(kind)
    {
        let wrong = format!("{} is listed twice", quote(&kind.to_string()));
        return Err(decoder.refuse(word, wrong, "name each kind once"));
    }
    if let Some((kind, by)) = kinds.contradiction()
        && let Some(word) = place(kind)
    {
        let kind = quote(&kind.to_string());
        let wrong = format!("{kind} is excluded by {}", quote(&by.to_string()));
        return Err(decoder.refuse(word, wrong, "remove one of the two"));
    }
    Ok(kinds)
}

/// Decodes `target.names`.
pub(super) fn decode_names(decoder: &mut SettingsDecoder) -> Result<NamePatterns, MistakeReported> {
    let words = decoder.list("target.names")?;
    let patterns = convert(decoder, &words, |word| {
        let pattern = NamePattern::new(word);
        match glob_fault(pattern.glob.as_str(), is_name_character, 253) {
            None => Ok(pattern),
            Some(fault) => Err((
                format!("{} can match no owner's name: it {fault}", quote(word)),
                "use a name or a glob, such as \"cart-*\", and \"!\" before it to exclude".to_owned(),
            )),
        }
    });
    let different = refuse_duplicates(decoder, &words);
    let patterns = patterns?;
    different?;

    let covers_all = |pattern: &NamePattern| pattern.glob.as_str().chars().all(|c| c == '*');
    let last_include = patterns.iter().rposition(|pattern| !pattern.excludes);
    if let Some(all) = patterns
        .iter()
        .rposition(|pattern| pattern.excludes && covers_all(pattern))
        && last_include.is_none_or(|include| include < all)
    {
        let wrong = format!("{} leaves no name", quote(&words[all].value));
        return Err(decoder.refuse(
            &words[all],
            wrong,
            "exclude fewer names, or put names to include behind it",
        ));
    }

    let patterns = NamePatterns::new(patterns);
    if let Some((pattern, by)) = patterns.useless()
        && let Some(word) = words
            .iter()
            .find(|word| NamePattern::new(&word.value) == *pattern)
    {
        let wrong = format!(
            "{} has no effect, because {} comes after it, and the last match decides",
            quote(&pattern.to_string()),
            quote(&by.to_string())
        );
        return Err(decoder.refuse(word, wrong, "put it behind that one, or remove one of the two"));
    }
    Ok(patterns)
}

/// Decodes `target.zones`; `selector` must leave at least one of them.
pub(super) fn decode_zones(
    decoder: &mut SettingsDecoder,
    selector: Option<&Selector>,
) -> Result<BTreeSet<String>, MistakeReported> {
    let words = decoder.list("target.zones")?;
    let zones = convert(decoder, &words, |word| {
        let right = "use the value of the label, such as \"eu-1a\"".to_owned();
        match check_value(word) {
            Ok(()) if word.is_empty() => Err(("\"\" is not a zone: it is empty".to_owned(), right)),
            Ok(()) => Ok(word.to_owned()),
            Err(_) => Err((
                format!("{} is not a zone: it is not a valid label value", quote(word)),
                right,
            )),
        }
    });
    let different = refuse_duplicates(decoder, &words);
    let zones: BTreeSet<String> = zones?.into_iter().collect();
    different?;

    if let (Some(selector), Some(word)) = (selector, words.first())
        && !zones.iter().any(|zone| selector.allows(ZONE, zone))
    {
        let wrong = "target.selector allows none of these zones";
        return Err(decoder.refuse(
            word,
            wrong,
            format!("name the zones here, and leave {ZONE} out of the selector"),
        ));
    }
    Ok(zones)
}

/// Decodes `target.nodes`.
pub(super) fn decode_nodes(decoder: &mut SettingsDecoder) -> Result<BTreeSet<String>, MistakeReported> {
    let words = decoder.list("target.nodes")?;
    let nodes = convert(decoder, &words, |word| {
        if is_object_name(word) {
            return Ok(word.to_owned());
        }
        Err((
            format!("{} is not a valid name of a node", quote(word)),
            "use names as `kubectl get nodes` shows them".to_owned(),
        ))
    });
    let different = refuse_duplicates(decoder, &words);
    let nodes = nodes?.into_iter().collect();
    different?;
    Ok(nodes)
}

/// Decodes `target.node_selector`.
pub(super) fn decode_node_selector(decoder: &mut SettingsDecoder) -> Result<Selector, MistakeReported> {
    let text = decoder.text("target.node_selector")?;
    let selector = text.value.parse::<Selector>();
    selector.map_err(|error| decoder.refuse_fault(&text, error))
}

/// Converts every word, and reports each that `convert` refuses, with what is wrong and what would be right.
fn convert<T>(
    decoder: &mut SettingsDecoder,
    words: &[Word],
    convert: impl Fn(&str) -> Result<T, (String, String)>,
) -> Result<Vec<T>, MistakeReported> {
    let mut reported = None;
    let mut converted = Vec::new();
    for word in words {
        match convert(&word.value) {
            Ok(one) => converted.push(one),
            Err((wrong, right)) => reported = Some(decoder.refuse(word, wrong, right)),
        }
    }
    reported.map_or(Ok(converted), Err)
}

/// Reports every text that stands in the list twice.
fn refuse_duplicates(decoder: &mut SettingsDecoder, words: &[Word]) -> Result<(), MistakeReported> {
    let mut seen = HashSet::new();
    let mut reported = None;
    for word in words {
        if !seen.insert(&word.value) {
            let wrong = format!("{} is listed twice", quote(&word.value));
            reported = Some(decoder.refuse(word, wrong, "name each once"));
        }
    }
    reported.map_or(Ok(()), Err)
}

/// The reason why a glob can match no name of at most `longest` of these characters that begins and ends with a letter or a
/// digit.
fn glob_fault(glob: &str, is_of_name: fn(char) -> bool, longest: usize) -> Option<&'static str> {
    let is_end = |c: char| c == '-' || c == '.';
    let characters = glob.chars().filter(|c| *c != '*').count();
    match glob {
        "" => Some("is empty"),
        _ if !glob.chars().all(|c| is_of_name(c) || c == '*' || c == '?') => Some(if is_of_name('.') {
            "contains other characters than a-z, 0-9, -, . and the wildcards * and ?"
        } else {
            "contains other characters than a-z, 0-9, - and the wildcards * and ?"
        }),
        _ if glob.starts_with(is_end) || glob.ends_with(is_end) => Some(if is_of_name('.') {
            "begins or ends with - or ."
        } else {
            "begins or ends with -"
        }),
        _ if characters > longest => Some("is too long"),
        _ => None,
    }
}

/// Whether a namespace's name may contain the character.
fn is_label_character(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
}

/// Whether an object's name may contain the character.
fn is_name_character(c: char) -> bool {
    is_label_character(c) || c == '.'
}
