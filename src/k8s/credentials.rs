//! Explains in one line why a kubeconfig's credentials cannot be used. kube's own error texts are not passed on,
//! because they quote what a credentials command printed or a file of secrets holds, which may be a token.

use std::fmt;
use std::process::ExitStatus;

use kube::client::AuthError;
use kube::config::{KubeconfigError, LoadDataError};

/// Describes what is wrong with a kubeconfig file.
pub(super) fn of_file(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => {
            let place = error.location();
            let place = place.map(|at| format!(" (line {}, column {})", at.line(), at.column()));
            format!("it is not a valid kubeconfig{}", place.unwrap_or_default())
        }
        KubeconfigError::ReadConfig(error, path) => format!("{}: {error}", path.display()),
        KubeconfigError::LoadCertificateAuthority(error) => of_data("certificate authority", error),
        KubeconfigError::LoadClientCertificate(error) => of_data("client certificate", error),
        KubeconfigError::LoadClientKey(error) => of_data("client key", error),
        KubeconfigError::ParseCertificates(_) => "its certificates are not PEM".to_owned(),
        KubeconfigError::ParseProxyUrl(_) => "its proxy-url is not a URL".to_owned(),
        KubeconfigError::ParseClusterUrl(_) => "the server's address is not a URL".to_owned(),
        // The other errors name only contexts, clusters and kinds.
        error => error.to_string(),
    }
}

fn of_data(what: &str, error: &LoadDataError) -> String {
    match error {
        LoadDataError::DecodeBase64(_) => format!("the data of its {what} is not base64"),
        LoadDataError::ReadFile(error, path) => {
            format!("cannot read its {what} {}: {error}", path.display())
        }
        LoadDataError::NoBase64DataOrFile => format!("it has no {what}"),
    }
}

/// Describes why kube cannot build a client; `command` is the command that provides the credentials, if there is one.
pub(super) fn of_client(error: &kube::Error, command: Option<&str>) -> String {
    match error {
        kube::Error::Auth(error) => of_auth(error, command),
        kube::Error::InferKubeconfig(error) => of_file(error),
        kube::Error::RustlsTls(error) => format!("its certificates or key cannot be used: {error}"),
        // The URL of a proxy may hold a password.
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
            "the protocol of its proxy is not supported".to_owned()
        }
        _ => "the API client cannot be built with it".to_owned(),
    }
}

/// Describes why the credentials cannot be obtained.
pub(super) fn of_auth(error: &AuthError, command: Option<&str>) -> String {
    let command: &dyn fmt::Display = match command {
        Some(name) => &format!("the credentials command {name:?}"),
        None => &"the credentials command",
    };

    match error {
        AuthError::InvalidBasicAuth(_) => "the user's name or password holds an invalid character".to_owned(),
        AuthError::InvalidBearerToken(_) => {
            "the token holds a line break or another invalid character".to_owned()
        }
        AuthError::AuthExecStart(error) => format!("{command} cannot be run: {error}"),
        AuthError::AuthExecRun { out, .. } => {
            format!(
                "{command} failed {}; run it by hand to see why",
                ending(out.status)
            )
        }
        AuthError::AuthExecParse(_) => {
            format!("{command} did not print an ExecCredential (a JSON object)")
        }
        AuthError::ExecPluginFailed => format!("{command} printed an ExecCredential without a status"),
        AuthError::UnrefreshableTokenResponse => {
            format!("{command} printed credentials of another kind than before")
        }
        AuthError::MalformedTokenExpirationDate(_) => {
            format!("{command} printed an invalid expirationTimestamp")
        }
        AuthError::MissingCommand => "its user's exec names no command".to_owned(),
        AuthError::ExecMissingClusterInfo => {
            "its user's exec asks for provideClusterInfo, and there is no cluster information".to_owned()
        }
        AuthError::ReadTokenFile(error, path) => {
            format!("cannot read its tokenFile {}: {error}", path.display())
        }
        AuthError::NoValidNativeRootCA(_) => {
            "this machine has no certificate authorities to trust".to_owned()
        }
        // The other errors may quote what a plugin printed.
        _ => "its user's credentials cannot be obtained in the configured way".to_owned(),
    }
}

fn ending(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("with status {code}"),
        None => "by a signal".to_owned(),
    }
}
