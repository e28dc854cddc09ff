//! `macaque blame`: each answer has its exit code and its proof, and each question that has none its word.

use kube_sandbox::scenario::deployment;
use serde_json::{Value, json};

use super::history::{entry, history, journal, stored};
use crate::macaque;
use macaque_testkit::{Program, ProgramOutput, TestCluster};

/// A cluster whose macaque lives in `chaos`: of six disruptions, a minute apart, the history knows these, and the
/// journal the last.
fn with_entries(numbers: &[u64]) -> TestCluster {
    let entries: Vec<_> = numbers.iter().map(|number| entry(*number)).collect();
    TestCluster::with(vec![
        deployment("shop", "web", 2),
        stored(&history(&entries)),
        journal(),
    ])
}

fn command(cluster: &TestCluster, args: &str) -> Program {
    macaque(&format!("blame --macaque-namespace chaos {args}"))
        .on(cluster)
        .env("MACAQUE_RECOVERY__TIMEOUT", "10s")
        .env("MACAQUE_RECOVERY__EXPECT", "10s")
}

fn ask(cluster: &TestCluster, args: &str) -> ProgramOutput {
    command(cluster, args).run()
}

#[test]
fn each_answer_has_its_exit_code_and_its_proof() {
    let cluster = with_entries(&[1, 2, 3, 4, 5]);
    ask(&cluster, "--at 2026-03-01T12:02:03Z -n shop").says(
        3,
        &["yes: deployment/web was not whole from 2026-03-01 12:02:02Z"],
    );
}

#[test]
fn what_is_missing_in_the_history_leaves_a_time_about_which_nobody_can_tell() {
    let cluster = with_entries(&[1, 4, 5]);
    ask(&cluster, "--at 2026-03-01T12:02:30Z --slack 1s").says(
        1,
        &["cannot tell: 2 disruptions between 2026-03-01 12:01:01Z and 2026-03-01 12:04:01Z are not in the history"],
    );
    ask(&cluster, "--at 2026-03-01T12:00:05Z")
        .says(1, &["cannot tell: the history begins at 2026-03-01 12:00Z"]);
}

#[test]
fn the_answer_for_programs_has_the_question_and_the_disruptions() {
    let cluster = with_entries(&[1, 2, 3, 4, 5]);
    let output = ask(
        &cluster,
        "--from 2026-03-01T12:02:00Z --to 2026-03-01T12:02:10Z -n shop -o json",
    );
    let json = output.json();
    assert_eq!(output.code, 3, "{output:?}");
    assert_eq!(json["version"], 1);
    assert_eq!(json["verdict"], "yes");
    assert_eq!(json["from"], "2026-03-01T12:02:00Z");
    assert_eq!(json["slack_ms"], 600_000);
    assert_eq!(json["disruptions"][0]["pod"]["name"], "web-2");
}

#[test]
fn a_no_is_right_for_a_namespace_out_of_scope_and_says_so() {
    let cluster = with_entries(&[1, 2, 3, 4, 5]);
    let output = command(&cluster, "--at 2026-03-01T12:05:30Z -n elsewhere --slack 1s")
        .env("MACAQUE_TARGET__NAMESPACES", "shop")
        .run();
    output.says(0, &["no: nothing was disrupted in elsewhere between"]);
    assert!(
        output
            .err
            .contains("elsewhere is not among the namespaces of target"),
        "{output:?}"
    );
}

#[test]
fn a_question_without_an_answer_is_refused_with_what_would_be_right() {
    let cluster = with_entries(&[]);
    for (args, words) in [
        (
            "--at 2100-01-01T00:00:00Z",
            "is yet to come; there is an answer until now",
        ),
        ("--at soon", "write a time of day such as 03:12"),
        ("--from 1h --to 2h", "is after --to"),
        ("--to 1h", "--from <TIME>"),
        ("--at 1h --from 2h", "cannot be used with"),
        ("--slack 10", "it has no unit: write 10s or 10m or 10h"),
        ("--slack 1000d", "write at most 30d"),
        ("-n Shop!", "\"Shop!\" is not a valid namespace name"),
    ] {
        let output = ask(&cluster, args);
        assert_eq!(output.code, 2, "{args}: {output:?}");
        assert!(output.err.contains(words), "{args}: {output:?}");
    }
}

#[test]
fn without_a_history_or_a_journal_nobody_can_tell_and_the_answer_says_why() {
    let only_journal = TestCluster::with(vec![journal()]);
    ask(&only_journal, "--at 2026-03-01T13:00:00Z").says(1, &["cannot tell: ", "macaque-history"]);
    let in_memory = command(&with_entries(&[1]), "--at 2026-03-01T13:00:00Z")
        .env("MACAQUE_JOURNAL", "memory")
        .run();
    in_memory.says(1, &["cannot tell: journal = memory"]);
}

#[test]
fn hostile_text_in_the_history_reaches_no_terminal() {
    let mut hostile = entry(2);
    hostile["owner"] = json!({"kind": "Deployment", "name": "web\u{1b}[31m\u{202e}"});
    let objects: Vec<Value> = vec![stored(&history(&[entry(1), hostile])), journal()];
    let cluster = TestCluster::with(objects);
    let output = ask(&cluster, "--at 2026-03-01T12:02:03Z");
    output.says(3, &["yes: "]);
    assert!(!output.out.contains(['\u{1b}', '\u{202e}']), "{output:?}");
}
