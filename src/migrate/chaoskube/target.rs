//! The pods that chaoskube may pick.

use std::collections::BTreeSet;
use std::time::Duration;

use macaque_core::eligibility::SYSTEM_NAMESPACES;
use macaque_core::selector::Selector;

use super::names::NameSelection;
use super::schedule::refuse_duration;
use crate::migrate::go_duration::{parse_go_duration, setting_text};
use crate::migrate::migration::UnmigratedEffect::Wider;
use crate::migrate::translator::Translator;
use crate::settings::is_namespace_name;

/// The oldest minimum age that macaque takes.
const OLDEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Flags without an equal that restrict the pods, with what is nearest.
const RESTRICTIONS: [(&str, &str); 4] = [
    (
        "annotations",
        "macaque selects pods by labels: set the same keys as labels and name them in target.selector, or let the \
         other pods opt out with the annotation macaque/enabled: \"false\"",
    ),
    (
        "namespace-labels",
        "macaque does not look at the labels of namespaces: name the namespaces in target.namespaces, as \
         `kubectl get namespaces -l SELECTOR` lists them",
    ),
    (
        "included-pod-names",
        "macaque does not look at the names of pods: give these pods a label, and name it in target.selector",
    ),
    (
        "excluded-pod-names",
        "macaque does not look at the names of pods: let these opt out with the annotation macaque/enabled: \"false\"",
    ),
];

/// Translates the flags that say which pods may be picked.
pub(super) fn translate(translator: &mut Translator) {
    let mut include = BTreeSet::from(["system-critical"]);
    translate_namespaces(translator, &mut include);
    translate_selector(translator);
    translate_min_age(translator);
    translate_kinds(translator, &mut include);

    let words: Vec<String> = include.into_iter().map(str::to_owned).collect();
    let origin = match translator.origin("kinds") {
        Some(kinds) => format!("{kinds}, and {}", translator.fixed_origin()),
        None => translator.fixed_origin(),
    };
    let remark = "what macaque exempts and chaoskube does not; remove a word to exempt its pods";
    translator.set_with("target.include", words, &origin, remark);
    for (name, why) in RESTRICTIONS {
        if let Some(given) = translator.text(name) {
            translator.lose(given.shown(), why, Wider);
        }
    }
}

fn translate_selector(translator: &mut Translator) {
    let Some(given) = translator.text("labels") else {
        return;
    };
    match given.text.parse::<Selector>() {
        Ok(_) => translator.set("target.selector", given.text, &given.origin),
        Err(error) => translator.refuse_fault(&given.origin, error),
    }
}

fn translate_min_age(translator: &mut Translator) {
    let Some(given) = translator.text("minimum-age") else {
        translator.set_default("target.min_age", "0s");
        return;
    };
    let Some(age) = parse_go_duration(&given.text) else {
        refuse_duration(translator, &given);
        return;
    };

    // A part of a second counts as a whole one, so that no younger pod is reached.
    let age = Duration::try_from(age).unwrap_or_default();
    let age = Duration::from_secs(age.as_secs() + u64::from(age.subsec_nanos() > 0));
    if age > OLDEST {
        let wrong = format!("{:?} is longer than a year", given.text);
        translator.refuse(&given.origin, &wrong, "write 8760h or less");
    } else {
        translator.set("target.min_age", setting_text(age), &given.origin);
    }
}

/// Sets the namespaces, and includes the system's if chaoskube reaches them.
fn translate_namespaces(translator: &mut Translator, include: &mut BTreeSet<&'static str>) {
    let right = "write names such as shop,!kube-system";
    let list = translator.text("namespaces");
    let selection = NameSelection::read(translator, list.as_ref(), is_namespace_name, right);
    let scope = translator.text("client-namespace-scope");
    if let Some(scope) = scope.as_ref().filter(|scope| !is_namespace_name(&scope.text)) {
        let wrong = format!("{:?} is not a namespace", scope.text);
        translator.refuse(&scope.origin, &wrong, "write one name");
    }
    let origins: Vec<&str> = [&list, &scope]
        .into_iter()
        .flatten()
        .map(|given| given.origin.as_str())
        .collect();
    let origin = match origins.as_slice() {
        [] => translator.default_origin(),
        origins => origins.join(", "),
    };

    let mut named = selection.included.clone();
    if let Some(scope) = &scope {
        named.retain(|name| *name == scope.text);
        if selection.included.is_empty() {
            named.insert(scope.text.clone());
        }
    }
    let is_every = selection.included.is_empty() && scope.is_none();
    if is_every {
        exclude_from_all(translator, &selection.excluded, &origin, include);
        return;
    }

    named.retain(|name| !selection.excluded.contains(name));
    if named.is_empty() {
        translator.refuse(
            &origin,
            "leaves no namespace, so chaoskube disrupts nothing",
            "include one",
        );
    }
    if SYSTEM_NAMESPACES.iter().any(|name| named.contains(*name)) {
        include.insert("system-namespaces");
    }
    translator.set(
        "target.namespaces",
        named.into_iter().collect::<Vec<_>>(),
        &origin,
    );
}

/// Sets all namespaces without those excluded: the system's are exempt by a rule, and others have no equal.
fn exclude_from_all(
    translator: &mut Translator,
    excluded: &BTreeSet<String>,
    origin: &str,
    include: &mut BTreeSet<&'static str>,
) {
    let (system, others): (Vec<_>, Vec<_>) = excluded
        .iter()
        .map(String::as_str)
        .partition(|name| SYSTEM_NAMESPACES.contains(name));
    if system.is_empty() {
        include.insert("system-namespaces");
    }
    translator.set_all_namespaces(origin, system.is_empty());
    for name in others {
        translator.lose_namespace(&format!("{origin}=\"!{name}\""), name);
    }
}

/// Includes the kinds of owners that chaoskube reaches.
fn translate_kinds(translator: &mut Translator, include: &mut BTreeSet<&'static str>) {
    let given = translator.text("kinds");
    let is_kind = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
    let right = "write kinds such as !DaemonSet, or ReplicaSet,StatefulSet";
    let selection = NameSelection::read(translator, given.as_ref(), is_kind, right);

    for (kind, word) in [("DaemonSet", "daemonset"), ("Job", "job")] {
        let is_included = selection.included.is_empty() || selection.included.contains(kind);
        if is_included && !selection.excluded.contains(kind) {
            include.insert(word);
        }
    }
    // A pod without an owner passes only if no kind is asked for.
    if selection.included.is_empty() {
        include.insert("bare");
    }

    let Some(given) = given else {
        return;
    };
    if !selection.included.is_empty() {
        let why = "macaque reaches pods of any other kind of owner too, and exempts only those without an owner and \
                   those of a DaemonSet or a Job: give the pods a label, and name it in target.selector";
        translator.lose(given.shown(), why, Wider);
    }
    for kind in selection
        .excluded
        .iter()
        .filter(|kind| !EXEMPTED.contains(&kind.as_str()))
    {
        let why = "macaque exempts DaemonSets and Jobs by their kind, and no others: let these pods opt out with the \
                   annotation macaque/enabled: \"false\"";
        translator.lose(format!("{}=\"!{kind}\"", given.origin), why, Wider);
    }
}

/// The kinds of owners whose pods macaque can exempt, and those of the mirror pods that it always exempts.
const EXEMPTED: [&str; 3] = ["DaemonSet", "Job", "Node"];
