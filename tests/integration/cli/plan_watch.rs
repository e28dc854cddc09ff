//! `macaque plan --watch`: the plan again and again.

use kube_sandbox::scenario::shop;
use macaque_testkit::TestCluster;
use macaque_testkit::fault_proxy::{Fault, FaultProxy, RequestMatch};
use serde_json::Value;

use crate::macaque;

const REDRAW: &str = "\u{1b}[H\u{1b}[2J\u{1b}[3J";

#[test]
fn a_terminal_shows_the_plan_in_place_and_an_outage_beside_it_until_ctrl_c() {
    let cluster = TestCluster::with(shop());
    let proxy = FaultProxy::start(&cluster.sandbox.url());
    cluster.reach_at(&proxy.url());
    let running = macaque("plan -n shop --watch=1 --color never")
        .on(&cluster)
        .env("TERM", "xterm")
        .start_on_terminal();

    let shown = running.await_words("webhooks and policies were not asked");
    assert!(shown.starts_with(REDRAW), "{shown:?}");
    assert!(shown.contains(", again every 1 s\r\n\r\nDRY RUN"), "{shown:?}");
    proxy.inject("/pods", Fault::DropBefore);
    running.await_words("problem: not read at ");
    proxy.clear();
    let redrawn = |shown: &str| shown.matches(REDRAW).count();
    let before = redrawn(&running.await_words("problem: not read at "));
    while redrawn(&running.await_words(REDRAW)) < before + 2 {
        std::thread::yield_now();
    }

    running.signal("-INT");
    let (code, shown) = running.end();
    assert_eq!(code, 0, "{shown}");
    let (_, last) = shown.rsplit_once(REDRAW).unwrap();
    assert!(!last.contains("problem:"), "{last}");
}

#[test]
fn json_is_one_document_a_line_and_an_outage_is_said_once() {
    let cluster = TestCluster::with(shop());
    let proxy = FaultProxy::start(&cluster.sandbox.url());
    cluster.reach_at(&proxy.url());
    // The first plan is made; the others fail.
    proxy.inject(RequestMatch::containing("/pods").skipping(1), Fault::DropBefore);
    let running = macaque("plan -n shop --watch=1 -o json --no-guards")
        .on(&cluster)
        .start();
    let said = running.await_words("; still watching");
    proxy.clear();
    let back = running.await_words("the cluster can be read again");

    let output = running.terminate();
    assert_eq!(output.code, 0, "{output:?}");
    let err = said + &back + &output.err;
    assert_eq!(err.matches("still watching").count(), 1, "{err}");
    let plans: Vec<Value> = output
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(plans.len() >= 2, "{plans:?}");
    assert!(plans.iter().all(|plan| plan["listed"] == 14), "{plans:?}");
}

#[test]
fn an_interval_that_is_none_and_a_format_without_lines_are_refused() {
    macaque("plan -n shop --watch=0")
        .run()
        .complains(2, &["write a whole number of seconds from 1 to 3600, such as 10"]);
    macaque("plan -n shop --watch -o yaml")
        .run()
        .complains(2, &["--watch: use -o table, wide or json"]);
}
