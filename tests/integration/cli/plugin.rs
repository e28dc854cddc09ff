//! macaque as kubectl's plugin: its name, the words it completes, and the namespace of the context.

use std::os::unix::fs::symlink;

use macaque_testkit::{Program, TestCluster};
use serde_json::json;
use tempfile::TempDir;

use crate::macaque;
use kube_sandbox::scenario::shop;

/// Contexts with a namespace, with an empty one, with none, and with one that Kubernetes refuses.
const CONTEXTS: &str = "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]
contexts:
- {name: prod, context: {cluster: c, namespace: shop}}
- {name: empty, context: {cluster: c, namespace: ''}}
- {name: none, context: {cluster: c}}
- {name: wrong, context: {cluster: c, namespace: Shop}}
current-context: prod
";

/// macaque, called by the name of a plugin of kubectl.
fn plugin(directory: &TempDir, args: &str) -> Program {
    let path = directory.path().join("kubectl-macaque");
    let _ = symlink(env!("CARGO_BIN_EXE_macaque"), &path);
    Program::new(path).args(args)
}

#[test]
fn kubectls_plugin_calls_itself_as_kubectl_does() {
    let directory = TempDir::new().unwrap();
    plugin(&directory, "--help")
        .run()
        .says(0, &["Usage: kubectl macaque [OPTIONS] [COMMAND]"]);
    plugin(&directory, "once --help")
        .run()
        .says(0, &["Usage: kubectl macaque once"]);
    plugin(&directory, "once --nonsense")
        .run()
        .complains(2, &["Usage: kubectl macaque once"]);
    plugin(&directory, "plan -n Shop")
        .run()
        .complains(2, &["kubectl macaque: "]);

    let cluster = TestCluster::with(shop());
    let hint = plugin(&directory, "plan -n shop").on(&cluster).run();
    hint.says(0, &["only `kubectl macaque once` runs rounds"]);
    let hint = macaque("plan -n shop").on(&cluster).run();
    hint.says(0, &["only `macaque once` runs rounds"]);
}

#[test]
fn the_namespace_of_the_context_is_used_and_named_if_no_other_is() {
    for (args, namespace, named) in [
        ("rbac", "shop", Some("prod")),
        ("rbac --context empty", "default", Some("empty")),
        ("rbac --context none", "default", Some("none")),
        ("rbac -n cart", "cart", None),
        ("rbac -n cart --context wrong", "cart", None),
    ] {
        let output = macaque(args).on_kubeconfig(CONTEXTS).run();
        output.says(0, &[&format!("namespace: {namespace}\n")]);
        let note = named.map(|context| {
            format!("macaque: namespace {namespace}, from the context {context}; --namespace names another\n")
        });
        assert_eq!(output.err, note.unwrap_or_default(), "{args}");
    }

    let by_file = macaque("rbac")
        .on_kubeconfig(CONTEXTS)
        .toml("target.namespaces = [\"cart\"]")
        .run();
    by_file.says(0, &["namespace: cart\n"]);
    let by_variable = macaque("rbac")
        .on_kubeconfig(CONTEXTS)
        .env("MACAQUE_NAMESPACE", "cart")
        .run();
    by_variable.says(0, &["namespace: cart\n"]);
    assert_eq!((by_file.err, by_variable.err), (String::new(), String::new()));
}

#[test]
fn a_context_in_the_settings_file_says_which_namespace_is_meant() {
    let output = macaque("rbac")
        .on_kubeconfig(CONTEXTS)
        .toml("cluster.context = \"none\"")
        .run();
    output.says(0, &["namespace: default\n"]);
}

