//! How TLS is spoken to the API server, and to a proxy on the way to it.
//!
//! kube's own configuration is not used: with it comes what its kinds of credentials need, half a MiB that macaque never
//! runs.

use std::sync::Arc;

use kube::Config;
use kube::client::RustlsTlsError;
use rustls::client::WantsClientCert;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, ConfigBuilder, Error};
use rustls_platform_verifier::Verifier;

use super::any_certificate::AnyCertificateVerifier;
use super::authority_file::AuthorityFileVerifier;
use super::client_certificate::client_certificate;
use super::own_certificate::OwnCertificateVerifier;

/// How TLS is spoken to the API server.
///
/// # Errors
/// An authority, the client certificate or its key cannot be used.
pub(super) fn to_server(config: &Config) -> Result<ClientConfig, kube::Error> {
    let verifier = server_verifier(config).map_err(kube::Error::RustlsTls)?;
    let builder = trusting(verifier).map_err(unusable)?;

    let tls = match client_certificate(&config.auth_info)? {
        Some(own) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
        None => builder.with_no_client_auth(),
    };
    Ok(tls)
}

/// How TLS is spoken to a proxy: it is trusted by the cluster's authority, as kubectl does, or by this machine's.
///
/// # Errors
/// An authority cannot be used.
pub(super) fn to_proxy(config: &Config) -> Result<ClientConfig, kube::Error> {
    let verifier: Arc<dyn ServerCertVerifier> = if config.accept_invalid_certs {
        Arc::new(AnyCertificateVerifier)
    } else {
        let roots = config.root_cert.iter().flatten().cloned();
        let roots = roots.map(CertificateDer::from);
        let verifier = Verifier::new_with_extra_roots(roots, Arc::new(ring::default_provider()));
        Arc::new(verifier.map_err(unusable)?)
    };
    let builder = trusting(verifier).map_err(unusable)?;
    Ok(builder.with_no_client_auth())
}

/// Whom to trust as the API server: its authority, which is read again as it changes if it is that of a pod's service
/// account; this machine's, if none is named; or anybody, if the kubeconfig says so.
fn server_verifier(config: &Config) -> Result<Arc<dyn ServerCertVerifier>, RustlsTlsError> {
    if config.accept_invalid_certs {
        return Ok(Arc::new(AnyCertificateVerifier));
    }
    if let Some(path) = &config.root_cert_file {
        return Ok(Arc::new(AuthorityFileVerifier::new(path.clone())?));
    }
    if let Some(authorities) = &config.root_cert {
        return Ok(Arc::new(OwnCertificateVerifier::new(authorities)?));
    }

    let verifier = Verifier::new(Arc::new(ring::default_provider()));
    let verifier = verifier.map_err(|error| RustlsTlsError::AddRootCertificate(Box::new(error)))?;
    Ok(Arc::new(verifier))
}

fn trusting(
    verifier: Arc<dyn ServerCertVerifier>,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, Error> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier))
}

fn unusable(error: Error) -> kube::Error {
    kube::Error::RustlsTls(RustlsTlsError::AddRootCertificate(Box::new(error)))
}
