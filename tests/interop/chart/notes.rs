//! What Helm prints after an installation: the scope, and commands that the chart and kubectl take.

use macaque_testkit::chart::{CHART, helm, merged};
use serde_json::{Value, json};

use super::minimal;

/// The notes of release `macaque` in the namespace `chaos`. Only Helm 4 prints them without a cluster.
fn notes(values: &Value) -> String {
    let args = [
        "install",
        "macaque",
        CHART,
        "--namespace",
        "chaos",
        "--dry-run=client",
    ];
    let text = helm("helm", &args, &merged(minimal(), values));
    let text = text.unwrap_or_else(|error| unreachable!("{values}: {error}"));
    let (_, notes) = text.split_once("NOTES:\n").unwrap();
    // Commands that go on in the next line are one.
    notes.replace(" \\\n   ", "")
}

/// The first line of the notes that has these words.
fn line_with<'a>(notes: &'a str, words: &str) -> &'a str {
    let line = notes.lines().find(|line| line.contains(words));
    line.unwrap_or_else(|| unreachable!("no {words:?} in {notes}"))
        .trim()
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn the_notes_say_which_namespaces_are_in_scope_by_name_or_by_label() {
    for (target, armed, row) in [
        (
            json!({"namespaces": ["shop", "cart"]}),
            "macaque EVICTS pods in shop, cart.",
            "namespaces  shop, cart",
        ),
        (
            json!({"namespaces": ["*"]}),
            "macaque EVICTS pods in EVERY namespace.",
            "namespaces  EVERY namespace",
        ),
        (
            json!({"namespaces": null, "namespace_selector": "chaos=on"}),
            "macaque EVICTS pods in namespaces with chaos=on.",
            "namespaces  with chaos=on",
        ),
    ] {
        let notes = notes(&json!({"config": {"dry_run": false, "target": target}}));
        assert!(line_with(&notes, "ARMED").contains(armed), "{notes}");
        assert_eq!(line_with(&notes, "namespaces  "), row);
    }
}

/// An armed macaque must have a scope: only where none is set does the command add one.
#[test]
#[ignore = "needs .ci/tools: just interop"]
fn the_command_that_arms_adds_the_namespaces_only_if_the_values_select_none() {
    for (target, added) in [
        (
            json!({"namespaces": null}),
            " --set 'config.target.namespaces={chaos}'",
        ),
        (json!({"namespaces": ["shop"]}), ""),
        (json!({"namespaces": null, "namespace_selector": "chaos=on"}), ""),
    ] {
        let notes = notes(&json!({"config": {"target": target}}));
        let (_, end) = notes.split_once("--set config.dry_run=false").unwrap();
        assert_eq!(end.lines().next(), Some(added), "{notes}");
    }
}

#[test]
#[ignore = "needs .ci/tools: just interop"]
fn the_commands_that_pause_and_resume_leave_nothing_of_an_earlier_pause() {
    let notes = notes(&json!({"config": {"dry_run": false}}));
    assert_eq!(
        line_with(&notes, "macaque/paused=true"),
        "kubectl -n chaos annotate --overwrite configmap macaque-journal macaque/paused=true \
         macaque/paused-reason=WHY macaque/paused-by-"
    );
    assert_eq!(
        line_with(&notes, "macaque/paused- "),
        "kubectl -n chaos annotate configmap macaque-journal macaque/paused- macaque/paused-reason- \
         macaque/paused-by-"
    );
}
