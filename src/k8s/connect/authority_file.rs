//! Trusts the authority in a file that is replaced as it expires: that of a pod's service account.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use kube::client::RustlsTlsError;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, Error, SignatureScheme};

use super::own_certificate::OwnCertificateVerifier;
use super::server::certificates;

/// Verifies by the file as it is at each connection. While it cannot be used, the last one that could counts.
#[derive(Debug)]
pub(super) struct AuthorityFileVerifier {
    path: PathBuf,
    last: Mutex<LastRead>,
}

#[derive(Debug)]
struct LastRead {
    pem: Vec<u8>,
    verifier: Arc<OwnCertificateVerifier>,
}

impl AuthorityFileVerifier {
    /// A verifier by this file.
    ///
    /// # Errors
    /// The file cannot be read, or holds no usable certificate.
    pub(super) fn new(path: PathBuf) -> Result<Self, RustlsTlsError> {
        let pem = fs::read(&path).map_err(|error| RustlsTlsError::AddRootCertificate(Box::new(error)))?;
        let verifier = verifier_of(&pem)?;
        let last = Mutex::new(LastRead { pem, verifier });
        Ok(Self { path, last })
    }

    /// The verifier of the file as it is, else of what it was.
    fn current(&self) -> Arc<OwnCertificateVerifier> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path.display();
        match fs::read(&self.path) {
            Ok(pem) if pem == last.pem => {}
            Ok(pem) => match verifier_of(&pem) {
                Ok(verifier) => *last = LastRead { pem, verifier },
                Err(error) => log::warn!("{path}: {error}; the authority that was there before counts"),
            },
            Err(error) => log::warn!("{path}: {error}; the authority that was there before counts"),
        }
        Arc::clone(&last.verifier)
    }

    /// The verifier of the file as it was last read.
    fn last(&self) -> Arc<OwnCertificateVerifier> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&last.verifier)
    }
}

fn verifier_of(pem: &[u8]) -> Result<Arc<OwnCertificateVerifier>, RustlsTlsError> {
    let authorities = certificates(pem).ok_or(RustlsTlsError::MissingCertificate)?;
    Ok(Arc::new(OwnCertificateVerifier::new(&authorities)?))
}

impl ServerCertVerifier for AuthorityFileVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.current()
            .verify_server_cert(certificate, intermediates, name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.last()
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.last()
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.last().supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k8s::connect::own_certificate::tests::authority;

    #[test]
    fn the_file_counts_as_it_is_and_while_it_is_useless_as_it_was() {
        let directory = tempfile::TempDir::new().unwrap();
        let path = directory.path().join("ca.crt");
        let first = authority("api.example");
        let next = authority("api.example");
        fs::write(&path, first.pem()).unwrap();
        let verifier = AuthorityFileVerifier::new(path.clone()).unwrap();
        let trusts = |certificate: &CertificateDer<'_>| {
            let name = ServerName::try_from("api.example").unwrap();
            let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_900_000_000));
            verifier
                .verify_server_cert(certificate, &[], &name, &[], now)
                .is_ok()
        };
        assert_eq!((trusts(first.der()), trusts(next.der())), (true, false));

        fs::write(&path, next.pem()).unwrap();
        assert_eq!((trusts(first.der()), trusts(next.der())), (false, true));

        fs::write(&path, "half wr").unwrap();
        assert_eq!((trusts(first.der()), trusts(next.der())), (false, true));
        fs::remove_file(&path).unwrap();
        assert_eq!((trusts(first.der()), trusts(next.der())), (false, true));
    }
}
