//! The layer of the environment: `MACAQUE_*` variables, by their own names and by those of the Go tool.

use super::keys::{KeyKind, PREFIX, SettingKey, is_within, keys};
use super::layer::{SettingsLayer, entries};
use super::mistake::{SettingMistake, quote};
use super::nearest::nearest_variable;
use super::object_names::{is_object_name, namespace_name_fault};
use super::table_fields::TableKind;

/// The beginning of the source of a variable's value.
const ORIGIN: &str = "environment variable ";

/// The variable of the configuration file, as `--config` names it.
pub(super) const CONFIG: &str = "MACAQUE_CONFIG";
/// The variable of the pod's own name, by the downward API.
pub(super) const POD_NAME: &str = "MACAQUE_POD_NAME";
/// The variable of the pod's own namespace, by the downward API.
pub const POD_NAMESPACE: &str = "MACAQUE_POD_NAMESPACE";

/// The variables of this process's environment that concern macaque.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .map(|(name, value)| {
            (
                name.to_string_lossy().into_owned(),
                value.to_string_lossy().into_owned(),
            )
        })
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}

/// Reads the variables that are settings; an empty one counts as not set.
pub(super) fn read(variables: &[(String, String)]) -> SettingsLayer {
    let mut layer = SettingsLayer::default();
    for (name, value) in given(variables) {
        let is_setting = keys().iter().any(|key| key.variable() == name) || old(name).is_some();
        let is_other = [CONFIG, POD_NAME, POD_NAMESPACE].contains(&name);
        if !is_setting && !is_other && !is_service_link(name, value) {
            refuse_unknown(&mut layer, name);
        }
        match name {
            POD_NAME if !is_object_name(value) => refuse_name(&mut layer, name, value, "pod"),
            POD_NAMESPACE if namespace_name_fault(value).is_some() => {
                refuse_name(&mut layer, name, value, "namespace")
            }
            _ => {}
        }
    }

    for key in keys() {
        let new = key.variable();
        let by_old_name = key
            .old_variable
            .and_then(|old| Some((old, find(variables, old)?)));
        match (find(variables, &new), by_old_name) {
            (Some(value), Some((old, other))) if differ(key, value, other) => {
                layer.refuse(
                    conflict(key, (&new, value), (old, other)),
                    Some(key.path.to_owned()),
                );
            }
            (Some(value), _) => layer.set_text(key, value, &origin(&new)),
            (None, Some((old, value))) => layer.set_text(key, value, &origin(old)),
            (None, None) => {}
        }
    }

    layer
}

/// The value of a variable, trimmed, unless it is empty.
pub(super) fn find<'a>(variables: &'a [(String, String)], name: &str) -> Option<&'a str> {
    given(variables)
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value)
}

fn given(variables: &[(String, String)]) -> impl Iterator<Item = (&str, &str)> {
    variables
        .iter()
        .map(|(name, value)| (name.as_str(), value.trim()))
        .filter(|(name, value)| name.starts_with(PREFIX) && !value.is_empty())
}

fn old(name: &str) -> Option<&'static SettingKey> {
    keys().iter().find(|key| key.old_variable == Some(name))
}

pub(super) fn origin(variable: &str) -> String {
    format!("{ORIGIN}{variable}")
}

/// Whether a value's source is a variable.
pub(super) fn is_origin(source: &str) -> bool {
    source.starts_with(ORIGIN)
}

/// The kind of table that a variable was meant to set.
fn table_of(name: &str) -> Option<TableKind> {
    let path = name.strip_prefix(PREFIX)?.to_lowercase().replace("__", ".");
    TableKind::ALL.into_iter().find(|kind| {
        let section = kind.section();
        path == section || is_within(&path, section)
    })
}

/// Refuses a variable that would set a table of which a file may hold several.
fn refuse_table(layer: &mut SettingsLayer, name: &str, kind: TableKind) {
    let mistake = SettingMistake {
        key: name.to_owned(),
        source: Some("environment".to_owned()),
        wrong: format!("{}s are set in the configuration file only", kind.noun()),
        right: Some(format!(
            "write [[{}]] there, and its fields below",
            kind.section()
        )),
    };
    layer.refuse(mistake, None);
}

/// Refuses a variable that names a `kind` of object that cannot be in a cluster.
fn refuse_name(layer: &mut SettingsLayer, name: &str, value: &str, kind: &str) {
    let mistake = SettingMistake {
        key: name.to_owned(),
        source: Some("environment".to_owned()),
        wrong: format!("{} is not a valid {kind} name", quote(value)),
        right: Some("set it by the downward API, as the manifest does".to_owned()),
    };
    layer.refuse(mistake, None);
}

