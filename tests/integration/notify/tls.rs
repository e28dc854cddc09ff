//! Promises about TLS: whom the client trusts, and what it says where there is nobody to trust. The roots come
//! from the environment, so each promise is kept in a process of its own.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;

use macaque::notify::{
    Channel, Delivery, DeliveryError, NotifyClient, NotifyClientError, Placement, SlackWebhook, deliver,
};
use macaque::platform::Platform;
use macaque::proxy::{Proxy, ProxyEnvironment, ProxyPolicy};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use macaque_testkit::CANARY;
use macaque_testkit::notify::message;
use macaque_testkit::web_proxy::{ProxyManner, WebProxy};

/// Names the promise that this process is to keep.
const ROLE: &str = "MACAQUE_TEST_ROLE";

/// Whether this process is the one for the test `name`, with `roots` as its only CA certificates. If it is not,
/// starts that one, this binary again for that test alone, and sees it succeed.
fn alone_with(roots: &str, name: &str) -> bool {
    if std::env::var(ROLE).is_ok_and(|role| role == name) {
        return true;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roots.pem");
    std::fs::write(&file, roots).unwrap();
    let run = Command::new(std::env::current_exe().unwrap())
        .args([&format!("notify::tls::{name}"), "--exact", "--nocapture"])
        .env("SSL_CERT_FILE", &file)
        .env("SSL_CERT_DIR", folder.path().join("none"))
        .env(ROLE, name)
        .output()
        .unwrap();
    let said = [run.stdout, run.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());

    assert!(
        run.status.success() && said[0].contains("1 passed"),
        "{}",
        said.concat()
    );

    false
}

/// A webhook behind TLS that answers one connection with `ok`; the result is what was negotiated.
fn secure_webhook(host: &str) -> (Channel, std::thread::JoinHandle<Option<Vec<u8>>>) {
    let certificates = vec![CertificateDer::from_pem_slice(LEAF.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(LEAF_KEY.as_bytes()).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{host}:{}/x", listener.local_addr().unwrap().port());
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut tls = StreamOwned::new(ServerConnection::new(Arc::new(config)).unwrap(), stream);
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        while !request.ends_with(b"}") {
            let n = tls.read(&mut buffer).ok().filter(|n| *n > 0)?;
            request.extend_from_slice(&buffer[..n]);
        }
        tls.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .ok()?;
        tls.conn.alpn_protocol().map(<[u8]>::to_vec)
    });

    (Channel::from(SlackWebhook { url: url.into() }), server)
}

/// A client for these channels, without a proxy.
fn client(channels: &[Channel]) -> Result<NotifyClient, NotifyClientError> {
    NotifyClient::new(channels, &ProxyPolicy::Direct, &Platform::system())
}

#[actix_rt::test]
async fn a_trusted_service_is_spoken_to_in_http_1_without_a_provider_of_the_process() {
    if !alone_with(
        CA,
        "a_trusted_service_is_spoken_to_in_http_1_without_a_provider_of_the_process",
    ) {
        return;
    }

    let (channel, server) = secure_webhook("127.0.0.1");
    let http = client(std::slice::from_ref(&channel)).unwrap();
    assert_eq!(
        deliver(&http, &channel, &message(), Placement::Own).await,
        Ok(Delivery::CONFIRMED)
    );
    assert_eq!(server.join().unwrap().unwrap(), b"http/1.1");
    assert!(rustls::crypto::CryptoProvider::get_default().is_none());
}

#[actix_rt::test]
async fn a_service_of_another_name_gets_no_report() {
    if alone_with(CA, "a_service_of_another_name_gets_no_report") {
        gets_no_report("localhost").await;
    }
}

#[actix_rt::test]
async fn a_service_of_an_unknown_authority_gets_no_report() {
    if alone_with(OTHER_CA, "a_service_of_an_unknown_authority_gets_no_report") {
        gets_no_report("127.0.0.1").await;
    }
}

#[actix_rt::test]
async fn the_tls_of_a_service_passes_every_kind_of_proxy_untouched() {
    if !alone_with(CA, "the_tls_of_a_service_passes_every_kind_of_proxy_untouched") {
        return;
    }

    for scheme in ["http", "socks5"] {
        let (channel, server) = secure_webhook("127.0.0.1");
        let destination = authority(&channel);
        let proxy = WebProxy::start(&destination, ProxyManner::Login("user", CANARY)).unwrap();
        let proxies = fixed(&format!("{scheme}://user:{CANARY}@{}", proxy.address()));

        assert_eq!(delivery(&channel, proxies).await, Ok(Delivery::CONFIRMED));
        assert_eq!(server.join().unwrap().unwrap(), b"http/1.1");
        assert_eq!(proxy.led_to(), [destination]);
    }
}

#[actix_rt::test]
async fn what_keeps_a_proxy_from_leading_to_a_service_is_said_with_its_name_and_no_password() {
    if !alone_with(
        CA,
        "what_keeps_a_proxy_from_leading_to_a_service_is_said_with_its_name_and_no_password",
    ) {
        return;
    }

    let closed = WebProxy::start("127.0.0.1:9", ProxyManner::Closed)
        .unwrap()
        .address();
    let login = WebProxy::start("127.0.0.1:9", ProxyManner::Login("user", "other")).unwrap();
    let login = login.address();
    let channel = distant();
    let rows = [
        (
            "http://user:{}@127.0.0.1:9".to_owned(),
            "http://127.0.0.1:9 (notify.proxy) cannot be reached: Connection refused (os error 111)"
                .to_owned(),
        ),
        (
            format!("http://user:{{}}@{closed}"),
            format!(
                "http://{closed} (notify.proxy) does not connect to the server: its answer to CONNECT is not 200"
            ),
        ),
        (
            format!("http://user:{{}}@{login}"),
            format!(
                "http://{login} (notify.proxy) does not accept the user and the password in its URL (407)"
            ),
        ),
        (
            format!("socks5://user:{{}}@{login}"),
            format!(
                "socks5://{login} (notify.proxy) does not connect to the server: SOCKS error: credentials not accepted"
            ),
        ),
    ];
    for (url, words) in rows {
        let error = delivery(&channel, fixed(&url.replace("{}", CANARY)))
            .await
            .unwrap_err();
        let expected = format!("the Slack webhook cannot be reached: the proxy {words}");
        assert_eq!(error, DeliveryError::transient(expected));
    }
}

#[actix_rt::test]
async fn a_proxy_that_says_nothing_is_named_too() {
    if !alone_with(CA, "a_proxy_that_says_nothing_is_named_too") {
        return;
    }

    let proxy = WebProxy::start("127.0.0.1:9", ProxyManner::Silent).unwrap();
    let proxies = fixed(&format!("http://{}", proxy.address()));
    tokio::time::pause();
    let error = delivery(&distant(), proxies).await.unwrap_err();
    let expected = format!(
        "the Slack webhook cannot be reached: the proxy http://{} (notify.proxy) gave no connection in time",
        proxy.address()
    );
    assert_eq!(error, DeliveryError::transient(expected));
}

#[actix_rt::test]
async fn a_variable_that_names_no_proxy_is_a_permanent_error_that_names_it() {
    if !alone_with(
        CA,
        "a_variable_that_names_no_proxy_is_a_permanent_error_that_names_it",
    ) {
        return;
    }

    let value = |name: &str| (name == "HTTPS_PROXY").then(|| format!("http://user:{CANARY}@"));
    let proxies = ProxyPolicy::Environment(ProxyEnvironment::from_variables(value));
    let channel = distant();
    let new = |channels: &[Channel]| NotifyClient::new(channels, &proxies, &Platform::system());
    let error = new(std::slice::from_ref(&channel)).unwrap_err().to_string();
    let begins = "HTTPS_PROXY is not the URL of a proxy: use http://";
    assert!(error.starts_with(begins) && !error.contains(CANARY), "{error}");

    let delivery = deliver(&new(&[]).unwrap(), &channel, &message(), Placement::Own).await;
    let why = format!("the Slack webhook cannot be reached: {error}");
    assert_eq!(delivery, Err(DeliveryError::permanent(why)));
}

/// Delivers the message to `channel` through `proxies`, with one try.
async fn delivery(channel: &Channel, proxies: ProxyPolicy) -> Result<Delivery, DeliveryError> {
    let http = NotifyClient::new(std::slice::from_ref(channel), &proxies, &Platform::system()).unwrap();
    deliver(&http, channel, &message(), Placement::Own).await
}

/// A webhook that only a proxy leads to.
fn distant() -> Channel {
    Channel::from(SlackWebhook {
        url: "https://hooks.example/x".into(),
    })
}

fn fixed(url: &str) -> ProxyPolicy {
    ProxyPolicy::Fixed(Proxy::parse(url, "notify.proxy").unwrap())
}

/// The host and the port of `channel`.
fn authority(channel: &Channel) -> String {
    let Channel::Service(service) = channel else {
        panic!("{channel:?} has no URL");
    };
    let url: http::Uri = service.service.url().parse().unwrap();
    url.authority().unwrap().to_string()
}

async fn gets_no_report(host: &str) {
    let (channel, server) = secure_webhook(host);
    let http = client(std::slice::from_ref(&channel)).unwrap();
    let error = deliver(&http, &channel, &message(), Placement::Own)
        .await
        .unwrap_err();
    let why = "the TLS handshake with the Slack webhook failed: its certificate is not trusted";
    assert_eq!(error.to_string(), why);
    assert_eq!(server.join().unwrap(), None);
}

#[actix_rt::test]
async fn without_ca_certificates_only_an_https_channel_is_refused_and_in_clear_words() {
    if !alone_with(
        "",
        "without_ca_certificates_only_an_https_channel_is_refused_and_in_clear_words",
    ) {
        return;
    }

    let channel = |url: &str| Channel::from(SlackWebhook { url: url.into() });
    assert!(client(&[Channel::Log, channel("http://127.0.0.1/x")]).is_ok());

    let error = client(&[channel("https://hooks.slack.com/x")])
        .unwrap_err()
        .to_string();

    assert!(
        error.starts_with("no CA certificates to check the chat services by: install"),
        "{error}"
    );
}

// A test authority with a certificate of its for 127.0.0.1, and another authority: made for
// this file alone, good until 2126.
const CA: &str = "-----BEGIN CERTIFICATE-----
MIIBmTCCAT+gAwIBAgIUb4UVD+/q3ySpo7bqnTXIVZlQjaowCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMDcxMzU1WhgPMjEy
NjEwMzAwNzEzNTVaMBkxFzAVBgNVBAMMDnRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEZ/FtMz2CRyJJqBTW00iTNN88QMnqykIcPON0cKbW
RZ93CHaBuZZ4fV0+VxX6zaAkFRwmuD2CTR+aVx+VqQpmsqNjMGEwHQYDVR0OBBYE
FKwpFCHts69pI5znewLrm12GtjyNMB8GA1UdIwQYMBaAFKwpFCHts69pI5znewLr
m12GtjyNMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAoGCCqGSM49
BAMCA0gAMEUCIQDmCcLzEnyGTctTmdfh8SIKoRgpRTIYmap/MAQ7r+j8uwIgQMqv
IBI67+GTH1Y950oUrrpZ7atFZDWDI7Rf44cquPg=
-----END CERTIFICATE-----";
const LEAF: &str = "-----BEGIN CERTIFICATE-----
MIIBpDCCAUqgAwIBAgIUPvSZEcYeVKkMk9agGL9LEBg7OAAwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIzMDcxNzQ3WhgPMjEy
NjEwMzAwNzE3NDdaMBQxEjAQBgNVBAMMCWxvY2FsaG9zdDBZMBMGByqGSM49AgEG
CCqGSM49AwEHA0IABIxfIWUHiGvPnXU312MuOyl8e7W3uryH8Izrtc9AqEmeRod5
COJr3wkqSLGXAFv1X6TmEOlkvaZEv6qowm6NlXWjczBxMA8GA1UdEQQIMAaHBH8A
AAEwCQYDVR0TBAIwADATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNVHQ4EFgQUMe0B
3AZj2USmdXar7zSe8emaMK0wHwYDVR0jBBgwFoAUrCkUIe2zr2kjnOd7AuubXYa2
PI0wCgYIKoZIzj0EAwIDSAAwRQIgG6OkTtwSzBWb9BZ4m9ZwxeGG6oLhlY91/INV
hmL4b+cCIQD1vRjr/8Qmh48hfzws9BeB0npZevrrdiX+FRB4Xtj0sA==
-----END CERTIFICATE-----";
const LEAF_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg9BhkYOQCPCNmA3bN
BtS4BjQ/pLVbGKEieCAySN+lwfyhRANCAASMXyFlB4hrz511N9djLjspfHu1t7q8
h/CM67XPQKhJnkaHeQjia98JKkixlwBb9V+k5hDpZL2mRL+qqMJujZV1
-----END PRIVATE KEY-----";
const OTHER_CA: &str = "-----BEGIN CERTIFICATE-----
MIIBjzCCATWgAwIBAgIUeXd97SBbrtY1x5cHI56HwUWFcU0wCgYIKoZIzj0EAwIw
HDEaMBgGA1UEAwwRYW5vdGhlciBhdXRob3JpdHkwIBcNMjYxMTIzMDcxNzQ3WhgP
MjEyNjEwMzAwNzE3NDdaMBwxGjAYBgNVBAMMEWFub3RoZXIgYXV0aG9yaXR5MFkw
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE1nl+pWy2EWAhMDjs1eQurqGUVSoQJ+d4
mUGbJ2aKbOcv90cJyHAzuLs6XwH7DEVkG/Qs+8m1mtOIP+ePdcnAYqNTMFEwHQYD
VR0OBBYEFCtLn84e3oXEcWP/bMKs98Ye0h4cMB8GA1UdIwQYMBaAFCtLn84e3oXE
cWP/bMKs98Ye0h4cMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIg
RoqO1ydAE+NKiG3+/ZmiHLXV6VtHi4JnN2nYxr1/Cm8CIQDwl1WKS0t+AU8Tq0pV
L8IwRRixjSmH8rYml863hjl/hw==
-----END CERTIFICATE-----";
