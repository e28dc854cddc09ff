//! The namespace of the context, as kubectl and macaque find it in the same files.

use std::process::Command;

use super::case_directory::kubectl;
use crate::access::admin;
use crate::program::binary;
use tempfile::TempDir;

/// How kubectl is told to change the contexts, the files of `KUBECONFIG`, and what both programs are given.
struct NamespaceCase {
    name: &'static str,
    /// Arguments of `kubectl config`, one line each.
    changes: &'static [&'static str],
    /// The files of `KUBECONFIG`; `DIR` stands for the directory of the case.
    kubeconfig: &'static str,
    args: &'static [&'static str],
    namespace: &'static str,
}

const BLANK: NamespaceCase = NamespaceCase {
    name: "a context without a namespace",
    changes: &[],
    kubeconfig: "DIR/config",
    args: &[],
    namespace: "default",
};

fn cases() -> Vec<NamespaceCase> {
    vec![
        BLANK,
        NamespaceCase {
            name: "the current context's namespace",
            changes: &["set-context --current --namespace kube-system"],
            namespace: "kube-system",
            ..BLANK
        },
        NamespaceCase {
            name: "a namespace that was set to nothing",
            changes: &[
                "set-context --current --namespace=kube-system",
                "set-context --current --namespace=",
            ],
            ..BLANK
        },
        NamespaceCase {
            name: "another context than the current one",
            changes: &[
                "set-context --current --namespace kube-system",
                "set-context other --cluster=CLUSTER --user=USER --namespace kube-public",
            ],
            args: &["--context=other"],
            namespace: "kube-public",
            ..BLANK
        },
        NamespaceCase {
            name: "the first of several files that has the context",
            changes: &["set-context --current --namespace kube-public"],
            kubeconfig: "DIR/away:DIR/config:DIR/plain",
            namespace: "kube-public",
            ..BLANK
        },
        NamespaceCase {
            name: "a later file's namespace of a context that an earlier one has without",
            changes: &["set-context --current --namespace kube-public"],
            kubeconfig: "DIR/plain:DIR/config",
            ..BLANK
        },
        NamespaceCase {
            name: "a namespace that is named",
            changes: &["set-context --current --namespace kube-public"],
            args: &["--namespace=kube-system"],
            namespace: "kube-system",
            ..BLANK
        },
    ]
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn macaque_acts_in_the_namespace_in_which_kubectl_does() {
    let kubectl = kubectl();
    for case in cases() {
        let directory = TempDir::new().unwrap();
        for file in ["config", "plain"] {
            std::fs::copy(admin(), directory.path().join(file)).unwrap();
        }
        let dir = directory.path().to_str().unwrap();
        let run = |program: &str, kubeconfig: &str, args: &[&str]| {
            let mut command = Command::new(program);
            command
                .args(args)
                .env_clear()
                .env("KUBECONFIG", kubeconfig.replace("DIR", dir));
            let output = command.current_dir(dir).output().unwrap();
            let errors = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.success(), "{}: {args:?}: {errors}", case.name);
            (String::from_utf8(output.stdout).unwrap(), errors)
        };
        let kubectl = kubectl.to_str().unwrap();
        let current = |what: &str| {
            let path = format!("jsonpath={{.contexts[0].context.{what}}}");
            run(
                kubectl,
                "DIR/config",
                &["config", "view", "--minify", "--output", &path],
            )
            .0
        };
        for change in case.changes {
            let change = change
                .replace("CLUSTER", &current("cluster"))
                .replace("USER", &current("user"));
            let words: Vec<_> = ["config"].into_iter().chain(change.split_whitespace()).collect();
            run(kubectl, "DIR/config", &words);
        }

        // The API server says in which namespace kubectl would create something.
        let created = [
            "create",
            "serviceaccount",
            "x",
            "--dry-run=server",
            "--output=jsonpath={.metadata.namespace}",
        ];
        let kubectls = run(kubectl, case.kubeconfig, &[&created, case.args].concat()).0;
        let (roles, note) = run(&binary(), case.kubeconfig, &[&["rbac"], case.args].concat());
        let macaques = roles
            .lines()
            .find_map(|line| line.strip_prefix("  namespace: "))
            .unwrap();
        assert_eq!(
            (kubectls.as_str(), macaques),
            (case.namespace, case.namespace),
            "{}",
            case.name
        );

        let is_named = !case.args.iter().any(|arg| arg.starts_with("--namespace"));
        let words = format!("namespace {}, from the context ", case.namespace);
        assert_eq!(note.contains(&words), is_named, "{}: {note}", case.name);
    }
}
