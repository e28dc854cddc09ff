//! The `Authorization` header of requests, from wherever a user's credentials come; no error quotes them.

use std::cell::{Cell, RefCell};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use jiff::Timestamp;
use kube::client::RustlsTlsError;
use kube::config::{AuthInfo, KubeconfigError, LoadDataError};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

use super::auth_method::AuthMethod;
use super::exec_plugin;
use crate::k8s::error::AccessFault;
use crate::platform::Platform;
use crate::redact::Redactor;

/// How old a token from a file may be before the file is read again, which may have been replaced.
const TOKEN_FILE_AGE: Duration = Duration::from_secs(50);

/// The credentials of one connection.
#[derive(Debug)]
pub(in crate::k8s) struct ClientCredentials {
    source: HeaderSource,
    /// What they are called in messages, e.g. `the token file /token`; `None` if there are none.
    pub(super) name: Option<String>,
    /// From when on they must be obtained again.
    pub(in crate::k8s) renew_at: Option<Timestamp>,
    /// The run of the credentials command that printed them.
    pub(in crate::k8s) plugin_run: Option<u64>,
}

#[derive(Debug)]
enum HeaderSource {
    None,
    Fixed(HeaderValue),
    File(TokenFile),
}

/// A file that holds a token and may be replaced at any time.
#[derive(Debug)]
pub(super) struct TokenFile {
    path: PathBuf,
    header: RefCell<HeaderValue>,
    read_at: Cell<Instant>,
}

impl ClientCredentials {
    /// No credentials, for a server that asks for none.
    pub(super) fn none() -> Self {
        Self {
            name: None,
            ..Self::of(HeaderSource::None, String::new())
        }
    }

    /// Obtains the credentials of `method`. A client certificate that a credentials command prints is put into `user`.
    /// The credentials that the run `rejected` of the command printed are not used again.
    ///
    /// # Errors
    /// The credentials cannot be read, or cannot be sent.
    pub(super) async fn obtain(
        method: AuthMethod,
        user: &mut AuthInfo,
        rejected: Option<u64>,
        platform: &Platform,
    ) -> Result<Self, AccessFault> {
        let correct = "correct the credentials in the kubeconfig";
        let fixed = |header, name: &str| Self::of(HeaderSource::Fixed(header), name.to_owned());
        match method {
            AuthMethod::None => Ok(Self {
                name: has_certificate(user).then(|| "the client certificate".to_owned()),
                ..Self::none()
            }),
            AuthMethod::Token(token) => {
                let wrong = "the token holds a line break or another invalid character";
                let header = bearer(token.expose_secret()).ok_or_else(|| AccessFault::new(wrong, correct))?;
                Ok(fixed(header, "the token of the kubeconfig"))
            }
            AuthMethod::TokenFile(path, token) => {
                let token = token.and_then(|token| bearer(token.expose_secret()));
                let file = TokenFile::open(Path::new(&path), token, platform)?;
                let name = format!("the token file {path}");
                Ok(Self::of(HeaderSource::File(file), name))
            }
            AuthMethod::Basic(name, password) => {
                let pair = format!("{name}:{}", password.expose_secret());
                let header = sensitive(format!("Basic {}", STANDARD.encode(pair)));
                let wrong = "the user's name or password cannot be sent";
                let header = header.ok_or_else(|| AccessFault::new(wrong, correct))?;
                Ok(fixed(header, "the user name and password of the kubeconfig"))
            }
            AuthMethod::Plugin(spec) => {
                let printed = exec_plugin::credentials(&spec, rejected, platform).await?;
                if let Some((certificate, key)) = &printed.certificate {
                    user.client_certificate_data = Some(STANDARD.encode(certificate));
                    user.client_key_data = Some(STANDARD.encode(key.expose_secret()).into());
                }
                let source = match &printed.token {
                    None => HeaderSource::None,
                    Some(token) => HeaderSource::Fixed(bearer(token.expose_secret()).ok_or_else(|| {
                        let wrong =
                            format!("{spec} printed a token with a line break or another invalid character");
                        AccessFault::new(wrong, "correct the command")
                    })?),
                };
                Ok(Self {
                    renew_at: printed.renew_at,
                    plugin_run: Some(printed.run),
                    ..Self::of(source, spec.to_string())
                })
            }
        }
    }

    /// The credentials of a pod's service account, of which the token is in this file.
    ///
    /// # Errors
    /// The file cannot be read, or holds no token.
    pub(super) fn of_service_account(path: &Path, platform: &Platform) -> Result<Self, AccessFault> {
        let file = TokenFile::open(path, None, platform)?;
        let name = format!("the service account's token {}", path.display());
        Ok(Self::of(HeaderSource::File(file), name))
    }

    fn of(source: HeaderSource, name: String) -> Self {
        Self {
            source,
            name: Some(name),
            renew_at: None,
            plugin_run: None,
        }
    }

    /// The value of the header, if there is one.
    pub(in crate::k8s) fn header(&self, platform: &Platform) -> Option<HeaderValue> {
        match &self.source {
            HeaderSource::None => None,
            HeaderSource::Fixed(header) => Some(header.clone()),
            HeaderSource::File(file) => Some(file.header(platform)),
        }
    }
}

