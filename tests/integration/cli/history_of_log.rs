//! `macaque history --from`: a log gives the rows that the cluster gives, and what is no log has its word.

use serde_json::{Value, json};

use super::history::{entry, list, with_a_history};
use crate::macaque;
use macaque_testkit::Program;

/// A line of the log about this victim.
fn log_line(entry: &Value) -> String {
    json!({"history": {"version": 1, "entry": entry}, "level": "info", "msg": "m", "ts": "t"}).to_string()
}

/// `macaque history --from log` with this log, and no cluster.
fn of_log(log: &str, args: &str) -> Program {
    macaque(&format!("history --from log {args}")).file("log", log)
}

#[test]
fn a_log_gives_the_same_rows_as_the_cluster() {
    let cluster = with_a_history();
    let lines = [1, 2, 5].map(|number| log_line(&entry(number)));
    let log = format!("other\n{}\n{}", lines.join("\n"), &lines[0][..120]);
    let output = of_log(&log, "-n shop").run();
    let table = list(&cluster, "-n shop").out;
    let rows: Vec<_> = table
        .lines()
        .filter(|line| line.contains("web-") || line.contains("TIME"))
        .collect();
    output.says(0, &rows);
    output.says(
        0,
        &["2 disruptions between 2026-03-01 12:02:01 UTC and 2026-03-01 12:05:01 UTC are not in the log"],
    );
    output.complains(
        0,
        &[
            "log: 5 lines read, 3 of the history",
            "line 5 looks like one of the history, and cannot be read: it is not a whole JSON object",
        ],
    );
    assert_eq!(of_log(&log, "-o json").run().json()["entries"][1], entry(2));
}

#[test]
fn times_are_in_the_zone_of_the_schedule() {
    let output = of_log(&log_line(&entry(1)), "").env("MACAQUE_TIMEZONE", "Asia/Kolkata");
    output.run().says(0, &["2026-03-01 17:31:01 IST"]);
}

#[test]
fn a_log_that_is_none_says_what_it_is() {
    of_log("", "")
        .run()
        .complains(0, &["log: 0 lines read", "the log is empty"]);
    of_log("[2026-03-01T12:00:00Z INFO ] evicted shop/web-1\n", "")
        .run()
        .complains(0, &["no line is of the history", "JSON format"]);
    macaque("history --from absent")
        .run()
        .complains(2, &["--from: cannot read absent: No such file"]);
    macaque("history --from .")
        .run()
        .complains(2, &["--from: . is a directory"]);
    of_log("a\0b", "")
        .run()
        .complains(2, &["--from: log is a binary file, not a log"]);
    macaque("history --from -")
        .run()
        .complains(0, &["standard input: 0 lines read"]);
}
