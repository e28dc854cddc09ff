//! The table of what goes wrong on the way to an API server, in our words.

use rustls::pki_types::ServerName;

use super::*;
use crate::proxy::Proxy;

/// An error as the libraries wrap it: outermost a layer of its own, then an `io::Error` around the cause.
#[derive(Debug, thiserror::Error)]
#[error("ServiceError: outer")]
struct OuterError(#[source] io::Error);

fn of_tls(error: rustls::Error) -> ConnectionFault {
    ConnectionFault::of(&OuterError(io::Error::new(io::ErrorKind::InvalidData, error)))
}

fn of_io(kind: io::ErrorKind, words: &'static str) -> ConnectionFault {
    ConnectionFault::of(&OuterError(io::Error::new(kind, words)))
}

fn of_certificate(error: CertificateError) -> ConnectionFault {
    of_tls(rustls::Error::InvalidCertificate(error))
}

/// Every fault, from the error of a library that means it.
fn table() -> Vec<(ConnectionFault, ConnectionFault)> {
    let wrong_name = CertificateError::NotValidForNameContext {
        expected: ServerName::try_from("api.example").unwrap(),
        presented: vec!["DnsName(\"other.example\")".to_owned()],
    };
    let content_type = rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType);
    // What rustls says of a connection that ends without a farewell links to its manual.
    let farewell =
        "peer closed connection without sending TLS close_notify: https://docs.rs/rustls/latest/manual";
    let bad = Proxy::parse("ftp://proxy", "HTTPS_PROXY").unwrap_err();
    let refusal = ProxyError::Bad(bad.clone());
    vec![
        (
            ConnectionFault::of(&OuterError(io::Error::other(refusal))),
            ConnectionFault::Proxy(bad.to_string()),
        ),
        (
            of_io(io::ErrorKind::ConnectionRefused, "refused"),
            ConnectionFault::Refused,
        ),
        (
            of_io(io::ErrorKind::TimedOut, "deadline has elapsed"),
            ConnectionFault::TimedOut,
        ),
        (
            of_io(io::ErrorKind::UnexpectedEof, farewell),
            ConnectionFault::Closed,
        ),
        (
            of_io(io::ErrorKind::ConnectionReset, "reset"),
            ConnectionFault::Closed,
        ),
        (
            of_io(io::ErrorKind::NetworkUnreachable, "no route"),
            ConnectionFault::NoRoute("no route".to_owned()),
        ),
        (
            of_io(io::ErrorKind::Other, farewell),
            ConnectionFault::Other(farewell.split(": ").next().unwrap().to_owned()),
        ),
        (
            of_certificate(CertificateError::UnknownIssuer),
            ConnectionFault::UnknownIssuer,
        ),
        (
            of_certificate(CertificateError::Expired),
            ConnectionFault::Expired,
        ),
        (
            of_certificate(CertificateError::NotValidYet),
            ConnectionFault::NotYetValid,
        ),
        (
            of_certificate(CertificateError::NotValidForName),
            ConnectionFault::WrongName(Vec::new()),
        ),
        (
            of_certificate(wrong_name),
            ConnectionFault::WrongName(vec!["DnsName(\"other.example\")".to_owned()]),
        ),
        (
            of_certificate(CertificateError::Revoked),
            ConnectionFault::BadCertificate("Revoked".to_owned()),
        ),
        (
            of_tls(rustls::Error::AlertReceived(
                AlertDescription::CertificateRequired,
            )),
            ConnectionFault::ClientCertificate,
        ),
        (
            of_tls(rustls::Error::AlertReceived(AlertDescription::UnknownCA)),
            ConnectionFault::ClientCertificate,
        ),
        (
            of_tls(rustls::Error::AlertReceived(AlertDescription::ProtocolVersion)),
            ConnectionFault::NoCommonTls,
        ),
        (of_tls(content_type), ConnectionFault::NoTls),
    ]
}

#[test]
fn every_fault_is_recognised_within_the_layers_of_the_libraries() {
    for (found, expected) in table() {
        assert_eq!(found, expected);
    }
}

#[test]
fn no_words_of_a_fault_or_its_remedy_link_to_a_manual() {
    for (fault, _) in table() {
        let words = format!("{fault}; {}", fault.remedy());
        assert!(!words.contains("docs.rs") && !words.contains("manual"), "{words}");
        assert!(
            !words.contains("ServiceError") && words.lines().count() == 1,
            "{words}"
        );
    }
}

#[test]
fn the_names_of_a_certificate_are_shown_bare() {
    let presented = ["DnsName(\"a.example\")", "IpAddress(127.0.0.1)", "b.example"];
    let fault = ConnectionFault::WrongName(presented.map(str::to_owned).to_vec());
    assert_eq!(
        fault.to_string(),
        "its certificate is for other names: a.example, 127.0.0.1, b.example"
    );
}

#[test]
fn a_name_without_an_address_is_recognised_by_hypers_words() {
    #[derive(Debug, thiserror::Error)]
    #[error("dns error")]
    struct DnsError(#[source] io::Error);
    let error = DnsError(io::Error::other(
        "failed to lookup address information: Name or service not known",
    ));
    assert_eq!(ConnectionFault::of(&error), ConnectionFault::NameUnknown);
}

#[test]
fn a_body_that_ends_too_early_is_an_answer_that_broke_off() {
    let error = io::Error::new(io::ErrorKind::UnexpectedEof, "unexpected end of file");
    assert_eq!(ConnectionFault::in_body(&error), ConnectionFault::BrokenOff);
}
