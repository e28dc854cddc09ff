//! Cases of which files are read, and how they are merged.

use super::{ADMIN, CaseOutcome, ConnectingCase, SECURE, anonymous, by_variable, kubeconfig};

/// What a pod's environment holds.
const POD: [(&str, &str); 2] = [
    ("KUBERNETES_SERVICE_HOST", "127.0.0.1"),
    ("KUBERNETES_SERVICE_PORT", "1"),
];
/// The cases.
pub(super) fn cases() -> Vec<ConnectingCase> {
    let good = || kubeconfig(SECURE, ADMIN);
    let elsewhere = || kubeconfig("server: 'https://127.0.0.1:1'", "token: other");
    let list = |name, value, files, outcome| by_variable(name, ("KUBECONFIG", value), files, outcome);
    vec![
        list(
            "a list with an absent file",
            "/nope/a:DIR/good",
            vec![("good", good())],
            CaseOutcome::Both("admin"),
        ),
        list(
            "a list with empty names",
            "::DIR/good:",
            vec![("good", good())],
            CaseOutcome::Both("admin"),
        ),
        list(
            "a list of absent files",
            "/nope/a:/nope/b",
            vec![],
            CaseOutcome::Neither,
        ),
        list(
            "the first file wins",
            "DIR/good:DIR/other",
            vec![("good", good()), ("other", elsewhere())],
            CaseOutcome::Both("admin"),
        ),
        list(
            "the second file loses",
            "DIR/other:DIR/good",
            vec![("good", good()), ("other", elsewhere())],
            CaseOutcome::Neither,
        ),
        list(
            "parts in several files",
            "DIR/context:DIR/user:DIR/good",
            vec![
                (
                    "context",
                    "contexts: [{name: z, context: {cluster: c, user: v}}]\ncurrent-context: z\n".to_owned(),
                ),
                (
                    "user",
                    "users: [{name: v, user: {token: '{token}'}}]\ncurrent-context: ''\n".to_owned(),
                ),
                ("good", kubeconfig(SECURE, "token: other")),
            ],
            CaseOutcome::Both("admin"),
        ),
        list(
            "an empty entry wins as a whole",
            "DIR/empty:DIR/good",
            vec![
                ("empty", "users: [{name: u, user: {token: ''}}]\n".to_owned()),
                ("good", good()),
            ],
            anonymous(),
        ),
        list(
            "an empty file and an empty current-context",
            "DIR/nothing:DIR/blank:DIR/good",
            vec![
                ("nothing", String::new()),
                ("blank", "current-context: ''\n".to_owned()),
                ("good", good()),
            ],
            CaseOutcome::Both("admin"),
        ),
        list(
            "a file that is not YAML",
            "DIR/good:DIR/bad",
            vec![("good", good()), ("bad", "users: [".to_owned())],
            CaseOutcome::Neither,
        ),
        by_variable(
            "the home directory",
            ("HOME", "DIR"),
            vec![(".kube/config", good())],
            CaseOutcome::Both("admin"),
        ),
        by_variable(
            "no kubeconfig at all",
            ("HOME", "DIR"),
            vec![],
            CaseOutcome::Neither,
        ),
        by_variable(
            "no home directory",
            ("PWD", "DIR"),
            vec![("good", good())],
            CaseOutcome::Neither,
        ),
        ConnectingCase {
            variables: vec![("KUBECONFIG", "DIR/good"), POD[0], POD[1]],
            ..by_variable(
                "a kubeconfig that is chosen in a pod",
                POD[0],
                vec![("good", good())],
                CaseOutcome::Both("admin"),
            )
        },
        ConnectingCase {
            variables: vec![("HOME", "DIR"), POD[0], POD[1]],
            ..by_variable(
                "a kubeconfig that lies in a pod",
                POD[0],
                vec![(".kube/config", good())],
                CaseOutcome::Differ {
                    kubectl: Some("admin"),
                    macaque: None,
                    why: "in a pod macaque is its service account, and no file in the image leads it to another cluster",
                },
            )
        },
        ConnectingCase {
            name: "an absent file that is named",
            files: vec![("good", good())],
            kubeconfig: Some("absent"),
            variables: vec![("KUBECONFIG", "DIR/good")],
            outcome: CaseOutcome::Neither,
        },
    ]
}
