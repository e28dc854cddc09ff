//! The whitelist and the blacklist of kube-monkey, whose entries may be patterns.

use macaque_core::eligibility::SYSTEM_NAMESPACES;
use macaque_core::name_patterns::Glob;

use crate::migrate::migration::UnmigratedEffect::Wider;
use crate::migrate::translator::Translator;
use crate::settings::is_namespace_name;

/// A list of namespaces: names and patterns.
#[derive(Debug, Default)]
struct NamespaceList {
    names: Vec<String>,
    patterns: Vec<String>,
    is_every: bool,
    /// The key or variable, if the list was given.
    origin: Option<String>,
}

impl NamespaceList {
    /// The patterns that macaque takes, too.
    fn globs(&self) -> Vec<&str> {
        let globs = self.patterns.iter().filter(|pattern| !pattern.contains('['));
        globs.map(String::as_str).collect()
    }

    /// Whether a namespace is in the list, as far as macaque can tell.
    fn contains(&self, name: &String) -> bool {
        self.names.contains(name) || self.globs().iter().any(|glob| Glob::new(glob).matches(name))
    }
}

/// Translates both lists.
pub(super) fn translate(translator: &mut Translator) {
    let allowed = read(translator, "kubemonkey.whitelisted_namespaces");
    let mut denied = read(translator, "kubemonkey.blacklisted_namespaces");
    if denied.origin.is_none() {
        denied.names.push("kube-system".to_owned());
    }
    let every = Glob::new("?*");
    if denied.is_every || denied.globs().iter().any(|glob| Glob::new(glob).covers(&every)) {
        let origin = denied.origin.clone().unwrap_or_default();
        translator.refuse(
            &origin,
            "\"*\" leaves no namespace",
            "name the namespaces to leave out",
        );
    }

    let mut include = vec!["daemonset", "system-critical"];
    let is_named = set_namespaces(translator, &allowed, &denied, &mut include);
    leave_out(translator, &denied, is_named, &mut include);

    let include: Vec<String> = include.into_iter().map(str::to_owned).collect();
    let remark = "what macaque exempts and kube-monkey does not; remove a word to exempt its pods";
    translator.set_fixed("target.include", include, remark);
}

/// Sets the namespaces of the whitelist that are not blacklisted, or all; returns whether they are named.
fn set_namespaces(
    translator: &mut Translator,
    allowed: &NamespaceList,
    denied: &NamespaceList,
    include: &mut Vec<&'static str>,
) -> bool {
    let origin = allowed.origin.clone();
    let origin = origin.unwrap_or_else(|| translator.default_origin());
    for pattern in &allowed.patterns {
        let why = "macaque takes patterns only of namespaces to leave out: name these in target.namespaces, or select \
                   them by a label with target.namespace_selector";
        translator.lose(format!("{origin}={pattern:?}"), why, Wider);
    }

    if allowed.is_every || allowed.names.is_empty() {
        let reaches_system = !denied.names.iter().any(|name| is_system(name));
        translator.set_all_namespaces(&origin, reaches_system);
        return false;
    }
    let names = allowed.names.iter().filter(|name| !denied.contains(name));
    let names: Vec<String> = names.cloned().collect();
    if names.is_empty() {
        let wrong = "every namespace of it is blacklisted";
        translator.refuse(&origin, wrong, "name another one");
    }
    if names.iter().any(|name| is_system(name)) {
        include.push("system-namespaces");
    }
    translator.set("target.namespaces", names, &origin);
    true
}

/// Leaves out what is blacklisted: from names that was done, from all the system's by a rule.
fn leave_out(
    translator: &mut Translator,
    denied: &NamespaceList,
    is_named: bool,
    include: &mut Vec<&'static str>,
) {
    let origin = denied
        .origin
        .clone()
        .unwrap_or_else(|| translator.default_origin());
    for pattern in denied.patterns.iter().filter(|pattern| pattern.contains('[')) {
        let why = "macaque takes `*` and `?` in target.exclude_namespaces, and no sets of characters: write it without";
        translator.lose(format!("{origin}={pattern:?}"), why, Wider);
    }
    if is_named {
        return;
    }

    if !denied.names.iter().any(|name| is_system(name)) {
        include.push("system-namespaces");
    }
    let names = denied.names.iter().filter(|name| !is_system(name));
    let excluded: Vec<String> = names
        .cloned()
        .chain(denied.globs().into_iter().map(str::to_owned))
        .collect();
    if !excluded.is_empty() {
        translator.set("target.exclude_namespaces", excluded, &origin);
    }
}

fn is_system(name: &str) -> bool {
    SYSTEM_NAMESPACES.contains(&name)
}

/// Reads a list. Empty entries stand for no list.
fn read(translator: &mut Translator, name: &str) -> NamespaceList {
    let mut list = NamespaceList {
        origin: translator.origin(name),
        ..NamespaceList::default()
    };
    let Some(given) = translator.text(name) else {
        return list;
    };

    for entry in given.text.split([',', ' ']).filter(|entry| !entry.is_empty()) {
        if entry == "*" {
            list.is_every = true;
        } else if entry.contains(['*', '?', '[']) {
            list.patterns.push(entry.to_owned());
        } else if is_namespace_name(entry) {
            list.names.push(entry.to_owned());
        } else {
            let wrong = format!("{entry:?} is neither a namespace nor a pattern");
            translator.refuse(&given.origin, &wrong, "write names such as \"shop\"");
        }
    }
    list
}
