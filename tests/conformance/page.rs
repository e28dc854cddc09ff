//! Writes `docs/conformance.md`, or checks that it is what the suite would write.

use std::path::PathBuf;

use crate::answers::{self, Said};
use crate::play::Played;
use crate::requirements::{ELSEWHERE, REQUIREMENTS};

const HEAD: &str = "# Conformance

<!-- Written by the suite itself: CONFORMANCE=write cargo test --test conformance -->

Each scenario is played on the embedded sandbox by `cargo test` and on a real Kubernetes API server, v1.37.2 with its
controllers, by `just e2e`. Both runs share one table of expectations (`tests/conformance/table`): the requests that
macaque sends, what the report tells, and the state of the cluster afterwards. The answers to evictions and deletions
must be the same on both, status, reason, message, causes and `Retry-After` included; only names, UIDs and ports are
taken out before they are compared.

An answer marked *(on the wire)* was put there by the proxy between macaque and the server, because no server can be
brought to give it on demand. The sandbox has no admission webhooks and policies: where it is marked *(as recorded)*,
the proxy gave macaque the answer of the real server, to the byte but for the names.

";

/// Compares the page with what was played, or writes it.
pub(crate) fn check(played: &[Played], writes: bool) {
    if std::env::var_os("CONFORMANCE_ONLY").is_some() {
        return;
    }
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "docs/conformance.md"]
        .iter()
        .collect();
    let page = page(played);
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

fn page(played: &[Played]) -> String {
    let real = answers::recorded();
    let mut page = HEAD.to_owned();
    let raw = played.iter().filter(|played| played.rows.is_empty()).count();
    let scenarios = played.len() - raw;
    page += &format!(
        "{scenarios} scenarios, and {raw} raw requests that macaque never sends, to hold the sandbox to more than that.\n\n"
    );
    page += &held(played);
    page += "| scenario | requirement | request | sandbox | real server |\n|---|---|---|---|---|\n";
    for scenario in played {
        let rows: Vec<_> = scenario.rows.iter().map(ToString::to_string).collect();
        let said = real
            .get(scenario.name)
            .map(|record| record.said.as_slice())
            .unwrap_or_default();
        let column = |said: &[Said], is_real: bool| {
            let mark = |injected: bool| match (injected, scenario.recorded, is_real) {
                (false, ..) | (_, true, true) => "",
                (true, true, false) => " *(as recorded)*",
                (true, false, _) => " *(on the wire)*",
            };
            let marks = scenario.injected.iter().chain(std::iter::repeat(&false));
            let lines = said.iter().zip(marks);
            let lines = lines.map(|(said, injected)| said.brief().replace('|', "\\|") + mark(*injected));
            lines.collect::<Vec<_>>().join("<br>")
        };
        let request = match scenario.record.said.as_slice() {
            [] => "only reads".to_owned(),
            said => {
                let requests: Vec<_> = said.iter().map(|said| format!("`{}`", said.request)).collect();
                requests.join("<br>")
            }
        };
        let (sandbox, real) = (column(&scenario.record.said, false), column(said, true));
        page += &format!(
            "| {} | {} | {request} | {sandbox} | {real} |\n",
            scenario.name,
            rows.join(", ")
        );
    }
    page
}

/// What must hold, each with the number of scenarios that prove it.
fn held(played: &[Played]) -> String {
    let mut list = "| | requirement | held by |\n|---|---|---|\n".to_owned();
    for (number, requirement) in (1..).zip(REQUIREMENTS) {
        let count = played
            .iter()
            .filter(|played| played.rows.contains(&number))
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
