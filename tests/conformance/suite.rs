//! Runs the whole table on one server, several scenarios at a time, and reports each by name before it fails.

use std::rc::Rc;

use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use crate::answers::{self, Record};
use crate::page;
use crate::play::{Played, play, writes};
use crate::raw;
use crate::server::Kind;
use crate::table;

/// How many scenarios run at a time: the machine has few cores, and most of a scenario is waiting.
const AT_A_TIME: usize = 8;

/// Plays every scenario on the server of this kind.
pub(crate) fn run(kind: Kind) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let played = LocalSet::new().block_on(&runtime, play_all(kind));
    let mut failed = 0;
    for Played { name, faults, .. } in &played {
        if faults.is_empty() {
            println!("ok      {name}");
        } else {
            failed += 1;
            println!("FAILED  {name}\n  {}", faults.join("\n  "));
        }
    }
    assert_eq!(
        failed,
        0,
        "of {} scenarios, {failed} failed; see above",
        played.len()
    );
    match kind {
        Kind::Sandbox => page::check(&played, writes()),
        Kind::Real if writes() => answers::record(&played),
        Kind::Real => {}
    }
}

async fn play_all(kind: Kind) -> Vec<Played> {
    let recorded = answers::recorded();
    let only = std::env::var("CONFORMANCE_ONLY").unwrap_or_default();
    let places = Rc::new(Semaphore::new(AT_A_TIME));
    let mut tasks: Vec<(_, &[u8], _)> = Vec::new();
    for scenario in table::all()
        .into_iter()
        .filter(|scenario| scenario.name.contains(&only))
    {
        let (name, rows) = (scenario.name, scenario.rows);
        let said = recorded.get(name).cloned().unwrap_or_default();
        let places = Rc::clone(&places);
        let task = tokio::task::spawn_local(async move {
            let _place = places.acquire().await;
            play(kind, scenario, said).await
        });
        tasks.push((name, rows, task));
    }
    for probe in raw::probes()
        .into_iter()
        .filter(|probe| probe.name.contains(&only))
    {
        let name = probe.name;
        let record = recorded.get(name).cloned().unwrap_or_default();
        let places = Rc::clone(&places);
        let task = tokio::task::spawn_local(async move {
            let _place = places.acquire().await;
            raw::send(kind, probe, record).await
        });
        tasks.push((name, &[], task));
    }
    let mut played = Vec::new();
    for (name, rows, task) in tasks {
        played.push(task.await.unwrap_or_else(|error| Played {
            name,
            rows,
            injected: Vec::new(),
            recorded: false,
            record: Record::default(),
            faults: vec![error.to_string()],
        }));
    }
    played
}
