//! The certificate authority and the certificate of a server with TLS.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The names of a server that are certified beside its address: the names that pods call it by.
const NAMES: [&str; 5] = [
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
];

/// What a server with TLS needs, and the certificate of its authority, in PEM, for its clients.
pub(crate) struct TlsIdentity {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) ca_certificate: String,
}

impl TlsIdentity {
    /// Generates an authority and, signed by it, the certificate of a server at this address.
    pub(crate) fn generate(address: SocketAddr) -> io::Result<Self> {
        Self::try_generate(address).map_err(io::Error::other)
    }

    fn try_generate(address: SocketAddr) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let authority = CertifiedIssuer::self_signed(authority_parameters()?, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = server_parameters(address)?.signed_by(&key, &authority)?;

        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];

        Ok(Self {
            acceptor: TlsAcceptor::from(Arc::new(config)),
            ca_certificate: authority.pem(),
        })
    }
}

fn authority_parameters() -> Result<CertificateParams, rcgen::Error> {
    let mut parameters = CertificateParams::new(Vec::new())?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, "kube-sandbox");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(parameters)
}

fn server_parameters(address: SocketAddr) -> Result<CertificateParams, rcgen::Error> {
    let mut names = NAMES.map(str::to_owned).to_vec();
    names.push(address.ip().to_string());

    let mut parameters = CertificateParams::new(names)?;
    parameters
        .distinguished_name
        .push(DnType::CommonName, "kube-apiserver");
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // Python since 3.13 refuses a certificate that does not name the key of its authority.
    parameters.use_authority_key_identifier_extension = true;
    Ok(parameters)
}
