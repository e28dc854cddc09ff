//! TLS before a server that speaks none, with an authority of its own.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::ring;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, SubjectPublicKeyInfoDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};
use tokio::io::copy_bidirectional;
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio_rustls::TlsAcceptor;

/// A running front. It serves as long as the process.
#[derive(Debug, Clone)]
pub struct TlsFront {
    address: SocketAddr,
    authority: String,
    clients: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl TlsFront {
    /// Puts TLS before the server at `host:port`, by a certificate for `name`.
    pub fn start(name: &str, server: impl Into<String>) -> Self {
        Self::with(name, server.into(), None)
    }

    /// Puts TLS before the server at `host:port`, and asks each client for a certificate of the key with this
    /// SubjectPublicKeyInfo, of whatever version.
    pub fn asking_for(key: Vec<u8>, name: &str, server: impl Into<String>) -> Self {
        Self::with(name, server.into(), Some(key.into()))
    }

    fn with(name: &str, server: String, client_key: Option<SubjectPublicKeyInfoDer<'static>>) -> Self {
        let identity = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(identity.signing_key.serialize_der().into());
        let provider = Arc::new(ring::default_provider());
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = match client_key {
            Some(key) => config.with_client_cert_verifier(Arc::new(OfKey { key, provider })),
            None => config.with_no_client_auth(),
        };
        let config = config
            .with_single_cert(vec![identity.cert.der().clone()], key)
            .unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let front = Self {
            address: listener.local_addr().unwrap(),
            authority: identity.cert.pem(),
            clients: Arc::default(),
        };
        let clients = Arc::clone(&front.clients);
        thread::spawn(move || serve(listener, &server, &TlsAcceptor::from(Arc::new(config)), &clients));
        front
    }

    /// The address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The authority that clients trust, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The certificates that clients presented, in DER.
    pub fn clients(&self) -> Vec<Vec<u8>> {
        self.clients.lock().unwrap().clone()
    }
}

fn serve(listener: TcpListener, server: &str, acceptor: &TlsAcceptor, clients: &Arc<Mutex<Vec<Vec<u8>>>>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        listener.set_nonblocking(true).unwrap();
        let listener = tokio::net::TcpListener::from_std(listener).unwrap();
        while let Ok((client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            let server = server.to_owned();
            let clients = Arc::clone(clients);
            // A connection that breaks is the client's to complain of.
            tokio::spawn(async move { pass_on(client, &server, &acceptor, &clients).await });
        }
    });
}

async fn pass_on(
    client: TcpStream,
    server: &str,
    acceptor: &TlsAcceptor,
    clients: &Mutex<Vec<Vec<u8>>>,
) -> io::Result<()> {
    let mut client = acceptor.accept(client).await?;
    if let Some([certificate, ..]) = client.get_ref().1.peer_certificates() {
        clients.lock().unwrap().push(certificate.to_vec());
    }

    let mut server = TcpStream::connect(server).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}

/// Takes every certificate whose key is this one, without reading it.
#[derive(Debug)]
struct OfKey {
    key: SubjectPublicKeyInfoDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for OfKey {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        _: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature_with_raw_key(message, &self.key, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
