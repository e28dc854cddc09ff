//! Runs the whole table on one server, several scenarios at a time, and reports each by name before it fails.

use std::rc::Rc;

use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use crate::answers::ServerRecord;
use crate::page;
use crate::raw;
use crate::records::{self, NEWEST};
use crate::run_scenario::{ScenarioResult, run_scenario, writes};
use crate::server::{self, ServerKind};
use crate::table;

/// How many scenarios run at a time: the machine has few cores, and most of a scenario is waiting.
const AT_A_TIME: usize = 16;

/// Runs every scenario on the server of this kind.
pub(crate) fn run(kind: ServerKind) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let local = LocalSet::new();
    // The sandbox stands for the newest.
    let release = match kind {
        ServerKind::Sandbox => records::release_of(NEWEST),
        ServerKind::Real => local.block_on(&runtime, server::release()),
    };
    let version = records::version_of(&release);
    let results = local.block_on(&runtime, run_all(kind, &version));
    let mut failed = 0;

    for ScenarioResult {
        name, differences, ..
    } in &results
    {
        if differences.is_empty() {
            println!("ok      {name}");
        } else {
            failed += 1;
            println!("FAILED  {name}\n  {}", differences.join("\n  "));
        }
    }

    assert_eq!(
        failed,
        0,
        "of {} scenarios, {failed} failed on {release}; see above",
        results.len()
    );

    match kind {
        ServerKind::Sandbox => page::check(&results, writes()),
        ServerKind::Real if writes() => records::record(&release, &results),
        ServerKind::Real => {}
    }
}

async fn run_all(kind: ServerKind, version: &str) -> Vec<ScenarioResult> {
    let recorded = records::recorded(version);
    let only = std::env::var("CONFORMANCE_ONLY").unwrap_or_default();
    let places = Rc::new(Semaphore::new(AT_A_TIME));
    let mut tasks: Vec<(_, &[u8], _)> = Vec::new();

    for scenario in table::all()
        .into_iter()
        .filter(|scenario| scenario.name.contains(&only))
    {
        let (name, requirements) = (scenario.name, scenario.requirements);
        let answers = recorded.get(name).cloned().unwrap_or_default();
        let places = Rc::clone(&places);
        let version = version.to_owned();
        let task = tokio::task::spawn_local(async move {
            let _place = places.acquire().await;
            run_scenario(kind, scenario, answers, &version).await
        });
        tasks.push((name, requirements, task));
    }
    for raw_request in raw::raw_requests()
        .into_iter()
        .filter(|raw_request| raw_request.name.contains(&only))
    {
        let name = raw_request.name;
        let record = recorded.get(name).cloned().unwrap_or_default();
        let places = Rc::clone(&places);
        let task = tokio::task::spawn_local(async move {
            let _place = places.acquire().await;
            raw::send(kind, raw_request, record).await
        });
        tasks.push((name, &[], task));
    }
    let mut results = Vec::new();

    for (name, requirements, task) in tasks {
        results.push(task.await.unwrap_or_else(|error| ScenarioResult {
            name,
            requirements,
            injected: Vec::new(),
            is_replayed: false,
            record: ServerRecord::default(),
            differences: vec![error.to_string()],
        }));
    }

    results
}