/// Hides what the value of an `Authorization` header holds: the token, or the password in base64 and without.
pub(in crate::k8s) fn redactor(authorization: Option<&HeaderValue>) -> Redactor {
    let value = authorization.and_then(|value| value.to_str().ok());
    let secret = value
        .and_then(|value| value.split_once(' '))
        .map(|(_, secret)| secret);
    let pair = secret.and_then(|secret| String::from_utf8(STANDARD.decode(secret).ok()?).ok());
    let password = pair.as_deref().and_then(|pair| pair.split_once(':'));
    Redactor::of(secret.into_iter().chain(password.map(|(_, password)| password)))
}

/// What a client is built with beside the header: the client certificate, and whom to impersonate.
pub(super) fn beside_header(user: AuthInfo) -> AuthInfo {
    AuthInfo {
        client_certificate: user.client_certificate,
        client_certificate_data: user.client_certificate_data,
        client_key: user.client_key,
        client_key_data: user.client_key_data,
        impersonate: user.impersonate,
        impersonate_uid: user.impersonate_uid,
        impersonate_groups: user.impersonate_groups,
        impersonate_user_extra: user.impersonate_user_extra,
        ..AuthInfo::default()
    }
}

/// Whether the user has a client certificate.
pub(super) fn has_certificate(user: &AuthInfo) -> bool {
    user.client_certificate.is_some() || user.client_certificate_data.is_some()
}

impl TokenFile {
    /// Reads the file. If it cannot be read, `instead` is used until it can.
    fn open(path: &Path, instead: Option<HeaderValue>, platform: &Platform) -> Result<Self, AccessFault> {
        let header = match (read_token(path), instead) {
            (Ok(header), _) => header,
            (Err(_), Some(instead)) => instead,
            (Err(fault), None) => return Err(fault),
        };
        Ok(Self {
            path: path.to_owned(),
            header: RefCell::new(header),
            read_at: Cell::new(platform.monotonic()),
        })
    }

    /// The header with the token as it is now. If the file cannot be read any more, the token is the last one: programs
    /// that remove the file after the start are allowed.
    fn header(&self, platform: &Platform) -> HeaderValue {
        let now = platform.monotonic();
        if now.duration_since(self.read_at.get()) >= TOKEN_FILE_AGE {
            self.read_at.set(now);
            match read_token(&self.path) {
                Ok(header) => {
                    self.header.replace(header);
                }
                Err(fault) => log::warn!("{fault}; the token that was read before is still used"),
            }
        }
        self.header.borrow().clone()
    }
}

/// The header with the token in a file, without the white space at its ends, which editors and `echo` leave there.
fn read_token(path: &Path) -> Result<HeaderValue, AccessFault> {
    let path_name = path.display();
    let fault = |wrong: String| AccessFault::new(wrong, "put a token into that file, or name another");
    let text = fs::read_to_string(path).map(SecretString::from);
    let text = text.map_err(|error| fault(format!("cannot read the token file {path_name}: {error}")))?;
    let token = text.expose_secret().trim();
    if token.is_empty() {
        return Err(fault(format!("the token file {path_name} is empty")));
    }

    let invalid = "holds a line break or another invalid character within the token";
    bearer(token).ok_or_else(|| fault(format!("the token file {path_name} {invalid}")))
}

fn bearer(token: &str) -> Option<HeaderValue> {
    sensitive(format!("Bearer {token}"))
}

fn sensitive(text: String) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Describes why kube cannot build a client, without kube's text, which may quote a proxy's password.
pub(super) fn of_client(error: &kube::Error) -> String {
    match error {
        kube::Error::InferKubeconfig(KubeconfigError::LoadClientCertificate(error)) => {
            of_data("client certificate", error)
        }
        kube::Error::InferKubeconfig(KubeconfigError::LoadClientKey(error)) => of_data("client key", error),
        kube::Error::RustlsTls(error) => of_tls(error),
        kube::Error::ProxyProtocolUnsupported { .. } | kube::Error::ProxyProtocolDisabled { .. } => {
            "the protocol of its proxy is not supported".to_owned()
        }
        _ => "the API client cannot be built with it".to_owned(),
    }
}

/// Describes why TLS cannot be set up.
fn of_tls(error: &RustlsTlsError) -> String {
    let words = match error {
        RustlsTlsError::InvalidServerName(_) => "its tls-server-name is not the name of a server",
        RustlsTlsError::MissingPrivateKey => {
            "its client-key holds no private key in PEM, or an encrypted one"
        }
        RustlsTlsError::MissingCertificate => "its client-certificate holds no certificate in PEM",
        RustlsTlsError::InvalidPrivateKey(rustls::Error::InconsistentKeys(_)) => {
            "its client-key is not the key of its client-certificate"
        }
        RustlsTlsError::InvalidPrivateKey(rustls::Error::General(_)) => {
            "its client-key is none that macaque can use: RSA, ECDSA on P-256 or P-384, or Ed25519"
        }
        error => return format!("its certificates or key cannot be used: {error}"),
    };
    words.to_owned()
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

#[cfg(test)]
mod tests;
