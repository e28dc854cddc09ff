//! Trusts an API server whose certificate is itself a trusted authority, as kubectl does. `openssl req -x509` makes such
//! certificates, and the verifier of rustls takes none of them from a server.

use std::sync::Arc;

use kube::client::RustlsTlsError;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Verifies as rustls does, but also takes a certificate that is byte for byte one of the authorities, if its name and
/// its validity are right: whoever has its key could sign any other certificate too.
#[derive(Debug)]
pub(super) struct OwnCertificateVerifier {
    authorities: Vec<CertificateDer<'static>>,
    verifier: Arc<WebPkiServerVerifier>,
}

impl OwnCertificateVerifier {
    /// A verifier that trusts these authorities, each in DER.
    ///
    /// # Errors
    /// One of them is no certificate.
    pub(super) fn new(authorities: &[Vec<u8>]) -> Result<Self, RustlsTlsError> {
        let authorities: Vec<_> = authorities.iter().cloned().map(CertificateDer::from).collect();
        let mut roots = RootCertStore::empty();
        for authority in &authorities {
            roots
                .add(authority.clone())
                .map_err(|error| RustlsTlsError::AddRootCertificate(Box::new(error)))?;
        }

        let provider = Arc::new(ring::default_provider());
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        let verifier = verifier.map_err(|error| RustlsTlsError::AddRootCertificate(Box::new(error)))?;
        Ok(Self {
            authorities,
            verifier,
        })
    }
}

/// Whether a certificate was refused only because it is one of an authority. Its validity was found right before that.
pub(super) fn is_of_authority(error: &CertificateError) -> bool {
    // The type of this error is that of rustls' own library.
    matches!(error, CertificateError::Other(error) if error.0.to_string() == "CaUsedAsEndEntity")
}

impl ServerCertVerifier for OwnCertificateVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self
            .verifier
            .verify_server_cert(certificate, intermediates, name, ocsp_response, now);
        match &verified {
            Err(Error::InvalidCertificate(error))
                if is_of_authority(error) && self.authorities.contains(certificate) =>
            {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, KeyPair, date_time_ymd};

    use super::*;
    use crate::k8s::connect::ConnectionFault;

    /// The certificate of an authority, self-signed, for this name and until 2040.
    pub(in crate::k8s::connect) fn authority(name: &str) -> Certificate {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2040, 1, 1);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap()
    }

    #[test]
    fn a_server_is_trusted_by_its_own_certificate_if_its_name_and_validity_are_right() {
        let der = |name: &str| authority(name).der().to_vec();
        let own = der("api.example");
        let stranger = der("api.example");
        let verifier = OwnCertificateVerifier::new(&[der("ca.example"), own.clone()]).unwrap();
        let fault = |certificate: &[u8], name: &str, year: u64| {
            let name = ServerName::try_from(name.to_owned()).unwrap();
            let now = UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_557_600));
            let verified = verifier.verify_server_cert(&certificate.into(), &[], &name, &[], now);
            verified.err().map(|error| ConnectionFault::of(&error))
        };

        assert_eq!(fault(&own, "api.example", 2030), None);
        assert_eq!(fault(&own, "api.example", 2050), Some(ConnectionFault::Expired));
        assert_eq!(
            fault(&own, "api.example", 2010),
            Some(ConnectionFault::NotYetValid)
        );
        assert!(matches!(
            fault(&own, "other.example", 2030),
            Some(ConnectionFault::WrongName(_))
        ));
        let of_stranger = fault(&stranger, "api.example", 2030);
        assert_eq!(of_stranger, Some(ConnectionFault::AuthorityCertificate));
    }
}
