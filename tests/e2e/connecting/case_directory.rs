//! The directory of a case, in which kubectl and macaque run, and the servers and files that cases refer to.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use tempfile::TempDir;

use super::ConnectingCase;
use crate::access::{admin, admins_token, authority, server};
use crate::program::binary;

/// A script that prints the token in the variable `TOKEN` as a credentials command does.
pub(super) const PRINT: &str = r#"echo "{\"kind\":\"ExecCredential\",\"apiVersion\":\"client.authentication.k8s.io/v1\",\"status\":{\"token\":\"$TOKEN\"}}""#;

/// The directory of a case, in which both programs run.
pub(super) struct CaseDirectory {
    path: TempDir,
    plain: String,
}

impl CaseDirectory {
    /// A directory with the files of the case, and those that cases refer to.
    pub(super) fn of(case: &ConnectingCase, plain: &str) -> Self {
        let directory = Self {
            path: TempDir::new().unwrap(),
            plain: plain.to_owned(),
        };
        let shared = [
            ("token", "{token}\n".to_owned()),
            (
                "ca.crt",
                String::from_utf8(STANDARD.decode(authority()).unwrap()).unwrap(),
            ),
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
    pub(super) fn kubectls_user(&self, kubectl: &Path, case: &ConnectingCase) -> Result<String, String> {
        let mut command = self.command(kubectl, case);
        command.args([
            "auth",
            "whoami",
            "--output=jsonpath={.status.userInfo.username}",
            "--request-timeout=10s",
        ]);
        let output = command.output().unwrap();
        if output.status.success() {
            Ok(String::from_utf8(output.stdout).unwrap())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// As whom macaque is connected, as `macaque check` says.
    pub(super) fn macaques_user(&self, case: &ConnectingCase) -> Result<String, String> {
        let mut command = self.command(Path::new(&binary()), case);
        let output = command
            .args(["check", "--namespace=default", "--output=json"])
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        let findings: Vec<Value> =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| unreachable!("{stderr}"));
        let detail = |what: &str| {
            let found = findings.iter().find(|finding| finding["what"] == what)?;
            Some((
                found["result"] != "failed",
                found["detail"].as_str().unwrap().to_owned(),
            ))
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
pub(super) struct PlainProxy {
    child: Child,
    pub(super) address: String,
}

impl PlainProxy {
    /// Starts it on a free port.
    pub(super) fn start(kubectl: &Path) -> Self {
        let mut command = Command::new(kubectl);
        command
            .arg("--kubeconfig")
            .arg(admin())
            .args(["proxy", "--port=0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
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
pub(crate) fn kubectl() -> PathBuf {
    let tools = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.ci/tools"))
        .output()
        .unwrap();
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
