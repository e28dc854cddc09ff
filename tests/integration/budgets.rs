//! `macaque budgets`, `macaque rbac` and `macaque check` as a user runs them, against the embedded API.

mod audit;
mod documents;
mod permissions;
mod roles;

use macaque_testkit::{ProgramOutput, TestCluster};
use serde_json::Value;

use crate::macaque;

/// Runs `macaque WORDS…` on a cluster.
fn run_on(cluster: &TestCluster, words: &[&str]) -> ProgramOutput {
    let program = macaque("").on(cluster);
    words
        .iter()
        .fold(program, |program, word| program.arg(word))
        .run()
}

/// Runs `macaque WORDS…` on a cluster; its exit code, and its answer in JSON.
fn json_on(cluster: &TestCluster, words: &[&str]) -> (i32, Value) {
    let output = run_on(cluster, &[words, &["-o", "json"]].concat());
    (output.code, output.json())
}
