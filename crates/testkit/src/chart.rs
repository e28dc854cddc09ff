//! The chart of deploy/chart, as Helm renders, checks and installs it.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// The directory of the chart.
pub const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/chart");

/// Helm 3 of `.ci/helm3` and Helm 4 of `.ci/tools`.
pub const HELMS: [&str; 2] = ["helm3", "helm"];

/// What Helm printed on standard output, or, if it failed, on standard error.
pub type HelmResult = Result<String, String>;

/// Runs Helm with these arguments, and with these values as a file after them; nothing of the user's own settings counts.
///
/// # Panics
/// The program is not on the `PATH`.
pub fn helm(program: &str, args: &[&str], values: &Value) -> HelmResult {
    let home = TempDir::new().unwrap();
    let mut command = Command::new(program);
    command.args(args).env_clear().env("HOME", home.path());
    command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
    if !values.is_null() {
        command.args(["--values", "-"]);
    }

    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = child.unwrap_or_else(|error| panic!("{program}: {error}: see .ci/helm3 and .ci/tools"));
    // One that fails early reads nothing.
    let _ = child
        .stdin
        .take()
        .unwrap()
        .write_all(values.to_string().as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    if output.status.success() {
        Ok(text(output.stdout))
    } else {
        Err(text(output.stderr))
    }
}

/// The objects of release `macaque` in the namespace `chaos` with these values.
///
/// # Panics
/// Helm refuses the values.
pub fn rendered(values: &Value) -> Vec<Value> {
    let text = helm(
        "helm",
        &["template", "macaque", CHART, "--namespace", "chaos"],
        values,
    );
    objects(&text.unwrap_or_else(|error| panic!("{values}: {error}")))
}

/// The documents of a YAML text that hold anything.
///
/// # Panics
/// The text is not YAML.
pub fn objects(yaml: &str) -> Vec<Value> {
    let documents: Vec<Value> =
        serde_saphyr::from_multiple(yaml).unwrap_or_else(|error| panic!("{error}: {yaml}"));
    documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect()
}

/// The names and values of the files in deploy/chart/ci, one of each way to use the chart.
///
/// # Panics
/// There are none.
pub fn examples() -> Vec<(String, Value)> {
    let directory = fs::read_dir(format!("{CHART}/ci")).unwrap();
    let mut examples: Vec<_> = directory
        .map(|entry| {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let text = fs::read_to_string(format!("{CHART}/ci/{name}")).unwrap();
            (name, serde_saphyr::from_str(&text).unwrap())
        })
        .collect();
    examples.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert!(!examples.is_empty(), "no values in deploy/chart/ci");
    examples
}

/// The values `base` with those of `over` in their place, as Helm merges them.
pub fn merged(mut base: Value, over: &Value) -> Value {
    merge(&mut base, over);
    base
}

fn merge(base: &mut Value, over: &Value) {
    match (base.as_object_mut(), over.as_object()) {
        (Some(base), Some(over)) => {
            for (key, value) in over {
                merge(base.entry(key.as_str()).or_insert(Value::Null), value);
            }
        }
        _ => *base = over.clone(),
    }
}

/// The one object of this kind, or of this `KIND/NAME`.
///
/// # Panics
/// There is none, or more than one.
pub fn object<'a>(objects: &'a [Value], wanted: &str) -> &'a Value {
    let mut found = objects.iter().filter(|object| is_wanted(object, wanted));
    let first = found.next().unwrap_or_else(|| panic!("no {wanted}"));
    assert!(found.next().is_none(), "more than one {wanted}");
    first
}

/// Whether an object is of this kind, or is this `KIND/NAME`.
pub fn is_wanted(object: &Value, wanted: &str) -> bool {
    let (kind, name) = wanted.split_once('/').unwrap_or((wanted, ""));
    object["kind"] == kind && (name.is_empty() || object["metadata"]["name"] == name)
}

/// What `work` makes of each, in this order, on as many threads as there are processors.
///
/// # Panics
/// One of them did.
pub fn side_by_side<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let share = all.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> = all
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().map(&work).collect::<Vec<_>>()))
            .collect();
        let results = parts.into_iter().flat_map(|part| part.join().unwrap());
        results.collect()
    })
}
