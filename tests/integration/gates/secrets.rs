//! Promises about TLS, tokens and headers of the gates: they reach the service, and nobody else.

use macaque::gates::HttpMethod;
use macaque_core::guard::GuardAnswer::{CannotAnswer, Go};
use macaque_testkit::CANARY;
use macaque_testkit::fake_gate::FakeGate;
use macaque_testkit::server_answer::reply;
use macaque_testkit::tls_front::TlsFront;

use super::{GateConfig, asked, examined, gate, prometheus, says_true};

/// A gate at `url` with the token in a file of `home`.
fn with_token(home: &tempfile::TempDir, url: &str) -> GateConfig {
    let token_file = home.path().join("token");
    std::fs::write(&token_file, format!("{CANARY}\n")).unwrap();
    GateConfig {
        token_file: Some(token_file),
        ..gate(url, says_true(HttpMethod::Get))
    }
}

#[actix_rt::test]
async fn a_service_over_tls_is_trusted_by_its_ca_file_and_gets_token_and_headers() {
    let home = tempfile::tempdir().unwrap();
    let service = FakeGate::start(reply(200, "True"));
    let front = TlsFront::start("localhost", service.address());
    let ca_file = home.path().join("ca.pem");
    std::fs::write(&ca_file, front.authority()).unwrap();

    let url = format!("https://localhost:{}", front.address().port());
    let mut config = with_token(&home, &url);
    config.ca_file = Some(ca_file);
    config.headers = vec![("X-Scope-OrgID".to_owned(), "team-a".to_owned())];
    assert_eq!(asked(&config).await.0, Go);

    let request = service.requests().remove(0).to_ascii_lowercase();
    let token = format!("authorization: bearer {}\r\n", CANARY.to_ascii_lowercase());
    assert!(
        request.contains(&token) && request.contains("x-scope-orgid: team-a\r\n"),
        "{request}"
    );
    assert!(!format!("{config:?}").contains("team-a"));

    let stranger = TlsFront::start("localhost", service.address());
    config.url = format!("https://localhost:{}", stranger.address().port());
    let (answer, seen) = asked(&config).await;
    assert_eq!(answer, CannotAnswer);
    assert!(seen.ends_with("its certificate is not trusted"), "{seen}");
    assert_eq!(service.requests().len(), 1);
}

#[actix_rt::test]
async fn a_token_is_read_anew_and_one_that_cannot_be_read_is_no_failure_of_macaque() {
    let home = tempfile::tempdir().unwrap();
    let service = FakeGate::start(reply(200, "True"));
    let config = with_token(&home, &service.url());
    let path = config.token_file.clone().unwrap();

    for token in ["first", "second"] {
        std::fs::write(&path, token).unwrap();
        assert_eq!(asked(&config).await.0, Go);
        let request = service.requests().pop().unwrap();
        assert!(request.contains(&format!("Bearer {token}\r\n")), "{request}");
    }

    std::fs::write(&path, "two\nlines").unwrap();
    assert!(asked(&config).await.1.contains("holds a line break"));
    std::fs::write(&path, " \n").unwrap();
    assert!(asked(&config).await.1.ends_with("token is empty"));
    std::fs::write(&path, "x".repeat(1024 * 1024 + 1)).unwrap();
    assert!(
        asked(&config)
            .await
            .1
            .ends_with("cannot be read: it is larger than 1 MiB")
    );
    std::fs::remove_file(&path).unwrap();
    assert!(asked(&config).await.1.contains("cannot be read: No such file"));
    assert_eq!(service.requests().len(), 2);
}

#[actix_rt::test]
async fn a_token_is_never_sent_in_the_clear_beyond_this_host() {
    let home = tempfile::tempdir().unwrap();
    let seen = "the token would be sent to gate.example unencrypted".to_owned();
    assert_eq!(
        asked(&with_token(&home, "http://gate.example")).await,
        (CannotAnswer, seen)
    );
}

#[actix_rt::test]
async fn a_ca_file_that_cannot_be_used_makes_a_gate_that_cannot_answer() {
    let home = tempfile::tempdir().unwrap();
    let ca_file = home.path().join("ca.pem");
    let mut config = gate("https://127.0.0.1:9", says_true(HttpMethod::Get));
    config.ca_file = Some(ca_file.clone());
    assert!(asked(&config).await.1.contains("cannot be read: No such file"));

    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in ["", "no certificate", damaged] {
        std::fs::write(&ca_file, text).unwrap();
        let examined = examined(&config, &[]).await;
        let seen = format!(
            "ca_file {} holds no certificate in PEM, or a damaged one",
            ca_file.display()
        );
        assert_eq!(
            (examined.finding.answer, examined.finding.seen),
            (CannotAnswer, seen)
        );
        assert!(examined.remedy.unwrap().starts_with("set ca_file to a PEM file"));
    }
}

#[actix_rt::test]
async fn what_a_service_echoes_of_a_token_or_a_header_is_hidden() {
    let home = tempfile::tempdir().unwrap();
    let error = format!(r#"{{"status":"error","error":"bad token {CANARY} of team-secret"}}"#);
    for status in [200, 400, 503] {
        let service = FakeGate::start(reply(status, &error));
        let mut config = with_token(&home, &service.url());
        config.kind = prometheus("ALERTS", None);
        config.headers = vec![("X-Scope-OrgID".to_owned(), "team-secret".to_owned())];

        let seen = asked(&config).await.1;
        assert!(seen.ends_with("bad token [hidden] of [hidden]"), "{seen}");
    }
}
