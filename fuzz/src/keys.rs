//! The law of the annotations and labels by which people direct macaque.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use macaque::fuzzing::k8s;
use macaque_core::annotations::{self, ENABLED, team, yes_or_no};
use macaque_core::eligibility::missing_opt_in;
use macaque_core::every::every_of;
use macaque_core::freeze::{FreezeMeaning, frozen};
use macaque_core::guard::min_ready_of;
use macaque_core::key_warnings::key_warnings;
use macaque_core::levels::{Level, levels};
use macaque_core::pod::{OwnerRef, Pod};
use macaque_core::scope_metadata::{ObjectKeys, ScopeMetadata};
use serde_json::json;

use crate::schedule::instant;
use crate::text;

pub(crate) const LAW: &str = "a value that cannot be read freezes and opts out, and is warned of; a freeze lasts, a wish \
                              is within its bounds, and what is shown of a value is one line";

/// The longest time between two turns.
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// The instant is the first line. Each other is a key and its value, behind the word for whose it is, if it is not the
/// pod's annotation.
pub(crate) fn annotations(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    let (now, lines) = text::first_line(text);
    let now = instant(now);
    let object = json!({"metadata": {
        "namespace": "shop", "name": "web-0", "uid": "u1",
        "ownerReferences": [{"kind": "StatefulSet", "name": "web", "controller": true}],
    }});
    let mut pod = k8s::pod(&object).expect("a pod");
    let [mut owner, mut namespace] = [ObjectKeys::default(), ObjectKeys::default()];
    for (key, value) in lines.lines().filter_map(|line| line.split_once('=')) {
        let (map, key) = match key.split_once(' ') {
            Some(("label", key)) => (&mut pod.labels, key),
            Some(("owner", key)) => (&mut owner.annotations, key),
            Some(("namespace", key)) => (&mut namespace.annotations, key),
            _ => (&mut pod.annotations, key),
        };
        map.insert(key.to_owned(), value.replace("\\n", "\n"));
    }

    assert_freeze(&pod.annotations, &pod.labels, now);
    assert_warnings(&pod.annotations, &pod.labels);
    let owner_ref = OwnerRef::of(&pod.id, pod.owner.as_ref());
    let metadata = ScopeMetadata {
        namespaces: BTreeMap::from([("shop".to_owned(), namespace)]),
        owners: BTreeMap::from([(owner_ref, owner)]),
        nodes: None,
    };
    assert_wishes(&pod, &metadata);
}

fn assert_freeze(annotations: &BTreeMap<String, String>, labels: &BTreeMap<String, String>, now: Timestamp) {
    let Some(freeze) = frozen(annotations, labels, now) else {
        return;
    };
    if let FreezeMeaning::Until(until) = &freeze.meaning {
        assert!(*until > now, "{freeze}");
    }
    assert!(!freeze.to_string().contains('\n'), "{freeze}");
    let earlier = frozen(annotations, labels, Timestamp::MIN);
    assert!(
        earlier.is_some_and(|earlier| earlier.meaning >= freeze.meaning),
        "{freeze} and not before"
    );
}

fn assert_warnings(annotations: &BTreeMap<String, String>, labels: &BTreeMap<String, String>) {
    let warnings = key_warnings(annotations, labels);
    let mut sorted = warnings.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted, warnings);

    let says = |words: &str| warnings.iter().any(|warning| warning.problem.contains(words));
    let meaning = frozen(annotations, labels, Timestamp::MAX).map(|freeze| freeze.meaning);
    let is_unreadable = matches!(meaning, Some(FreezeMeaning::Unreadable(_)));
    assert!(!is_unreadable || says("it counts as frozen"), "{warnings:?}");
    assert!(!says("it counts as frozen") || meaning.is_some(), "{warnings:?}");

    let enabled = [annotations, labels].map(|keys| keys.get(ENABLED));
    let enabled: Vec<_> = enabled.into_iter().flatten().collect();
    let is_unreadable = enabled.iter().any(|value| yes_or_no(value).is_none());
    assert_eq!(is_unreadable, says("it counts as no"), "{enabled:?}");
    for value in enabled {
        assert_eq!(
            yes_or_no(&format!(" {} ", value.to_ascii_uppercase())),
            yes_or_no(value),
            "{value:?}"
        );
    }
    for warning in &warnings {
        assert!(
            !warning.key.contains('\n') && !warning.problem.contains('\n'),
            "{warning:?}"
        );
    }
}

fn assert_wishes(pod: &Pod, metadata: &ScopeMetadata) {
    let around = || levels(pod, metadata);
    if let Some(every) = every_of(pod, metadata) {
        assert!(!every.is_zero() && every <= YEAR, "{every:?}");
    }
    if let Some(wish) = min_ready_of(around()) {
        assert!(!wish.said_by.contains('\n'), "{wish:?}");
    }
    if let Some(team) = team(around().map(|level| level.annotations)) {
        assert!(
            !team.is_empty() && team.chars().count() <= 63 && team.trim() == team,
            "{team:?}"
        );
        assert!(!team.chars().any(char::is_control), "{team:?}");
    }

    let says_yes = |level: &Level<'_>| {
        let values = [level.annotations.get(ENABLED), level.labels.get(ENABLED)];
        values
            .into_iter()
            .flatten()
            .any(|value| yes_or_no(value) == Some(true))
    };
    assert_eq!(
        missing_opt_in(around()).is_none(),
        around().any(|level| says_yes(&level))
    );
    for (key, value) in &pod.annotations {
        let pair = annotations::pair(key, value);
        assert!(
            !pair.strip_prefix(key.as_str()).unwrap_or(&pair).contains('\n'),
            "{pair}"
        );
    }
}
