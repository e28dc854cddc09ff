//! Writes `docs/conformance.md`, or checks that it is what the suite would write.

use std::path::PathBuf;

use crate::answers::ServerRecord;
use crate::records::{self, NEWEST, RecordedAnswers, VERSIONS};
use crate::requirements::{ELSEWHERE, REQUIREMENTS};
use crate::run_scenario::ScenarioResult;
use crate::writes;

const HEAD: &str = "# Conformance

<!-- Written by the suite itself: CONFORMANCE=write cargo test --test conformance -->

Each scenario is run on the sandbox by `cargo test` and on real Kubernetes API servers with their controllers. All runs
share one table of expectations (`tests/conformance/table`): the requests that macaque sends, what the report says, and
the state of the cluster afterwards. The answers to evictions and deletions are recorded for each version of Kubernetes,
status, reason, message, causes and `Retry-After` included; only names, UIDs and ports are taken out before they are
compared. The sandbox must answer as the newest version does.

";

const HOW: &str = "`just e2e`, and so CI, runs the suite on the newest version; `just conformance VERSION` runs it on one of the
others, which is done by hand whenever the table grows. Each column of a version was written by such a run on that
version, with `CONFORMANCE=write`. *same* stands for the answers of the newest version, and for the same state of the
pods afterwards.

An answer marked *(injected)* was given by the proxy between macaque and the server, because no server gives it on
demand. The sandbox has no admission webhooks and policies: where it is marked *(as recorded)*,
the proxy gave macaque the answer of the real server, byte for byte except the names.

";

/// Compares the page with the results, or writes it.
pub(crate) fn check(results: &[ScenarioResult], writes: bool) {
    if std::env::var_os("CONFORMANCE_ONLY").is_some() {
        return;
    }

    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "docs/conformance.md"]
        .iter()
        .collect();
    let page = page(results);

    if writes {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
    } else {
        let known = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            known, page,
            "docs/conformance.md is out of date: CONFORMANCE=write cargo test --test conformance"
        );
    }
}

fn page(results: &[ScenarioResult]) -> String {
    let versions: Vec<_> = VERSIONS.iter().map(|version| Column::of(version)).collect();
    let raw = results
        .iter()
        .filter(|results| results.requirements.is_empty())
        .count();
    let scenarios = results.len() - raw;

    let mut page = HEAD.to_owned();
    let releases: Vec<_> = versions.iter().map(|column| column.release.as_str()).collect();
    page += &format!("The versions are {}.\n", releases.join(", "));
    page += HOW;
    page += &format!(
        "{scenarios} scenarios, and {raw} raw requests that macaque never sends, to hold the sandbox to more than those.\n\n"
    );
    page += &writes::paragraph();
    page += &held(results);

    page += &format!(
        "| scenario | requirement | request | sandbox | {} |\n",
        VERSIONS.join(" | ")
    );
    page += &format!("|{}\n", "---|".repeat(4 + VERSIONS.len()));
    for scenario in results {
        let requirements: Vec<_> = scenario.requirements.iter().map(ToString::to_string).collect();
        let mut cells = vec![
            scenario.name.to_owned(),
            requirements.join(", "),
            requests(&scenario.record),
            answers(scenario, &scenario.record, true),
        ];
        cells.extend(versions.iter().map(|column| column.cell(scenario, &versions)));
        page += &format!("| {} |\n", cells.join(" | "));
    }

    page
}

/// The column of one version.
struct Column {
    version: &'static str,
    release: String,
    records: RecordedAnswers,
}

impl Column {
    fn of(version: &'static str) -> Self {
        Self {
            version,
            release: records::release_of(version),
            records: records::recorded(version),
        }
    }

    fn record(&self, scenario: &ScenarioResult) -> &ServerRecord {
        let Self { version, release, .. } = self;
        self.records.get(scenario.name).unwrap_or_else(|| {
            panic!(
                "{release} was not asked {:?}: CONFORMANCE=write just conformance {version}",
                scenario.name
            )
        })
    }

    fn cell(&self, scenario: &ScenarioResult, versions: &[Self]) -> String {
        let record = self.record(scenario);
        let newest = versions.iter().find(|column| column.version == NEWEST).unwrap();
        let newest = newest.record(scenario);
        match self.version {
            NEWEST => answers(scenario, record, false),
            _ if record == newest => "*same*".to_owned(),
            _ if record.answers == newest.answers => format!("*same*, then {}", record.pods.join(", ")),
            _ => answers(scenario, record, false),
        }
    }
}

/// The disruptions of a scenario, a line each.
fn requests(record: &ServerRecord) -> String {
    if record.answers.is_empty() {
        return "only reads".to_owned();
    }
    let requests = record
        .answers
        .iter()
        .map(|answer| format!("`{}`", answer.request));
    requests.collect::<Vec<_>>().join("<br>")
}

/// The answers of a record, a line each, with a mark where the proxy gave them.
fn answers(scenario: &ScenarioResult, record: &ServerRecord, is_sandbox: bool) -> String {
    let mark = |injected: bool| match (injected, scenario.is_replayed, is_sandbox) {
        (false, ..) | (_, true, false) => "",
        (true, true, true) => " *(as recorded)*",
        (true, false, _) => " *(injected)*",
    };
    let marks = scenario.injected.iter().chain(std::iter::repeat(&false));
    let lines = record.answers.iter().zip(marks);
    let lines = lines.map(|(answer, injected)| answer.brief().replace('|', "\\|") + mark(*injected));
    lines.collect::<Vec<_>>().join("<br>")
}

/// The requirements, each with the number of scenarios that prove it.
fn held(results: &[ScenarioResult]) -> String {
    let mut list = "| | requirement | held by |\n|---|---|---|\n".to_owned();
    for (number, requirement) in (1..).zip(REQUIREMENTS) {
        let count = results
            .iter()
            .filter(|results| results.requirements.contains(&number))
            .count();
        let elsewhere = ELSEWHERE.iter().find(|(known, _)| *known == number);
        let by = match (count, elsewhere) {
            (0, Some((_, what))) => (*what).to_owned(),
            (0, None) => panic!("no scenario holds requirement {number}"),
            (1, _) => "1 scenario".to_owned(),
            (count, _) => format!("{count} scenarios"),
        };
        list += &format!("| {number} | {requirement} | {by} |\n");
    }
    list + "\n"
}
