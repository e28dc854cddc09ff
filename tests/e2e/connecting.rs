//! Promises about finding the cluster: kubectl and macaque stand side by side before the same files and variables, and
//! who gets in, and as whom, is compared. Each difference is deliberate and says why.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use crate::access::{admin, admins_token, authority, server};
use crate::program::binary;

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

/// The directory of a case, in which both programs run.
struct CaseDirectory {
    path: TempDir,
    plain: String,
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
/// What a pod's environment holds.
const POD: [(&str, &str); 2] = [
    ("KUBERNETES_SERVICE_HOST", "127.0.0.1"),
    ("KUBERNETES_SERVICE_PORT", "1"),
];
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

const PRINT: &str = r#"echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"$TOKEN\"}}""#;
const TOKEN_VARIABLE: &str = ", env: [{name: TOKEN, value: '{token}'}]";

fn lists_of_files() -> Vec<ConnectingCase> {
    let good = || kubeconfig(SECURE, ADMIN);
    let elsewhere = || kubeconfig("server: 'https://127.0.0.1:1'", "token: other");
    let list = |name, value, files, outcome| by_variable(name, ("KUBECONFIG", value), files, outcome);
    vec![
        list("a list with an absent file", "/nope/a:DIR/good", vec![("good", good())], CaseOutcome::Both("admin")),
        list("a list with empty names", "::DIR/good:", vec![("good", good())], CaseOutcome::Both("admin")),
        list("a list of absent files", "/nope/a:/nope/b", vec![], CaseOutcome::Neither),
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
                ("context", "contexts: [{name: z, context: {cluster: c, user: v}}]\ncurrent-context: z\n".to_owned()),
                ("user", "users: [{name: v, user: {token: '{token}'}}]\ncurrent-context: ''\n".to_owned()),
                ("good", kubeconfig(SECURE, "token: other")),
            ],
            CaseOutcome::Both("admin"),
        ),
        list(
            "an empty entry wins as a whole",
            "DIR/empty:DIR/good",
            vec![("empty", "users: [{name: u, user: {token: ''}}]\n".to_owned()), ("good", good())],
            anonymous(),
        ),
        list(
            "an empty file and an empty current-context",
            "DIR/nothing:DIR/blank:DIR/good",
            vec![("nothing", String::new()), ("blank", "current-context: ''\n".to_owned()), ("good", good())],
            CaseOutcome::Both("admin"),
        ),
        list(
            "a file that is not YAML",
            "DIR/good:DIR/bad",
            vec![("good", good()), ("bad", "users: [".to_owned())],
            CaseOutcome::Neither,
        ),
        by_variable("the home directory", ("HOME", "DIR"), vec![(".kube/config", good())], CaseOutcome::Both("admin")),
        by_variable("no kubeconfig at all", ("HOME", "DIR"), vec![], CaseOutcome::Neither),
        by_variable("no home directory", ("PWD", "DIR"), vec![("good", good())], CaseOutcome::Neither),
        ConnectingCase {
            variables: vec![("KUBECONFIG", "DIR/good"), POD[0], POD[1]],
            ..by_variable("a kubeconfig that is chosen in a pod", POD[0], vec![("good", good())], CaseOutcome::Both("admin"))
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

fn users() -> Vec<ConnectingCase> {
    let missing_user = kubeconfig(SECURE, ADMIN).replace("user: u}", "user: who}");
    let oidc = "auth-provider: {name: oidc, config: {id-token: '{token}'}}";
    vec![
        of_file("a token", SECURE, ADMIN, CaseOutcome::Both("admin")),
        of_file("a token that is not known", SECURE, "token: nope", CaseOutcome::Neither),
        of_file(
            "empty strings beside a token",
            "server: '{server}', certificate-authority: '', tls-server-name: '', proxy-url: '', \
             certificate-authority-data: {ca}",
            "token: '{token}', tokenFile: '', username: '', password: '', client-certificate: '', client-key: '', \
             client-certificate-data: '', client-key-data: '', exec: null, auth-provider: null, as: ''",
            CaseOutcome::Both("admin"),
        ),
        of_file("no credentials", SECURE, "", anonymous()),
        of_file("an empty token", SECURE, "token: ''", anonymous()),
        ConnectingCase {
            name: "a user that is not in the file",
            files: vec![("config", missing_user)],
            kubeconfig: Some("config"),
            variables: Vec::new(),
            outcome: CaseOutcome::Neither,
        },
        of_file("a token file that ends in a newline", SECURE, "tokenFile: token", CaseOutcome::Both("admin")),
        of_file("a token file that is absent", SECURE, "tokenFile: absent", CaseOutcome::Neither),
        of_file("a token file wins over a token", SECURE, "token: nope, tokenFile: token", CaseOutcome::Both("admin")),
        of_file("an absent token file leaves the token", SECURE, "token: '{token}', tokenFile: absent", CaseOutcome::Both("admin")),
        of_file("a token with a line break", SECURE, "token: \"{token}\\n\"", CaseOutcome::Neither),
        of_file("a token and a user name", SECURE, "token: '{token}', username: ann", CaseOutcome::Neither),
        of_file(
            "a user name and a password",
            SECURE,
            "username: ann, password: p",
            CaseOutcome::Differ {
                kubectl: None,
                macaque: Some("system:anonymous"),
                why: "this server ignores passwords: both are anonymous, who may not ask kubectl's question; macaque reads \
                      the name in the refusal",
            },
        ),
        of_file("half a client certificate", SECURE, "client-certificate: ca.crt", CaseOutcome::Neither),
        of_file("an impersonated user", SECURE, "token: '{token}', as: ann, as-groups: [g]", CaseOutcome::Both("ann")),
        of_file("groups without a user", SECURE, "token: '{token}', as-groups: [g]", CaseOutcome::Neither),
        of_file("a credentials command", SECURE, &plugin(PRINT, TOKEN_VARIABLE), CaseOutcome::Both("admin")),
        of_file(
            "a token wins over a credentials command",
            SECURE,
            &format!("{ADMIN}, {}", plugin("exit 1", "")),
            CaseOutcome::Both("admin"),
        ),
        of_file("a credentials command that fails", SECURE, &plugin("exit 1", ""), CaseOutcome::Neither),
        of_file("a credentials command of another version", SECURE, &plugin(&PRINT.replace("/v1", "/v1beta1"), TOKEN_VARIABLE), CaseOutcome::Neither),
        of_file("a credentials command that needs a terminal", SECURE, &plugin(PRINT, TOKEN_VARIABLE).replace("Never", "Always"), CaseOutcome::Neither),
        of_file(
            "a credentials command beside the kubeconfig",
            SECURE,
            "exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: ./plugin}",
            CaseOutcome::Both("admin"),
        ),
        of_file("a provider that kubectl has removed", SECURE, "auth-provider: {name: gcp}", CaseOutcome::Neither),
        of_file(
            "the token of OpenID Connect",
            SECURE,
            oidc,
            CaseOutcome::Differ {
                kubectl: None,
                macaque: Some("admin"),
                why: "kubectl would renew this token, which is no JWT; macaque sends the token and renews none",
            },
        ),
    ]
}

fn servers() -> Vec<ConnectingCase> {
    let insecure = "server: '{server}', insecure-skip-tls-verify: true";
    vec![
        of_file("a CA in a file beside the kubeconfig", "server: '{server}', certificate-authority: ca.crt", ADMIN, CaseOutcome::Both("admin")),
        of_file("a CA that is not this server's", "server: '{server}', certificate-authority: other.crt", ADMIN, CaseOutcome::Neither),
        of_file("no CA", "server: '{server}'", ADMIN, CaseOutcome::Neither),
        of_file("a CA that is absent", "server: '{server}', certificate-authority: absent", ADMIN, CaseOutcome::Neither),
        of_file("a CA that is none", "server: '{server}', certificate-authority: token", ADMIN, CaseOutcome::Neither),
        of_file("no verification", insecure, ADMIN, CaseOutcome::Both("admin")),
        of_file("a name that the certificate has", &format!("{SECURE}, tls-server-name: localhost"), ADMIN, CaseOutcome::Both("admin")),
        of_file("a name that the certificate has not", &format!("{SECURE}, tls-server-name: mars.example"), ADMIN, CaseOutcome::Neither),
        of_file("HTTP to a server of HTTPS", "server: 'http://{authority}'", ADMIN, CaseOutcome::Neither),
        of_file("an address without a scheme", "server: '{authority}'", ADMIN, CaseOutcome::Neither),
        of_file("HTTPS to a server of HTTP", "server: 'https://{plain}'", ADMIN, CaseOutcome::Neither),
        of_file("a port that nothing listens on", "server: 'https://127.0.0.1:1'", ADMIN, CaseOutcome::Neither),
        of_file("a path that is not there", "server: '{server}/mars', certificate-authority-data: {ca}", ADMIN, CaseOutcome::Neither),
        of_file("no server", "certificate-authority-data: {ca}", ADMIN, CaseOutcome::Neither),
        // This server lets in whoever sends no credentials, and checks those that are sent.
        of_file("a token that is kept from a server without TLS", "server: 'http://{plain}'", "token: nope", CaseOutcome::Both("admin")),
        of_file("a server without a scheme and without TLS", "server: '{plain}'", "token: nope", CaseOutcome::Both("admin")),
        of_file("a command that is not run for a server without TLS", "server: 'http://{plain}'", &plugin("exit 1", ""), CaseOutcome::Both("admin")),
        ConnectingCase {
            variables: vec![("MACAQUE_CLUSTER__CREDENTIALS_WITHOUT_TLS", "true")],
            ..of_file(
                "a token that is sent without TLS",
                "server: 'http://{plain}'",
                "token: nope",
                CaseOutcome::Differ {
                    kubectl: Some("admin"),
                    macaque: None,
                    why: "the key has macaque send the token, which this server does not know",
                },
            )
        },
    ]
}

#[test]
#[ignore = "needs a real control plane: just e2e"]
fn macaque_gets_in_wherever_kubectl_does_and_as_the_same_user() {
    let kubectl = kubectl();
    let proxy = PlainProxy::start(&kubectl);
    let mut differences = Vec::new();
    for case in [lists_of_files(), users(), servers()].into_iter().flatten() {
        let directory = CaseDirectory::of(&case, &proxy.address);
        let found = (directory.kubectls_user(&kubectl, &case), directory.macaques_user(&case));

        let expected = match case.outcome {
            CaseOutcome::Both(user) => (Some(user), Some(user)),
            CaseOutcome::Neither => (None, None),
            CaseOutcome::Differ { kubectl, macaque, why } => {
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

impl CaseDirectory {
    /// A directory with the files of the case, and those that cases refer to.
    fn of(case: &ConnectingCase, plain: &str) -> Self {
        let directory = Self {
            path: TempDir::new().unwrap(),
            plain: plain.to_owned(),
        };
        let shared = [
            ("token", "{token}\n".to_owned()),
            ("ca.crt", String::from_utf8(STANDARD.decode(authority()).unwrap()).unwrap()),
            ("other.crt", other_authority()),
            ("plugin", format!("#!/bin/sh\nTOKEN={{token}}\n{PRINT}\n")),
        ];
        for (name, text) in shared.iter().chain(&case.files) {
            let path = directory.path.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, directory.fill(text)).unwrap();
        }
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(directory.path.path().join("plugin"), executable).unwrap();
        directory
    }

    /// The text with the values of this control plane.
    fn fill(&self, text: &str) -> String {
        let server = server();
        text.replace("{token}", &admins_token())
            .replace("{ca}", &authority())
            .replace("{authority}", server.strip_prefix("https://").unwrap())
            .replace("{server}", &server)
            .replace("{plain}", &self.plain)
    }

    /// As whom kubectl is connected.
    fn kubectls_user(&self, kubectl: &Path, case: &ConnectingCase) -> Result<String, String> {
        let mut command = self.command(kubectl, case);
        command.args(["auth", "whoami", "--output=jsonpath={.status.userInfo.username}", "--request-timeout=10s"]);
        let output = command.output().unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// As whom macaque is connected, as `macaque check` says.
    fn macaques_user(&self, case: &ConnectingCase) -> Result<String, String> {
        let mut command = self.command(Path::new(&binary()), case);
        let output = command.args(["check", "--namespace=default", "--output=json"]).output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let findings: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| unreachable!("{stderr}"));
        let detail = |what: &str| {
            let found = findings.iter().find(|finding| finding["what"] == what)?;
            Some((found["result"] != "failed", found["detail"].as_str().unwrap().to_owned()))
        };

        match (detail("API server").unwrap(), detail("user")) {
            ((true, _), Some((_, user))) => {
                let end = user.find(", by ").or_else(|| user.find(": "));
                Ok(user[..end.unwrap_or(user.len())].to_owned())
            }
            ((_, words), _) => Err(words),
        }
    }

    /// The program in this directory, in an environment with nothing but the variables of the case in it.
    fn command(&self, program: &Path, case: &ConnectingCase) -> Command {
        let mut command = Command::new(program);
        command.env_clear().current_dir(&self.path).stdin(Stdio::null());
        command.envs(std::env::var_os("PATH").map(|path| ("PATH", path)));
        for (name, value) in &case.variables {
            command.env(name, value.replace("DIR", self.path.path().to_str().unwrap()));
        }
        if let Some(file) = case.kubeconfig {
            command.arg("--kubeconfig").arg(self.path.path().join(file));
        }
        command
    }
}

/// An API server of plain HTTP: `kubectl proxy`, which acts as the administrator for whoever sends no credentials.
struct PlainProxy {
    child: Child,
    address: String,
}

impl PlainProxy {
    fn start(kubectl: &Path) -> Self {
        let mut command = Command::new(kubectl);
        command.arg("--kubeconfig").arg(admin()).args(["proxy", "--port=0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("Starting to serve on ");
        let address = address.unwrap_or_else(|| unreachable!("{line}")).to_owned();
        Self { child, address }
    }
}

impl Drop for PlainProxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The kubectl of this repository's tools.
fn kubectl() -> PathBuf {
    let tools = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/tools")).output().unwrap();
    assert!(tools.status.success(), "{tools:?}");
    Path::new(String::from_utf8(tools.stdout).unwrap().trim()).join("kubectl")
}

/// A certificate authority that nobody knows.
fn other_authority() -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let parameters = rcgen::CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
    let data = STANDARD.encode(parameters.self_signed(&key).unwrap().der());
    format!("-----BEGIN CERTIFICATE-----\n{data}\n-----END CERTIFICATE-----\n")
}