/// Refuses a variable that is not a setting, and suggests the nearest.
fn refuse_unknown(layer: &mut SettingsLayer, name: &str) {
    if let Some(kind) = table_of(name) {
        return refuse_table(layer, name, kind);
    }
    let meant = nearest_variable(name);
    let right = match &meant {
        Some((_, variable)) => format!("did you mean {variable}?"),
        None => format!("remove it; settings are called {PREFIX}SECTION__KEY"),
    };
    let mistake = SettingMistake {
        key: name.to_owned(),
        source: Some("environment".to_owned()),
        wrong: "no setting has this variable".to_owned(),
        right: Some(right),
    };

    layer.refuse(mistake, meant.map(|(key, _)| key.path.to_owned()));
}

fn differ(key: &SettingKey, one: &str, other: &str) -> bool {
    match key.kind {
        KeyKind::List(separator) | KeyKind::OptionalList(separator) => {
            !entries(one, separator).eq(entries(other, separator))
        }
        _ => one != other,
    }
}

fn conflict(key: &SettingKey, new: (&str, &str), old: (&str, &str)) -> SettingMistake {
    let wrong = match key.kind {
        KeyKind::Secret => format!("{} and {} differ", new.0, old.0),
        _ => format!("{} is {}, but {} is {}", new.0, quote(new.1), old.0, quote(old.1)),
    };

    SettingMistake {
        key: key.path.to_owned(),
        source: Some("environment".to_owned()),
        wrong,
        right: Some("both name this setting: keep one".to_owned()),
    }
}

/// Whether Kubernetes set this variable for a Service called `macaque` or `macaque-…`, as it does for every
/// Service of a pod's namespace unless the pod has `enableServiceLinks: false`.
fn is_service_link(name: &str, value: &str) -> bool {
    let rest = name.strip_prefix(PREFIX).unwrap_or(name);
    if link_of_service(rest) {
        return true;
    }
    // MACAQUE_METRICS_…: the Service's name goes on. A bare …_PORT would be easily mistaken: look at its value.
    rest.match_indices('_').any(|(at, _)| {
        let shape = &rest[at + 1..];
        link_of_service(shape) && (shape != "PORT" || value.contains("://"))
    })
}

/// The shapes of a service link, after the name of the Service.
fn link_of_service(shape: &str) -> bool {
    if matches!(shape, "SERVICE_HOST" | "SERVICE_PORT" | "PORT") || shape.starts_with("SERVICE_PORT_") {
        return true;
    }

    let Some(port) = shape.strip_prefix("PORT_") else {
        return false;
    };
    let mut parts = port.split('_');
    let number = parts.next().is_some_and(|number| number.parse::<u16>().is_ok());
    let protocol = parts
        .next()
        .is_some_and(|word| matches!(word, "TCP" | "UDP" | "SCTP"));
    let detail = parts
        .next()
        .is_none_or(|word| matches!(word, "PROTO" | "PORT" | "ADDR"));

    number && protocol && detail && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variables_of_a_service_called_macaque_are_service_links() {
        for name in [
            "MACAQUE_SERVICE_HOST",
            "MACAQUE_SERVICE_PORT",
            "MACAQUE_SERVICE_PORT_HTTP",
            "MACAQUE_PORT",
            "MACAQUE_PORT_8080_TCP",
            "MACAQUE_PORT_8080_TCP_PROTO",
            "MACAQUE_PORT_8080_TCP_PORT",
            "MACAQUE_PORT_8080_TCP_ADDR",
            "MACAQUE_METRICS_SERVICE_HOST",
            "MACAQUE_METRICS_PORT_9090_TCP_ADDR",
            "MACAQUE_METRICS_PORT",
        ] {
            assert!(is_service_link(name, "tcp://10.0.0.1:8080"), "{name}");
        }
    }

    #[test]
    fn other_variables_are_no_service_links() {
        for name in [
            "MACAQUE_HEALTH_PORT",
            "MACAQUE_PORTS",
            "MACAQUE_PORT_HTTP_TCP",
            "MACAQUE_PORT_8080_TCP_NAME",
            "MACAQUE_SERVICE",
        ] {
            assert!(!is_service_link(name, "8080"), "{name}");
        }
    }

    #[test]
    fn both_names_may_say_the_same() {
        let both = [
            ("MACAQUE_NAMESPACE", "a,b"),
            ("MACAQUE_TARGET__NAMESPACES", "a, b"),
        ];
        let layer = read(&both.map(|(name, value)| (name.into(), value.into())));
        assert!(layer.mistakes.is_empty(), "{:?}", layer.mistakes);
    }

    #[test]
    fn an_empty_variable_is_not_set() {
        let layer = read(&[
            ("MACAQUE_CRONTAB".into(), " ".into()),
            ("MACAQUE_BOGUS".into(), String::new()),
        ]);
        assert!(layer.values.is_empty() && layer.mistakes.is_empty());
    }
}
