//! The pods that chaoskube may pick.

use std::collections::BTreeSet;
use std::time::Duration;

use macaque_core::eligibility::SYSTEM_NAMESPACES;
use macaque_core::selector::Selector;

use super::names::NameSelection;
use super::pod_names;
use super::schedule::refuse_duration;
use crate::migrate::go_duration::{parse_go_duration, setting_text};
use crate::migrate::migration::UnmigratedEffect::{Same, Wider};
use crate::migrate::translator::{GivenText, Translator};
use crate::settings::is_namespace_name;

/// The oldest minimum age that macaque takes.
const OLDEST: Duration = Duration::from_secs(365 * 24 * 3600);

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
    pod_names::translate(translator);
    translate_annotations(translator);
}

/// Sets that pods must opt in: fewer do than before, until somebody annotates them.
fn translate_annotations(translator: &mut Translator) {
    if let Some(given) = translator.text("annotations") {
        let remark = format!(
            "macaque reads a key of its own: annotate the pods with {:?}, or their owners, with macaque/enabled: \
             \"true\"; until then none is picked",
            given.text
        );
        translator.set_with("target.mode", "opt-in", &given.origin, remark);
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
    let labels = translate_namespace_labels(translator);
    let is_every = selection.included.is_empty() && scope.is_none();
    if is_every {
        select_from_all(translator, labels, &selection.excluded, &origin, include);
        return;
    }
    if let Some(labels) = labels {
        let why = "macaque selects namespaces by name or by labels, and not by both: leave those without these labels \
                   out of target.namespaces";
        translator.lose(labels.shown(), why, Wider);
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

/// The labels that namespaces must have, unless they are a mistake.
fn translate_namespace_labels(translator: &mut Translator) -> Option<GivenText> {
    let given = translator.text("namespace-labels")?;
    match given.text.parse::<Selector>() {
        Ok(_) => Some(given),
        Err(error) => {
            translator.refuse_fault(&given.origin, error);
            None
        }
    }
}

/// Sets all namespaces, or those with the labels, without those excluded: the system's are exempt by a rule.
fn select_from_all(
    translator: &mut Translator,
    labels: Option<GivenText>,
    excluded: &BTreeSet<String>,
    origin: &str,
    include: &mut BTreeSet<&'static str>,
) {
    let (system, others): (Vec<_>, Vec<_>) = excluded
        .iter()
        .cloned()
        .partition(|name| SYSTEM_NAMESPACES.contains(&name.as_str()));
    if system.is_empty() {
        include.insert("system-namespaces");
    }

    match labels {
        Some(labels) => translator.set("target.namespace_selector", labels.text, &labels.origin),
        None => translator.set_all_namespaces(origin, system.is_empty()),
    }
    if !others.is_empty() {
        translator.set("target.exclude_namespaces", others, origin);
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

    if let Some(given) = given {
        set_owners(translator, &given, &selection);
    }
}

/// Sets the kinds of owners. DaemonSets and Jobs that are excluded are exempt by rules.
fn set_owners(translator: &mut Translator, given: &GivenText, selection: &NameSelection) {
    let mut owners = Vec::new();
    let included = selection.included.iter();
    for kind in included.filter(|kind| !selection.excluded.contains(*kind)) {
        match words_for(kind) {
            Some(words) => owners.extend(words.iter().map(|word| (*word).to_owned())),
            None => lose_kind(translator, given, kind),
        }
    }
    if !selection.included.is_empty() {
        if owners.is_empty() {
            let wrong = "leaves no kind that macaque knows";
            translator.refuse(&given.origin, wrong, "write kinds such as ReplicaSet,StatefulSet");
        } else {
            translator.set("target.owners", owners, &given.origin);
        }
        return;
    }

    for kind in selection
        .excluded
        .iter()
        .filter(|kind| !EXEMPTED.contains(&kind.as_str()))
    {
        match words_for(kind) {
            Some(words) => owners.extend(words.iter().map(|word| format!("!{word}"))),
            None => lose_kind(translator, given, &format!("!{kind}")),
        }
    }
    if !owners.is_empty() {
        translator.set("target.owners", owners, &given.origin);
    }
}

/// Notes a kind that macaque cannot name: without a kind that is included fewer pods are picked, without one that is
/// excluded more.
fn lose_kind(translator: &mut Translator, given: &GivenText, kind: &str) {
    let effect = if kind.starts_with('!') { Wider } else { Same };
    let why =
        "macaque names a custom kind with its group: add it to target.owners, such as \"widget.example.com\"";
    translator.lose(format!("{}={kind:?}", given.origin), why, effect);
}

/// The words of macaque for a kind of owner as chaoskube sees it, which looks no further than the ReplicaSet.
fn words_for(kind: &str) -> Option<&'static [&'static str]> {
    match kind {
        "ReplicaSet" => Some(&["deployment", "replicaset", "rollout.argoproj.io"]),
        "StatefulSet" => Some(&["statefulset"]),
        "DaemonSet" => Some(&["daemonset"]),
        "Job" => Some(&["job"]),
        "ReplicationController" => Some(&["replicationcontroller"]),
        _ => None,
    }
}

/// The kinds of owners whose pods macaque exempts by a rule, and that of the mirror pods, which it never picks.
const EXEMPTED: [&str; 3] = ["DaemonSet", "Job", "Node"];
