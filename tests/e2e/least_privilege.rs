//! Promises about `macaque rbac` and `check`: what the one prints, applied as it stands, the other finds to be enough
//! and not too much.

use serde_json::{Value, json};

use crate::program::{MacaqueCommand, MacaqueOutput};
use crate::service_account::name_in;
use crate::test_namespace::{TestNamespace, until};
use crate::workload::Workload;

/// The guard `nodes`, by leases.
pub(crate) const NODES_BY_LEASES: (&str, &str) = ("MACAQUE_GUARDS__NODES", "leases");

/// The `what` of every finding with this result.
fn those(checked: &MacaqueOutput, result: &str) -> Vec<String> {
    let findings = checked.json();
    let findings = findings.as_array().unwrap().iter();
    let of = findings.filter(|finding| finding["result"] == result);
    of.map(|finding| finding["what"].as_str().unwrap().to_owned())
        .collect()
}

/// Checks until everything needed is granted: the API server learns of Roles a moment after it stores them.
async fn checked(check: impl Fn() -> MacaqueCommand) -> MacaqueOutput {
    until("nothing is missing", async || {
        let checked = check().ends().await;
        those(&checked, "failed").is_empty().then_some(checked)
    })
    .await
}

/// The Roles and bindings that `macaque rbac` printed.
pub(crate) fn printed_documents(printed: &MacaqueOutput) -> impl Iterator<Item = &str> {
    let documents = printed.printed().split("---\n");
    documents.filter(|text| text.contains("\nkind: "))
}

/// The namespace of the object in a document, or of its subject.
pub(crate) fn namespace_in(document: &str) -> Option<&str> {
    document
        .lines()
        .find_map(|line| line.strip_prefix("  namespace: "))
}

impl TestNamespace {
    /// Applies what `macaque rbac` prints with these flags, strictly and as it stands; returns a kubeconfig for the
    /// account, once it is in force.
    pub(crate) async fn granted(&mut self, flags: &str) -> String {
        self.granted_for(flags, &[]).await
    }

    /// Applies what `macaque rbac` prints with these flags and settings.
    pub(crate) async fn granted_for(&mut self, flags: &str, settings: &[(&str, &str)]) -> String {
        // A name of its own: ClusterRoles of all tests live together.
        let name = self.name.clone();
        let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
        self.create(account).await;
        let words = format!("rbac {flags} --service-account {name} --service-account-namespace {name}");
        let configured = |command: MacaqueCommand| {
            let set = |command: MacaqueCommand, (key, value): &(&str, &str)| command.env(key, value);
            settings.iter().fold(command, set)
        };
        let rbac = configured(self.macaque_on(flags, &words));
        let printed = rbac.exits(0).await;
        let mut applied = 0;

        for document in printed_documents(&printed) {
            self.apply_printed(document).await;
            applied += 1;
        }

        // The journal is kept elsewhere than a ClusterRole reaches, and so are the leases of nodes.
        let journal_apart = flags.contains("-A") && flags.contains("--dry-run=false");
        let leases_apart = settings.contains(&NODES_BY_LEASES);
        let roles = 1 + usize::from(journal_apart) + usize::from(leases_apart);

        assert_eq!(applied, 2 * roles, "a binding for each role");

        let kubeconfig = self.kubeconfig_of(&name).await;
        let flags = flags.replace("--preview", "");
        checked(|| configured(self.check(&flags, &kubeconfig))).await;

        kubeconfig
    }

    /// Applies a document that `macaque rbac` printed, strictly and as it stands.
    pub(crate) async fn apply_printed(&mut self, document: &str) {
        let kind = document
            .lines()
            .find_map(|line| line.strip_prefix("kind: "))
            .unwrap();
        // The binding of a ClusterRole is in no namespace, whatever its subject says.
        let path = Self::path_in(namespace_in(document).unwrap_or_default(), kind);
        let name = name_in(document);
        let answer = self.apply_at(&path, name, document, "").await;
        assert!(
            answer.code == 201 && answer.warnings.is_empty(),
            "{kind}: {answer:#?}"
        );
        self.removes(format!("{path}/{name}"));
    }

    /// The program on all namespaces where the flags say so, or on this one.
    fn macaque_on(&self, flags: &str, words: &str) -> MacaqueCommand {
        if flags.contains("-A") {
            MacaqueCommand::new(words)
        } else {
            self.macaque(words)
        }
    }

    /// The check by this account, in JSON.
    fn check(&self, flags: &str, account: &str) -> MacaqueCommand {
        let words = format!("check -o json {flags}");
        self.macaque_on(flags, &words).by(account)
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn what_rbac_prints_is_enough_and_not_too_much() {
    for flags in [
        "--dry-run",
        "--dry-run=false",
        "--dry-run=false --method delete",
        "-A --dry-run=false",
        "-A --dry-run=false --method delete",
    ] {
        let mut namespace = TestNamespace::new().await;
        let account = namespace.granted(flags).await;
        let checked = namespace.check(flags, &account).exits(0).await;
        assert_eq!(those(&checked, "warning"), [""; 0], "{flags}");
        assert!(
            those(&checked, "ok").contains(&"excess permissions".to_owned()),
            "{flags}"
        );
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn what_rbac_prints_is_enough_for_a_round_and_the_other_method_is_refused() {
    for (method, other) in [("evict", "delete"), ("delete", "evict")] {
        let mut namespace = TestNamespace::new().await;
        namespace.with(Workload::deployment("web", 2)).await;
        let account = namespace
            .granted(&format!("--dry-run=false --method {method}"))
            .await;
        let once = |method: &str| {
            namespace
                .macaque(&format!("once --dry-run=false --method {method}"))
                .by(&account)
        };
        once(other).exits(1).await.says(["forbidden"]);
        once(method).exits(0).await.says(["deployment/web"]);
    }
}

#[tokio::test]
#[ignore = "needs a real control plane: just e2e"]
async fn one_rule_more_is_an_excess_that_check_names() {
    let mut namespace = TestNamespace::new().await;
    let account = namespace.granted("--dry-run=false").await;
    let name = namespace.name.clone();
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "more"},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
    });
    namespace.create(role).await;
    let api = "rbac.authorization.k8s.io";
    let binding = json!({
        "apiVersion": format!("{api}/v1"), "kind": "RoleBinding", "metadata": {"name": "more"},
        "roleRef": {"apiGroup": api, "kind": "Role", "name": "more"},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": name}],
    });
    namespace.create(binding).await;
    let checked = until("the excess is found", async || {
        let checked = namespace.check("--dry-run=false", &account).exits(0).await;
        (!those(&checked, "warning").is_empty()).then_some(checked)
    })
    .await;

    assert_eq!(
        those(&checked, "warning"),
        [format!("may get secrets in namespace {name}")]
    );

    let findings: Value = checked.json();
    assert!(
        findings
            .to_string()
            .contains("granted, but not needed: it can read secrets")
    );
}
