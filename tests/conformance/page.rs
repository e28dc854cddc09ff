//! Writes `docs/conformance.md`, or checks that it is what the suite would write.

use std::path::PathBuf;

use crate::answers::{self, Said};
use crate::play::Played;

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
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "docs/conformance.md"]
        .iter()
        .collect();
    let page = page(played);
    if writes {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
    } else if std::env::var_os("CONFORMANCE_ONLY").is_none() {
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
    page += &format!("{} scenarios.\n\n", played.len());
    page += "| scenario | requirement | request | sandbox | real server |\n|---|---|---|---|---|\n";
    for scenario in played {
        let rows: Vec<_> = scenario.rows.iter().map(ToString::to_string).collect();
        let said = real
            .get(scenario.name)
            .map(|record| record.said.as_slice())
            .unwrap_or_default();
        let mark = match (scenario.injected, scenario.recorded) {
            (_, true) => " *(as recorded)*",
            (true, false) => " *(on the wire)*",
            (false, false) => "",
        };
        let column = |said: &[Said], line: &dyn Fn(&Said) -> String| {
            let lines: Vec<_> = said.iter().map(|said| line(said).replace('|', "\\|")).collect();
            lines.join("<br>")
        };
        let request = match scenario.record.said.as_slice() {
            [] => "only reads".to_owned(),
            said => column(said, &|said| format!("`{}`", said.request)),
        };
        let sandbox = column(&scenario.record.said, &|said| said.brief() + mark);
        let mark = if scenario.recorded { "" } else { mark };
        let real = column(said, &|said| said.brief() + mark);
        page += &format!(
            "| {} | {} | {request} | {sandbox} | {real} |\n",
            scenario.name,
            rows.join(", ")
        );
    }
    page
}
