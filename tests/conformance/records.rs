//! The answers of each version of Kubernetes, in a file each: those of the newest are recorded in full, those of the others
//! where they differ from it. The sandbox must answer as the newest does.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::answers::ServerRecord;
use crate::raw;
use crate::run_scenario::ScenarioResult;
use crate::table;

/// The versions that the suite is run on, oldest first.
pub(crate) const VERSIONS: [&str; 3] = ["1.33", "1.35", NEWEST];

/// The version that CI runs the suite on, and that the sandbox stands for.
pub(crate) const NEWEST: &str = "1.37";

/// The records by scenario.
pub(crate) type RecordedAnswers = BTreeMap<String, ServerRecord>;

/// The file of one version.
#[derive(Default, Serialize, Deserialize)]
struct RecordFile {
    /// The release that answered.
    release: String,
    /// The scenarios in which it answered as the newest version does.
    same: BTreeSet<String>,
    /// What it answered in the others.
    records: RecordedAnswers,
}

/// The version of a release: `1.37` of `v1.37.2`.
pub(crate) fn version_of(release: &str) -> String {
    let numbers: Vec<_> = release.trim_start_matches('v').split('.').take(2).collect();
    numbers.join(".")
}

/// The release of this version that was recorded last.
pub(crate) fn release_of(version: &str) -> String {
    file_of(version).release
}

/// What a real server of this version answered when it was recorded last.
pub(crate) fn recorded(version: &str) -> RecordedAnswers {
    let RecordFile {
        same, mut records, ..
    } = file_of(version);
    if !same.is_empty() {
        let newest = file_of(NEWEST).records;
        records.extend(newest.into_iter().filter(|(name, _)| same.contains(name)));
    }
    records
}

/// Records what the server of this release answered now.
pub(crate) fn record(release: &str, results: &[ScenarioResult]) {
    let version = version_of(release);
    let scenarios = table::all().into_iter().map(|scenario| scenario.name);
    let raw = raw::raw_requests().into_iter().map(|request| request.name);
    let names: BTreeSet<_> = scenarios.chain(raw).collect();

    let mut records = recorded(&version);
    records.retain(|name, _| names.contains(name.as_str()));
    let now = results.iter();
    records.extend(now.map(|result| (result.name.to_owned(), result.record.clone())));

    let mut file = RecordFile {
        release: release.to_owned(),
        ..RecordFile::default()
    };
    let newest = if version == NEWEST {
        RecordedAnswers::new()
    } else {
        recorded(NEWEST)
    };
    for (name, record) in records {
        if newest.get(&name) == Some(&record) {
            file.same.insert(name);
        } else {
            file.records.insert(name, record);
        }
    }
    let text = serde_json::to_string_pretty(&file).unwrap() + "\n";
    std::fs::write(path(&version), text).unwrap();
}

fn file_of(version: &str) -> RecordFile {
    let text = std::fs::read_to_string(path(version)).unwrap_or_default();
    if text.is_empty() {
        RecordFile::default()
    } else {
        serde_json::from_str(&text).unwrap()
    }
}

fn path(version: &str) -> PathBuf {
    [
        env!("CARGO_MANIFEST_DIR"),
        "tests/conformance/answers",
        &format!("{version}.json"),
    ]
    .iter()
    .collect()
}
