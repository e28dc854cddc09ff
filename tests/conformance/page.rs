//! Writes `docs/conformance.md`, or checks that it is what the suite would write.

use std::path::PathBuf;

use crate::answers::{self, RecordedAnswer};
use crate::requirements::{ELSEWHERE, REQUIREMENTS};
use crate::run_scenario::ScenarioResult;
use crate::writes;

const HEAD: &str = "# Conformance

<!-- Written by the suite itself: CONFORMANCE=write cargo test --test conformance -->

Each scenario is run on the sandbox by `cargo test` and on a real Kubernetes API server, v1.37.2 with its
controllers, by `just e2e`. Both runs share one table of expectations (`tests/conformance/table`): the requests that
macaque sends, what the report says, and the state of the cluster afterwards. The answers to evictions and deletions
must be the same on both, status, reason, message, causes and `Retry-After` included; only names, UIDs and ports are
taken out before they are compared.

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
    let real = answers::recorded();
    let mut page = HEAD.to_owned();
    let raw = results
        .iter()
        .filter(|results| results.requirements.is_empty())
        .count();
    let scenarios = results.len() - raw;
    page += &format!(
        "{scenarios} scenarios, and {raw} raw requests that macaque never sends, to hold the sandbox to more than those.\n\n"
    );
    page += &format!(
        "Beside these, {} writes are recorded in `tests/conformance/writes.json`: the sandbox refuses, warns about and\n\
         completes them as the real server did, with its code, reason, message and causes.\n\n",
        writes::count()
    );
    page += &held(results);
    page += "| scenario | requirement | request | sandbox | real server |\n|---|---|---|---|---|\n";

    for scenario in results {
        let requirements: Vec<_> = scenario.requirements.iter().map(ToString::to_string).collect();
        let answers = real
            .get(scenario.name)
            .map(|record| record.answers.as_slice())
            .unwrap_or_default();
        let column = |answers: &[RecordedAnswer], is_real: bool| {
            let mark = |injected: bool| match (injected, scenario.is_replayed, is_real) {
                (false, ..) | (_, true, true) => "",
                (true, true, false) => " *(as recorded)*",
                (true, false, _) => " *(injected)*",
            };
            let marks = scenario.injected.iter().chain(std::iter::repeat(&false));
            let lines = answers.iter().zip(marks);
            let lines =
                lines.map(|(answers, injected)| answers.brief().replace('|', "\\|") + mark(*injected));
            lines.collect::<Vec<_>>().join("<br>")
        };
        let request = match scenario.record.answers.as_slice() {
            [] => "only reads".to_owned(),
            answers => {
                let requests: Vec<_> = answers
                    .iter()
                    .map(|answers| format!("`{}`", answers.request))
                    .collect();
                requests.join("<br>")
            }
        };
        let (sandbox, real) = (column(&scenario.record.answers, false), column(answers, true));
        page += &format!(
            "| {} | {} | {request} | {sandbox} | {real} |\n",
            scenario.name,
            requirements.join(", ")
        );
    }

    page
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