#[test]
fn without_a_namespace_in_a_context_the_mistake_says_why() {
    for (args, why) in [
        ("rbac --context away", "there is no context \"away\""),
        (
            "rbac --context wrong",
            "in the context \"wrong\" \"Shop\" is not a valid namespace name",
        ),
        (
            "pause --context wrong",
            "in the context \"wrong\" \"Shop\" is not a valid namespace name",
        ),
        ("pause --context away", "there is no context \"away\""),
    ] {
        let output = macaque(args).on_kubeconfig(CONTEXTS).run();
        output.complains(2, &[why]);
    }
    macaque("plan").run().complains(
        2,
        &["target.namespaces", "no kubeconfig was found", "--namespace"],
    );
}

#[test]
fn the_daemon_needs_a_namespace_that_somebody_named() {
    let output = macaque("run")
        .on_kubeconfig(CONTEXTS)
        .env("MACAQUE_CRONTAB", "@yearly")
        .run();
    output.complains(2, &["target.namespaces", "`run` does not use the namespace"]);
}

#[test]
fn an_armed_round_in_the_contexts_namespace_names_it_before_it_disrupts() {
    let cluster = TestCluster::with(shop());
    let kubeconfig: serde_json::Value = serde_saphyr::from_str(&cluster.kubeconfig()).unwrap();
    let mut kubeconfig = kubeconfig;
    let name = kubeconfig["current-context"].as_str().unwrap().to_owned();
    kubeconfig["contexts"][0]["context"]["namespace"] = json!("shop");

    let output = macaque("once --dry-run=false --log-level error")
        .on_kubeconfig(&kubeconfig.to_string())
        .run();
    output.says(0, &["evicted"]);
    let note = format!("macaque: namespace shop, from the context {name}; ");
    assert!(output.err.starts_with(&note), "{}", output.err);
}

#[test]
fn the_roles_for_all_namespaces_are_for_the_service_account_where_macaque_runs() {
    let output = macaque("rbac -A")
        .env("MACAQUE_POD_NAMESPACE", "macaque-system")
        .run();
    output.says(0, &["kind: ClusterRole\n", "  namespace: macaque-system\n"]);
    macaque("rbac -A")
        .run()
        .complains(2, &["--service-account-namespace: is required"]);
}

#[test]
fn the_service_accounts_namespace_does_not_take_the_place_of_the_contexts() {
    let output = macaque("rbac --service-account-namespace macaque-system")
        .on_kubeconfig(CONTEXTS)
        .run();
    output.says(
        0,
        &[
            // A macaque of the shop's own may have a Role there, too.
            "kind: Role\nmetadata:\n  name: macaque-macaque-system\n  namespace: shop\n",
            "  name: macaque\n  namespace: macaque-system\n",
        ],
    );
}

#[test]
fn kubectl_is_given_the_words_that_complete_a_line() {
    for (words, expected) in [
        (
            "on",
            "once\tRun one round now; the exit code reports the result\n:4\n",
        ),
        (
            "once --dry-r",
            "--dry-run\tOnly report which pods are picked; `--dry-run=false` enables disruption\n:4\n",
        ),
        ("plan -o j", "json\n:4\n"),
        ("__com", ":4\n"),
        ("nonsense --wor", ":4\n"),
    ] {
        let output = macaque(&format!("__complete -- {words}")).run();
        assert_eq!((output.code, output.out.as_str()), (0, expected), "{words}");
    }
    let all = macaque("__complete --").arg("").run();
    all.says(0, &["once\t", "plan\t", "man\t"]);
}

#[test]
fn every_command_has_a_manual_page() {
    macaque("man").run().says(
        0,
        &[
            ".TH macaque 1 ",
            "macaque\\-once(1)",
            ".SH \"EXIT CODES\"",
            "  3   once",
        ],
    );
    macaque("man once")
        .run()
        .says(0, &[".TH macaque-once 1 ", ".SH \"SEE ALSO\""]);
    macaque("man twice")
        .run()
        .complains(2, &["\"twice\" is not a command: use one of run, once, "]);
    macaque("man --directory /nowhere")
        .run()
        .complains(2, &["cannot write into /nowhere"]);
}
