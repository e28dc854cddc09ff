//! How TLS is spoken to the API server, and to a proxy on the way to it.

use std::fs;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::client::{ConfigExt as _, RustlsTlsError};
use kube::config::AuthInfo;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{CertificateError, ClientConfig, Error};
use rustls_platform_verifier::Verifier;
use secrecy::ExposeSecret;

use super::own_certificate::OwnCertificateVerifier;

/// How TLS is spoken to the API server.
pub(super) fn to_server(config: &Config) -> Result<ClientConfig, kube::Error> {
    let mut tls = with_identity(config)?;
    // The authority of a pod's service account is read again as it changes, by a verifier of its own.
    if let (Some(authorities), None, false) = (
        &config.root_cert,
        &config.root_cert_file,
        config.accept_invalid_certs,
    ) {
        let verifier = OwnCertificateVerifier::new(authorities).map_err(kube::Error::RustlsTls)?;
        tls.dangerous().set_certificate_verifier(Arc::new(verifier));
    }
    Ok(tls)
}

/// TLS with the client certificate, if there is one.
///
/// rustls reads a client certificate only to compare it with its key, and reads none of X.509 version 1, which
/// MicroK8s makes and API servers take. Such a certificate is presented as it is.
fn with_identity(config: &Config) -> Result<ClientConfig, kube::Error> {
    let refusal = match config.rustls_client_config() {
        Err(error) if is_unreadable_certificate(&error) => error,
        result => return result,
    };
    let Some(identity) = identity(&config.auth_info) else {
        return Err(refusal);
    };

    let mut tls = without_identity(config)?;
    tls.client_auth_cert_resolver = Arc::new(SingleCertAndKey::from(identity));
    Ok(tls)
}

/// How TLS is spoken to a proxy: it is trusted by the cluster's authority, as kubectl does, or by this machine's.
pub(super) fn to_proxy(config: &Config) -> Result<ClientConfig, kube::Error> {
    if config.accept_invalid_certs {
        return without_identity(config);
    }

    let provider = Arc::new(ring::default_provider());
    let roots = config.root_cert.iter().flatten().cloned();
    let verifier = Verifier::new_with_extra_roots(roots.map(CertificateDer::from), Arc::clone(&provider));
    let tls = verifier.and_then(|verifier| {
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let builder = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        Ok(builder.with_no_client_auth())
    });
    tls.map_err(|error| kube::Error::RustlsTls(RustlsTlsError::AddRootCertificate(Box::new(error))))
}

fn without_identity(config: &Config) -> Result<ClientConfig, kube::Error> {
    let mut anonymous = config.clone();
    anonymous.auth_info = AuthInfo::default();
    anonymous.rustls_client_config()
}

/// Whether a certificate was refused because it was not understood; one that does not fit its key is another error.
fn is_unreadable_certificate(error: &kube::Error) -> bool {
    let kube::Error::RustlsTls(RustlsTlsError::InvalidPrivateKey(error)) = error else {
        return false;
    };
    matches!(error, Error::InvalidCertificate(CertificateError::Other(_)))
}

/// The client certificate with its key, neither read nor compared.
fn identity(user: &AuthInfo) -> Option<CertifiedKey> {
    let chain = pem(
        user.client_certificate_data.as_deref(),
        user.client_certificate.as_deref(),
    )?;
    let key = user.client_key_data.as_ref().map(|data| data.expose_secret());
    let key = pem(key, user.client_key.as_deref())?;

    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&chain).collect();
    let key = PrivateKeyDer::from_pem_slice(&key).ok()?;
    let key = ring::sign::any_supported_type(&key).ok()?;
    Some(CertifiedKey::new(chain.ok()?, key))
}

/// The PEM text given as base64, else that of the file.
fn pem(data: Option<&str>, path: Option<&str>) -> Option<Vec<u8>> {
    match data.filter(|data| !data.is_empty()) {
        Some(data) => STANDARD.decode(data).ok(),
        None => fs::read(path?).ok(),
    }
}
