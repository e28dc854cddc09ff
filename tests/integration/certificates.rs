//! Promises of client certificates: whatever an API server takes is presented to it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube_sandbox::scenario::deployment;
use macaque_testkit::TestCluster;
use macaque_testkit::tls_front::TlsFront;

use crate::proxies::{address, budgets, has_read};

#[test]
fn an_x509_v1_client_certificate_is_presented() {
    let key = pem(V1_PUBLIC_KEY);
    let cluster = TestCluster::with(vec![deployment("shop", "web", 1)]);
    let front = TlsFront::asking_for(key, "127.0.0.1", address(&cluster));
    let authority = STANDARD.encode(front.authority());
    let server = format!(
        "server: 'https://{}', certificate-authority-data: {authority}",
        front.address()
    );

    let data = format!(
        "client-certificate-data: {}, client-key-data: {}",
        STANDARD.encode(V1_CERTIFICATE),
        STANDARD.encode(V1_KEY)
    );
    has_read(&budgets(&server, &data).run());
    let files = budgets(&server, "client-certificate: v1.pem, client-key: v1.key");
    has_read(&files.file("v1.pem", V1_CERTIFICATE).file("v1.key", V1_KEY).run());
    assert!(front.clients().len() >= 2);
    assert!(front.clients().iter().all(|shown| *shown == pem(V1_CERTIFICATE)));
}

/// The bytes of a PEM text.
fn pem(text: &str) -> Vec<u8> {
    let lines = text.lines().filter(|line| !line.starts_with('-'));
    STANDARD.decode(lines.collect::<String>()).unwrap()
}

// A client certificate of X.509 version 1, as `openssl x509 -req` makes it without extensions: made for this file
// alone, good until 2126.
const V1_CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBQTCB6AIUUN/WKCYLQCkCPV3Ta87YF5jCO8UwCgYIKoZIzj0EAwIwGTEXMBUG
A1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTI4MTQwNzAxWhgPMjEyNjExMDQx
NDA3MDFaMCwxFzAVBgNVBAoMDnN5c3RlbTptYXN0ZXJzMREwDwYDVQQDDAh2MS1h
ZG1pbjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABCzJIMjbFpL9oqvvUzQTcl0h
6oHJy1KENnjBDNPAtn9VAvkRyB09gEGKUOswvraueyhSgxpjDIEeT0tiu6Ga7tow
CgYIKoZIzj0EAwIDSAAwRQIhAMfnJee8UmXipExflaFrjFlcr2NzlAclHsPAkTM8
C0zCAiA4uQV0phIwNrVieQTmjGXk+qIjq2Nv6VVVJooYSBdS5g==
-----END CERTIFICATE-----
";
const V1_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKMY3TskvyJVykQ0o
r28WP7c+JsKF1Mdsj7VL7FGzPIChRANCAAQsySDI2xaS/aKr71M0E3JdIeqByctS
hDZ4wQzTwLZ/VQL5EcgdPYBBilDrML62rnsoUoMaYwyBHk9LYruhmu7a
-----END PRIVATE KEY-----
";
const V1_PUBLIC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAELMkgyNsWkv2iq+9TNBNyXSHqgcnL
UoQ2eMEM08C2f1UC+RHIHT2AQYpQ6zC+tq57KFKDGmMMgR5PS2K7oZru2g==
-----END PUBLIC KEY-----
";
