//! Reads the arguments, the environment and the configuration file of another tool from its Kubernetes manifest.

use serde_json::Value;

use super::OldTool;
use super::old_option::{OldSources, OldValue, OldVariable, UnreadPart};

/// Reads the manifest of a Pod, of a workload, or of a ConfigMap with a TOML file; several documents and lists too.
/// `None` if the text is no manifest.
///
/// # Errors
/// The text is a manifest, but has no container and no file of the tool.
pub fn read_manifest(text: &str, tool: OldTool) -> Option<Result<OldSources, String>> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).ok()?;
    let objects: Vec<&Value> = documents.iter().flat_map(objects_of).collect();
    if objects.is_empty() {
        return None;
    }

    let containers: Vec<&Value> = objects.iter().flat_map(|object| containers_of(object)).collect();
    let container = match container_of(&containers, tool) {
        Ok(container) => container,
        Err(wrong) => return Some(Err(wrong)),
    };
    let file = objects.iter().find_map(|object| toml_of(object));
    if container.is_none() && file.is_none() {
        return Some(Err(format!("has no container of {}", tool.name())));
    }

    let mut sources = container.map(sources_of).unwrap_or_default();
    sources.file = file;
    Some(Ok(sources))
}

/// The objects of a document: itself, or the items of a list. What has no kind is none.
fn objects_of(document: &Value) -> Vec<&Value> {
    let items = document.get("items").and_then(Value::as_array);
    match (document.get("kind"), items) {
        (None, _) => Vec::new(),
        (Some(_), Some(items)) => items.iter().flat_map(objects_of).collect(),
        (Some(_), None) => vec![document],
    }
}

/// The containers of a Pod, or of the pods of a workload or a CronJob.
fn containers_of(object: &Value) -> Vec<&Value> {
    [
        "/spec",
        "/spec/template/spec",
        "/spec/jobTemplate/spec/template/spec",
    ]
    .into_iter()
    .filter_map(|path| object.pointer(path)?.get("containers")?.as_array())
    .flatten()
    .collect()
}

/// The container of the tool, by its name or its image; the only one, whatever it is called.
fn container_of<'a>(containers: &[&'a Value], tool: OldTool) -> Result<Option<&'a Value>, String> {
    let is_named = |container: &&&Value| {
        let words = [container.get("name"), container.get("image")];
        let mut words = words.into_iter().flatten().filter_map(Value::as_str);
        words.any(|word| word.contains(tool.name()))
    };
    match (containers.iter().find(is_named), containers) {
        (Some(container), _) => Ok(Some(container)),
        (None, []) => Ok(None),
        (None, [only]) => Ok(Some(only)),
        (None, _) => Err(format!(
            "has several containers, and none is called {} or has an image of that name",
            tool.name()
        )),
    }
}

fn sources_of(container: &Value) -> OldSources {
    let texts = |field: &str| {
        let list = container.get(field).and_then(Value::as_array);
        let texts = list.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect::<Vec<_>>()
    };
    let list = |field: &str| container.get(field).and_then(Value::as_array);
    // The first word of a command is the program.
    let command = texts("command").into_iter().skip(1);

    OldSources {
        args: command.chain(texts("args")).collect(),
        env: list("env")
            .into_iter()
            .flatten()
            .filter_map(variable_of)
            .collect(),
        file: None,
        unread: list("envFrom")
            .filter(|from| !from.is_empty())
            .map(|_| UnreadPart::EnvFrom)
            .into_iter()
            .collect(),
    }
}

fn variable_of(entry: &Value) -> Option<OldVariable> {
    let name = entry.get("name")?.as_str()?.to_owned();
    let value = match entry.get("value").and_then(Value::as_str) {
        Some(text) => OldValue::Text(text.to_owned()),
        None if entry.get("valueFrom").is_some() => OldValue::Elsewhere,
        None => OldValue::Text(String::new()),
    };
    Some(OldVariable { name, value })
}

/// The TOML file of a ConfigMap: `config.toml`, or the only one that ends so.
fn toml_of(object: &Value) -> Option<String> {
    let is_config_map = object.get("kind").and_then(Value::as_str) == Some("ConfigMap");
    let data = object.get("data").filter(|_| is_config_map)?.as_object()?;
    let named = data.get("config.toml");
    let other = || {
        data.iter()
            .find(|(name, _)| name.ends_with(".toml"))
            .map(|(_, text)| text)
    };
    named.or_else(other)?.as_str().map(str::to_owned)
}
