//! The configuration of a pod: the API server of the cluster that it runs in, and its service account's token.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use http::Uri;
use kube::Config;

use super::server::certificates;
use crate::k8s::error::AccessFault;

/// Where Kubernetes puts the files of a pod's service account.
const DIRECTORY: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The address of the API server for pods, and the files of the service account.
#[derive(Debug)]
pub(super) struct PodEnvironment {
    host: String,
    port: String,
    directory: PathBuf,
}

impl PodEnvironment {
    /// The environment of this process; `None` outside a cluster.
    pub(super) fn detect() -> Option<Self> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let text = |value: OsString| value.to_string_lossy().into_owned();
        Some(Self {
            host: text(set("KUBERNETES_SERVICE_HOST")?),
            port: text(set("KUBERNETES_SERVICE_PORT")?),
            directory: PathBuf::from(DIRECTORY),
        })
    }

    /// The file of the token.
    pub(super) fn token_file(&self) -> PathBuf {
        self.directory.join("token")
    }

    /// The configuration with the cluster's certificate authority, which is read again as it changes.
    ///
    /// # Errors
    /// The address is none, or the certificate authority cannot be read.
    pub(super) fn config(&self) -> Result<Config, AccessFault> {
        let fault = |wrong: String, remedy: &str| {
            let wrong = format!("cannot use the service account of this pod: {wrong}");
            AccessFault::new(wrong, remedy)
        };
        let url: Uri = self.url().parse().map_err(|_| {
            let wrong = format!(
                "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT make no address: {:?}, {:?}",
                self.host, self.port
            );
            fault(wrong, "correct them, or unset them outside a pod")
        })?;
        let path = self.directory.join("ca.crt");
        let roots = read_certificates(&path).map_err(|wrong| {
            let wrong = format!("{}: {wrong}", path.display());
            fault(wrong, "is automountServiceAccountToken off?")
        })?;

        let mut config = Config::new(url);
        config.root_cert = Some(roots);
        config.root_cert_file = Some(path);
        Ok(config)
    }

    fn url(&self) -> String {
        // An IPv6 address needs brackets.
        if self.host.contains(':') {
            format!("https://[{}]:{}", self.host, self.port)
        } else {
            format!("https://{}:{}", self.host, self.port)
        }
    }
}

fn read_certificates(path: &Path) -> Result<Vec<Vec<u8>>, String> {
    let pem = fs::read(path).map_err(|error| error.to_string())?;
    certificates(&pem).ok_or_else(|| "it holds no certificate in PEM".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(host: &str, directory: &Path) -> PodEnvironment {
        PodEnvironment {
            host: host.to_owned(),
            port: "443".to_owned(),
            directory: directory.to_owned(),
        }
    }

    #[test]
    fn the_address_of_the_api_server_may_be_a_name_or_an_address_of_either_kind() {
        for (host, url) in [
            ("10.96.0.1", "https://10.96.0.1:443"),
            ("fd00::1", "https://[fd00::1]:443"),
            ("kubernetes.default.svc", "https://kubernetes.default.svc:443"),
        ] {
            assert_eq!(pod(host, Path::new("/")).url(), url);
        }
    }

    #[test]
    fn a_pod_without_its_service_accounts_files_is_an_error_that_names_them() {
        let empty = tempfile::TempDir::new().unwrap();
        let fault = pod("10.96.0.1", empty.path()).config().unwrap_err();
        assert!(fault.wrong.contains("ca.crt: No such file"), "{fault}");
        assert_eq!(fault.remedy, "is automountServiceAccountToken off?");
    }

    #[test]
    fn variables_that_make_no_address_are_what_to_correct() {
        let fault = pod("not a host", Path::new("/")).config().unwrap_err();
        assert!(fault.wrong.contains("KUBERNETES_SERVICE_HOST"), "{fault}");
        assert!(fault.remedy.starts_with("correct them"), "{fault}");
    }
}
