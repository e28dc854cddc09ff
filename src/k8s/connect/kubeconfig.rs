//! Reads kubeconfig files by kubectl's rules: which files are read, what an empty value means, and which of several
//! values counts.

#[cfg(feature = "fuzzing")]
pub(in crate::k8s) mod fuzzing;
mod selection;

pub(super) use selection::{find_context, select};

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::path::{self, Path, PathBuf};

use kube::config::{Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::k8s::error::AccessFault;

/// Where kubeconfigs are looked for: the file that was named, else those of the variable `KUBECONFIG`, else the one
/// below the home directory.
#[derive(Debug, Default)]
pub(super) struct KubeconfigSearch {
    /// The file that was named, which must exist.
    pub(super) named: Option<PathBuf>,
    /// The value of `KUBECONFIG`.
    pub(super) variable: Option<OsString>,
    /// The value of `HOME`.
    pub(super) home: Option<PathBuf>,
}

/// The content of the kubeconfigs that were found, merged into one. Without `Debug`, because it holds secrets.
pub(super) struct FoundKubeconfig {
    /// What messages call it.
    pub(super) name: String,
    /// The merged content: what is empty is absent, and paths are absolute.
    pub(super) content: Kubeconfig,
}

/// The keys whose values are kept as they are: an empty variable is not an unset one, and an extension belongs to
/// somebody else.
const OPAQUE: [&str; 2] = ["env", "extensions"];

const NAME_ANOTHER: &str = "name a valid one with --kubeconfig (key cluster.kubeconfig)";

impl KubeconfigSearch {
    /// Looks where the environment says.
    pub(super) fn new(named: Option<&Path>) -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            named: named.map(Path::to_owned),
            variable: set("KUBECONFIG"),
            home: set("HOME").map(PathBuf::from),
        }
    }

    /// Reads and merges the files that exist; `None` if none does.
    ///
    /// # Errors
    /// A file that was named does not exist, or one that exists is not a kubeconfig.
    pub(super) fn load(&self) -> Result<Option<FoundKubeconfig>, AccessFault> {
        if let Some(path) = &self.named {
            let content = read(path).map_err(|error| error.of(path))?;
            let name = format!("the kubeconfig {}", path.display());
            return Ok(Some(FoundKubeconfig { name, content }));
        }

        let mut found: Option<Kubeconfig> = None;
        let mut faults = Vec::new();
        let mut existing = Vec::new();
        for path in self.default_files() {
            match read(&path) {
                Ok(next) => {
                    existing.push(path.display().to_string());
                    found = Some(merge(found.unwrap_or_default(), next));
                }
                Err(ReadFault::Io(error)) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => faults.push(error.of(&path)),
            }
        }

        if let Some(fault) = AccessFault::all(faults) {
            return Err(fault);
        }
        let name = self.name_of(&existing);
        Ok(found.map(|content| FoundKubeconfig { name, content }))
    }

    /// Whether somebody chose a kubeconfig: by naming a file, or by `KUBECONFIG`.
    pub(super) fn is_chosen(&self) -> bool {
        self.named.is_some() || self.variable.is_some()
    }

    /// Says where nothing was found, and how to name a cluster.
    pub(super) fn nothing_found(&self) -> AccessFault {
        let files = self.default_files();
        let absent = match files.as_slice() {
            [] if self.variable.is_some() => "KUBECONFIG names no file".to_owned(),
            [] => "neither KUBECONFIG nor HOME is set".to_owned(),
            [only] => format!("{}: No such file", only.display()),
            several => {
                let several = several.iter().map(|path| path.display().to_string());
                format!("none of these files exists: {}", selection::names(several))
            }
        };
        AccessFault::new(
            format!("no kubeconfig was found: {absent}"),
            "name one with --kubeconfig (key cluster.kubeconfig), set KUBECONFIG, or run in a cluster",
        )
    }

    fn default_files(&self) -> Vec<PathBuf> {
        match (&self.variable, &self.home) {
            (Some(list), _) => std::env::split_paths(list)
                .filter(|path| !path.as_os_str().is_empty())
                .collect(),
            (None, Some(home)) => vec![home.join(".kube/config")],
            (None, None) => Vec::new(),
        }
    }

    fn name_of(&self, existing: &[String]) -> String {
        let noun = if existing.len() > 1 {
            "kubeconfigs"
        } else {
            "kubeconfig"
        };
        let origin = if self.variable.is_some() {
            " (from KUBECONFIG)"
        } else {
            ""
        };
        format!("the {noun} {}{origin}", existing.join(", "))
    }
}

/// A reason why a file cannot be read.
#[derive(Debug)]
enum ReadFault {
    Io(io::Error),
    /// What is wrong with its content. It quotes nothing that may be a secret.
    Content(String),
}

impl ReadFault {
    fn of(self, path: &Path) -> AccessFault {
        let wrong = match self {
            Self::Io(error) => error.to_string(),
            Self::Content(wrong) => format!("it is not a valid kubeconfig{wrong}"),
        };
        let wrong = format!("cannot use the kubeconfig {}: {wrong}", path.display());
        AccessFault::new(wrong, NAME_ANOTHER)
    }
}

fn read(path: &Path) -> Result<Kubeconfig, ReadFault> {
    let bytes = std::fs::read(path).map_err(ReadFault::Io)?;
    let text = String::from_utf8(bytes).map_err(|_| ReadFault::Content(": it is not UTF-8".to_owned()))?;
    let directory = path.parent().unwrap_or(Path::new(""));
    // A relative directory is that of the process; it cannot be made absolute if the process has none.
    let directory = path::absolute(directory.join(".")).unwrap_or_else(|_| directory.to_owned());
    parse(&text, &directory).map_err(ReadFault::Content)
}

