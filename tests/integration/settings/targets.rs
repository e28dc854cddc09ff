//! Whose pods are in scope: what the keys of `[target]` take, and which mistakes they name.

use super::fixture;

/// The text of a file with this line in `[target]`.
fn target(line: &str) -> String {
    format!("[target]\n{line}")
}

#[test]
fn the_keys_of_the_scope_are_read_from_the_file_and_from_variables() {
    let setup = fixture()
        .file(&target(
            "owners = [\"deploy\", \"Rollouts.argoproj.io\"]\nnames = [\"cart-*\", \"!*-canary\"]\n\
             zones = [\"eu-1b\", \"eu-1a\"]\nnode_selector = \"pool=spot\"\nnodes = [\"worker-7\"]",
        ))
        .env("MACAQUE_TARGET__EXCLUDE_NAMESPACES", "billing, team-*-prod")
        .load();

    let target = setup.config.target;
    assert_eq!(target.owners.to_string(), "[deployment, rollout.argoproj.io]");
    assert_eq!(target.names.to_string(), "[cart-*, !*-canary]");
    assert!(target.zones.iter().eq(["eu-1a", "eu-1b"]));
    assert!(target.nodes.iter().eq(["worker-7"]));
    assert_eq!(target.node_selector.to_string(), "pool=spot");
    assert!(target.excludes_namespace("billing") && target.excludes_namespace("team-a-prod"));
    assert!(!target.excludes_namespace("shop"));
}

#[test]
fn each_mistake_says_what_would_be_right() {
    for (line, fault) in [
        (
            "owners = [\"deploymnt\"]",
            "target.owners: \"deploymnt\" is not a known kind: did you mean \"deployment\"?",
        ),
        (
            "owners = [\"cronjob\"]",
            "target.owners: \"cronjob\" owns no pods: use \"job\"",
        ),
        (
            "owners = [\"deploy\", \"deployments\"]",
            "target.owners: \"deployment\" is listed twice: name each kind once",
        ),
        (
            "owners = [\"sts.apps\", \"!sts\"]",
            "target.owners: \"statefulset.apps\" is excluded by \"!statefulset\": remove one of the two",
        ),
        (
            "names = [\"Cart_*\"]",
            "target.names: \"Cart_*\" can match no owner's name: it contains other characters than a-z, 0-9, -, .",
        ),
        (
            "names = [\"\"]",
            "target.names: \"\" can match no owner's name: it is empty",
        ),
        (
            "names = [\"!\"]",
            "target.names: \"!\" can match no owner's name: it is empty",
        ),
        ("names = [\"cart-\"]", "it begins or ends with - or ."),
        (
            "names = [\"cart\", \"cart\"]",
            "target.names: \"cart\" is listed twice",
        ),
        (
            "names = [\"cart\", \"!c*\"]",
            "target.names: \"cart\" has no effect, because \"!c*\" comes after it, and the last match decides",
        ),
        (
            "names = [\"!cart-canary\", \"cart-*\"]",
            "target.names: \"!cart-canary\" has no effect, because \"cart-*\" comes after it",
        ),
        (
            "exclude_namespaces = [\"team.*\"]",
            "target.exclude_namespaces: \"team.*\" can be no namespace's name: it contains other characters",
        ),
        (
            "exclude_namespaces = [\"own\"]",
            "target.exclude_namespaces: \"own\" is excluded, and in scope by target.namespaces",
        ),
        (
            "exclude_namespaces = [\"o*\"]",
            "target.exclude_namespaces: every namespace in scope is excluded",
        ),
        (
            "namespaces = [\"*\"]\nexclude_namespaces = [\"*\"]",
            "target.exclude_namespaces: every namespace in scope is excluded",
        ),
        ("zones = [\"eu 1a\"]", "target.zones: \"eu 1a\" is not a zone"),
        ("zones = [\"\"]", "target.zones: \"\" is not a zone: it is empty"),
        (
            "selector = \"topology.kubernetes.io/zone=eu-1b\"\nzones = [\"eu-1a\"]",
            "target.zones: target.selector allows none of these zones",
        ),
        (
            "nodes = [\"Worker\"]",
            "target.nodes: \"Worker\" is not a valid name of a node",
        ),
        ("nodes = [\"a\", \"a\"]", "target.nodes: \"a\" is listed twice"),
        (
            "node_selector = \"pool=\\\"\"",
            "target.node_selector: selector requirement",
        ),
    ] {
        let mistake = fixture().file(&target(line)).mistake();
        assert!(mistake.contains(fault), "{line}: {mistake}");
    }
}

#[test]
fn every_mistake_of_a_list_is_named_at_once() {
    let mistakes = fixture()
        .file(&target(
            "owners = [\"deploymnt\", \"gizmo\"]\nzones = [\"-\"]\nnodes = [\"_\"]",
        ))
        .mistakes();
    assert_eq!(mistakes.len(), 4, "{mistakes:#?}");
}

#[test]
fn what_only_looks_contradictory_is_taken() {
    for line in [
        "names = [\"cart-*\", \"!cart-canary\", \"cart-canary-eu\"]",
        "owners = [\"statefulset\", \"!statefulset.apps.kruise.io\"]",
        "namespaces = [\"shop\", \"shop-test\"]\nexclude_namespaces = [\"*-test\"]",
        "selector = \"topology.kubernetes.io/zone!=eu-1b\"\nzones = [\"eu-1a\", \"eu-1b\"]",
        "nodes = [\"worker-7\"]\nnode_selector = \"pool\"",
        "owners = [\"widget.example.com\", \"!pod\"]",
    ] {
        fixture().file(&target(line)).load();
    }
}
