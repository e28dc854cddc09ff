//! The client certificate of a user, with its key.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::client::RustlsTlsError;
use kube::config::{AuthInfo, KubeconfigError, LoadDataError};
use rustls::crypto::ring;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, Error, InconsistentKeys};
use secrecy::ExposeSecret as _;

/// The client certificate; `None` if the user has none.
///
/// # Errors
/// The certificate or its key is missing, cannot be read or cannot be used, or they do not fit each other.
pub(super) fn client_certificate(user: &AuthInfo) -> Result<Option<CertifiedKey>, kube::Error> {
    let certificate = load(
        user.client_certificate_data.as_deref(),
        user.client_certificate.as_deref(),
    );
    let certificate = certificate.map_err(of_certificate)?;
    let data = user.client_key_data.as_ref().map(|data| data.expose_secret());
    let key = load(data, user.client_key.as_deref()).map_err(of_key)?;

    match (certificate, key) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(of_key(LoadDataError::NoBase64DataOrFile)),
        (None, Some(_)) => Err(of_certificate(LoadDataError::NoBase64DataOrFile)),
        (Some(certificate), Some(key)) => {
            let own = certified_key(&certificate, &key).map_err(kube::Error::RustlsTls)?;
            Ok(Some(own))
        }
    }
}

/// The certificate with its key, both in PEM.
///
/// rustls reads a client certificate only to compare it with its key, and reads none of X.509 version 1, which
/// MicroK8s makes and API servers take. Such a certificate is presented as it is.
fn certified_key(certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, RustlsTlsError> {
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
        PemError::NoItemsFound => RustlsTlsError::MissingPrivateKey,
        error => RustlsTlsError::InvalidIdentityPem(error),
    })?;
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate).collect();
    let chain = chain.map_err(RustlsTlsError::InvalidIdentityPem)?;
    if chain.is_empty() {
        return Err(RustlsTlsError::MissingCertificate);
    }

    let key = ring::sign::any_supported_type(&key).map_err(RustlsTlsError::InvalidPrivateKey)?;
    let own = CertifiedKey::new(chain, key);
    match own.keys_match() {
        Ok(())
        | Err(
            Error::InconsistentKeys(InconsistentKeys::Unknown)
            | Error::InvalidCertificate(CertificateError::Other(_)),
        ) => Ok(own),
        Err(error) => Err(RustlsTlsError::InvalidPrivateKey(error)),
    }
}

/// The PEM text given as base64, else that of the file.
fn load(data: Option<&str>, path: Option<&str>) -> Result<Option<Vec<u8>>, LoadDataError> {
    match (data, path) {
        (Some(data), _) => STANDARD
            .decode(data)
            .map(Some)
            .map_err(LoadDataError::DecodeBase64),
        (None, Some(path)) => fs::read(path)
            .map(Some)
            .map_err(|error| LoadDataError::ReadFile(error, path.into())),
        (None, None) => Ok(None),
    }
}

fn of_certificate(error: LoadDataError) -> kube::Error {
    kube::Error::InferKubeconfig(KubeconfigError::LoadClientCertificate(error))
}

fn of_key(error: LoadDataError) -> kube::Error {
    kube::Error::InferKubeconfig(KubeconfigError::LoadClientKey(error))
}