/// Parses one file, of which relative paths start at `directory`.
fn parse(text: &str, directory: &Path) -> Result<Kubeconfig, String> {
    let text = text.trim_start_matches('\u{feff}');
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(text).map_err(|error| match error.location() {
            Some(place) => format!(" (line {}, column {})", place.line(), place.column()),
            None => String::new(),
        })?;
    let first = documents.into_iter().find(|document| !document.is_null());
    let Value::Object(mut root) = first.unwrap_or_else(|| Value::Object(Map::new())) else {
        return Err(": it is not a mapping".to_owned());
    };
    if root.get("kind").is_some_and(|kind| kind != "Config") {
        return Err(": its kind is not Config".to_owned());
    }

    unset_empty(&mut root);
    let content = Kubeconfig {
        clusters: entries(&mut root, "clusters", |cluster: &NamedCluster| &cluster.name)?,
        auth_infos: entries(&mut root, "users", |user: &NamedAuthInfo| &user.name)?,
        contexts: entries(&mut root, "contexts", |context: &NamedContext| &context.name)?,
        current_context: current_context(&root)?,
        ..Kubeconfig::default()
    };
    Ok(with_absolute_paths(content, directory))
}

fn current_context(root: &Map<String, Value>) -> Result<Option<String>, String> {
    match root.get("current-context") {
        None => Ok(None),
        Some(Value::String(name)) => Ok(Some(name.clone())),
        Some(_) => Err(": its current-context is not a text".to_owned()),
    }
}

/// Removes every key without a value: to kubectl, null and the empty text are the same as no key at all.
fn unset_empty(map: &mut Map<String, Value>) {
    map.retain(|_, value| !value.is_null() && value != "");
    for (key, value) in map.iter_mut() {
        match value {
            _ if OPAQUE.contains(&key.as_str()) => {}
            Value::Object(inner) => unset_empty(inner),
            Value::Array(items) => items
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(unset_empty),
            _ => {}
        }
    }
}

/// The entries of a section, of which each has a name of its own. serde's own words are not shown, because they quote
/// values.
fn entries<T: DeserializeOwned>(
    root: &mut Map<String, Value>,
    section: &str,
    name: fn(&T) -> &String,
) -> Result<Vec<T>, String> {
    let items = match root.remove(section) {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        Some(_) => return Err(format!(": its {section} are not a list")),
    };

    let mut entries = Vec::new();
    let mut known = BTreeSet::new();
    for mut item in items {
        // Without a name nothing can refer to it.
        let Some(found) = item.get("name").cloned() else {
            continue;
        };
        if let Some(context) = item.get_mut("context").and_then(Value::as_object_mut) {
            context.entry("cluster").or_insert_with(|| "".into());
        }
        let entry: T = serde_json::from_value(item)
            .map_err(|_| format!(": the entry {found} of its {section} holds a value of the wrong type"))?;
        if !known.insert(name(&entry).clone()) {
            return Err(format!(": its {section} name {found} twice"));
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// Resolves the paths of a file against its own directory, and drops the white space within base64, as Go does.
fn with_absolute_paths(mut content: Kubeconfig, directory: &Path) -> Kubeconfig {
    let resolve = |path: &mut Option<String>| {
        if let Some(path) = path {
            *path = directory.join(&*path).to_string_lossy().into_owned();
        }
    };
    let compact = |data: &mut Option<String>| {
        if let Some(data) = data {
            data.retain(|c| !c.is_ascii_whitespace());
        }
    };

    for cluster in content
        .clusters
        .iter_mut()
        .filter_map(|named| named.cluster.as_mut())
    {
        resolve(&mut cluster.certificate_authority);
        compact(&mut cluster.certificate_authority_data);
    }
    for user in content
        .auth_infos
        .iter_mut()
        .filter_map(|named| named.auth_info.as_mut())
    {
        resolve(&mut user.client_certificate);
        resolve(&mut user.client_key);
        resolve(&mut user.token_file);
        compact(&mut user.client_certificate_data);
        let mut key = user
            .client_key_data
            .take()
            .map(|key| key.expose_secret().to_owned());
        compact(&mut key);
        user.client_key_data = key.map(SecretString::from);
        // A command without a slash is looked up in PATH.
        if let Some(exec) = &mut user.exec
            && exec.command.as_ref().is_some_and(|command| command.contains('/'))
        {
            resolve(&mut exec.command);
        }
    }
    content
}

/// Adds what `first` does not have: an entry counts as a whole, in the first file that has one of its name.
fn merge(mut first: Kubeconfig, next: Kubeconfig) -> Kubeconfig {
    fn add<T>(first: &mut Vec<T>, next: Vec<T>, name: fn(&T) -> &String) {
        let known: BTreeSet<_> = first.iter().map(|entry| name(entry).clone()).collect();
        first.extend(next.into_iter().filter(|entry| !known.contains(name(entry))));
    }

    add(&mut first.clusters, next.clusters, |cluster| &cluster.name);
    add(&mut first.auth_infos, next.auth_infos, |user| &user.name);
    add(&mut first.contexts, next.contexts, |context| &context.name);
    first.current_context = first.current_context.or(next.current_context);
    first
}

#[cfg(test)]
mod tests;
