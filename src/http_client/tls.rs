//! How TLS is spoken to chat services and gates: HTTP/1.1, an explicit crypto provider, and the system's CA certificates
//! or those of a file. Nothing depends on the process-wide default provider.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt as _;

/// The CA certificates by which servers are trusted.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TlsRoots<'a> {
    /// The system's.
    System,
    /// Those of a PEM file, and no others.
    File(&'a Path),
}

/// The reason why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsSetupError {
    /// The system has no usable CA certificates.
    #[error("this machine has no CA certificates ({0})")]
    NoSystemRoots(rustls::Error),
    /// The file cannot be read.
    #[error("ca_file {} cannot be read: {why}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        why: std::io::Error,
    },
    /// The file does not hold certificates.
    #[error("ca_file {} holds no certificate in PEM, or a damaged one", .0.display())]
    NotCertificates(PathBuf),
    /// The crypto provider does not fit the TLS library, which is a defect of the build.
    #[error("TLS could not be set up: {0}")]
    Provider(rustls::Error),
}

/// Sets up TLS to servers that `roots` vouch for.
pub(crate) fn tls(roots: TlsRoots<'_>) -> Result<Arc<ClientConfig>, TlsSetupError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsSetupError::Provider)?;
    let builder = match roots {
        TlsRoots::System => builder
            .with_platform_verifier()
            .map_err(TlsSetupError::NoSystemRoots)?,
        TlsRoots::File(path) => builder.with_root_certificates(read_roots(path)?),
    };

    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The certificates of a PEM file.
fn read_roots(path: &Path) -> Result<RootCertStore, TlsSetupError> {
    let pem = std::fs::read(path).map_err(|why| TlsSetupError::Unreadable {
        path: path.to_owned(),
        why,
    })?;

    let mut roots = RootCertStore::empty();
    let damaged = || TlsSetupError::NotCertificates(path.to_owned());
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        let certificate = certificate.map_err(|_| damaged())?;
        roots.add(certificate).map_err(|_| damaged())?;
    }
    if roots.is_empty() {
        return Err(damaged());
    }
    Ok(roots)
}
