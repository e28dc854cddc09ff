//! Promises about finding the cluster: kubectl and macaque stand side by side before the same files and variables, and
//! who gets in, and as whom, is compared. Each difference is deliberate and says why.

mod case_directory;
mod files;
mod namespaces;
mod servers;
mod users;

pub(crate) use self::case_directory::kubectl;
use self::case_directory::{CaseDirectory, PlainProxy};

/// One way to be led to the cluster.
struct ConnectingCase {
    name: &'static str,
    /// The files of the case by name; `{…}` stands for what [`CaseDirectory::fill`] knows.
    files: Vec<(&'static str, String)>,
    /// `--kubeconfig`, a file of the case.
    kubeconfig: Option<&'static str>,
    /// Variables; `DIR` stands for the directory of the case.
    variables: Vec<(&'static str, &'static str)>,
    outcome: CaseOutcome,
}

/// Who gets in, and as whom.
enum CaseOutcome {
    /// Both, as this user.
    Both(&'static str),
    /// Neither.
    Neither,
    /// macaque's user and kubectl's, and why they differ.
    Differ {
        kubectl: Option<&'static str>,
        macaque: Option<&'static str>,
        why: &'static str,
    },
}

/// A cluster and a user, as the lines of a kubeconfig.
fn kubeconfig(cluster: &str, user: &str) -> String {
    format!(
        "clusters: [{{name: c, cluster: {{{cluster}}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\ncontexts: [{{name: x, \
         context: {{cluster: c, user: u}}}}]\ncurrent-context: x\n"
    )
}

/// A case of one file, which `--kubeconfig` names.
fn of_file(name: &'static str, cluster: &str, user: &str, outcome: CaseOutcome) -> ConnectingCase {
    ConnectingCase {
        name,
        files: vec![("config", kubeconfig(cluster, user))],
        kubeconfig: Some("config"),
        variables: Vec::new(),
        outcome,
    }
}

/// A case of these files, which a variable leads to.
fn by_variable(
    name: &'static str,
    variable: (&'static str, &'static str),
    files: Vec<(&'static str, String)>,
    outcome: CaseOutcome,
) -> ConnectingCase {
    ConnectingCase {
        name,
        files,
        kubeconfig: None,
        variables: vec![variable],
        outcome,
    }
}

const SECURE: &str = "server: '{server}', certificate-authority-data: {ca}";
const ADMIN: &str = "token: '{token}'";
const ANONYMOUS: &str = "kubectl asks for a user name, and ends without a terminal; macaque goes on as anonymous, and \
                         warns of it";

fn anonymous() -> CaseOutcome {
    CaseOutcome::Differ {
        kubectl: None,
        macaque: Some("system:anonymous"),
        why: ANONYMOUS,
    }
}

/// A user whose credentials are printed by a shell script.
fn plugin(script: &str, more: &str) -> String {
    format!(
        "exec: {{apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, args: [-c, '{script}']\
         {more}}}"
    )
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn macaque_gets_in_wherever_kubectl_does_and_as_the_same_user() {
    let kubectl = kubectl();
    let proxy = PlainProxy::start(&kubectl);
    let mut differences = Vec::new();
    for case in [files::cases(), users::cases(), servers::cases()]
        .into_iter()
        .flatten()
    {
        let directory = CaseDirectory::of(&case, &proxy.address);
        let found = (
            directory.kubectls_user(&kubectl, &case),
            directory.macaques_user(&case),
        );

        let expected = match case.outcome {
            CaseOutcome::Both(user) => (Some(user), Some(user)),
            CaseOutcome::Neither => (None, None),
            CaseOutcome::Differ {
                kubectl,
                macaque,
                why,
            } => {
                assert!(kubectl != macaque && !why.is_empty(), "{}", case.name);
                (kubectl, macaque)
            }
        };
        if (found.0.as_deref().ok(), found.1.as_deref().ok()) != expected {
            differences.push(format!("{}: expected {expected:?}, found {found:#?}", case.name));
        }
    }
    assert!(differences.is_empty(), "(kubectl, macaque): {differences:#?}");
}
