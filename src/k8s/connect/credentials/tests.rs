//! Tables of tokens and passwords: what is sent, and what is refused without being shown.

use kube::config::AuthInfo;
use tempfile::TempDir;

use super::*;

const TOKEN: &str = "s3cret-t0ken";

async fn obtained(method: AuthMethod, platform: &Platform) -> Result<ClientCredentials, AccessFault> {
    let mut user = AuthInfo::default();
    ClientCredentials::obtain(method, &mut user, None, platform).await
}

fn sent(credentials: &ClientCredentials, platform: &Platform) -> Option<String> {
    let header = credentials.header(platform)?;
    assert!(header.is_sensitive());
    Some(header.to_str().unwrap().to_owned())
}

fn of_file(path: &Path) -> AuthMethod {
    AuthMethod::TokenFile(path.to_str().unwrap().to_owned(), None)
}

#[actix_rt::test]
async fn white_space_around_the_token_of_a_file_is_not_part_of_it() {
    let platform = Platform::system();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("token");
    let expected = Some(format!("Bearer {TOKEN}"));
    for text in ["{}", "{}\n", "{}\r\n", "  {}\t\n\n", "\n{}"] {
        fs::write(&path, text.replace("{}", TOKEN)).unwrap();
        let of_user = obtained(of_file(&path), &platform).await.unwrap();
        assert_eq!(sent(&of_user, &platform), expected, "{text:?}");
        let of_pod = ClientCredentials::of_service_account(&path, &platform).unwrap();
        assert_eq!(sent(&of_pod, &platform), expected, "{text:?}");
    }
}

#[actix_rt::test]
async fn a_token_that_cannot_be_sent_is_an_error_that_names_its_place_and_not_the_token() {
    let platform = Platform::system();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("token");
    let place = path.to_str().unwrap();
    let table = [
        (Some(format!("{TOKEN}\n{TOKEN}")), "holds a line break"),
        (
            Some(format!("{TOKEN}\0")),
            "holds a line break or another invalid character",
        ),
        (Some(" \n".to_owned()), "is empty"),
        (None, "No such file"),
    ];
    for (text, words) in table {
        match &text {
            Some(text) => fs::write(&path, text).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        let fault = obtained(of_file(&path), &platform).await.unwrap_err();
        assert!(
            fault.wrong.contains(words) && fault.wrong.contains(place),
            "{fault}"
        );
        assert!(!fault.to_string().contains(TOKEN), "{fault}");
    }

    let inline = AuthMethod::Token(format!("{TOKEN}\n").into());
    let fault = obtained(inline, &platform).await.unwrap_err();
    assert!(!fault.to_string().contains(TOKEN), "{fault}");
    let basic = AuthMethod::Basic("ann".to_owned(), "pass".to_owned().into());
    let basic = obtained(basic, &platform).await.unwrap();
    assert_eq!(sent(&basic, &platform).as_deref(), Some("Basic YW5uOnBhc3M="));
    assert!(!format!("{basic:?}").contains("YW5u"), "{basic:?}");
}

#[tokio::test(start_paused = true)]
async fn a_token_file_that_is_replaced_is_read_again_and_one_that_is_gone_is_remembered() {
    let platform = Platform::simulated(0, Timestamp::UNIX_EPOCH);
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("token");
    fs::write(&path, "one\n").unwrap();
    let credentials = obtained(of_file(&path), &platform).await.unwrap();

    fs::write(&path, "two\n").unwrap();
    assert_eq!(sent(&credentials, &platform).as_deref(), Some("Bearer one"));
    platform.sleep(Duration::from_secs(60)).await;
    assert_eq!(sent(&credentials, &platform).as_deref(), Some("Bearer two"));

    fs::remove_file(&path).unwrap();
    platform.sleep(Duration::from_secs(60)).await;
    assert_eq!(sent(&credentials, &platform).as_deref(), Some("Bearer two"));
}

#[actix_rt::test]
async fn the_token_of_the_kubeconfig_stands_in_until_its_file_can_be_read() {
    let platform = Platform::system();
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("token");
    let method = || AuthMethod::TokenFile(path.to_str().unwrap().to_owned(), Some(TOKEN.to_owned().into()));
    let credentials = obtained(method(), &platform).await.unwrap();
    assert_eq!(sent(&credentials, &platform), Some(format!("Bearer {TOKEN}")));

    fs::write(&path, "of-the-file\n").unwrap();
    let credentials = obtained(method(), &platform).await.unwrap();
    assert_eq!(
        sent(&credentials, &platform).as_deref(),
        Some("Bearer of-the-file")
    );
}

#[test]
fn what_is_wrong_with_a_client_certificate_or_its_key_is_said_in_the_words_of_the_file() {
    let identity = || rcgen::generate_simple_self_signed(["ann".to_owned()]).unwrap();
    let own = identity();
    let (certificate, key) = (own.cert.pem(), own.signing_key.serialize_pem());
    let other = identity().signing_key.serialize_pem();
    let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
    for (certificate, key, words) in [
        (
            certificate.as_str(),
            other.as_str(),
            "its client-key is not the key of its client-certificate",
        ),
        (
            &certificate,
            &encrypted,
            "its client-key holds no private key in PEM, or an encrypted one",
        ),
        (
            &certificate,
            P521_KEY,
            "its client-key is none that macaque can use: RSA,",
        ),
        (&key, &key, "its client-certificate holds no certificate in PEM"),
    ] {
        let mut config = kube::Config::new(http::Uri::from_static("https://127.0.0.1"));
        config.accept_invalid_certs = true;
        config.auth_info.client_certificate_data = Some(STANDARD.encode(certificate));
        config.auth_info.client_key_data = Some(STANDARD.encode(key).into());
        let said = of_client(&crate::k8s::connect::tls::to_server(&config).unwrap_err());
        assert!(said.starts_with(words), "{said}");
    }
}

/// A key on the curve P-521, made for this file alone.
const P521_KEY: &str = "-----BEGIN PRIVATE KEY-----
MIHuAgEAMBAGByqGSM49AgEGBSuBBAAjBIHWMIHTAgEBBEIAY9V0qeZvz4LCkwMO
fidrOZ5+bG6joDh1zHe5Q0QIAjiypLETk8WF5FczVRLlUMTN6EAq1Ww8YzsDrVMA
TofznlyhgYkDgYYABAEUB/Ui3M7qA26G08c5/A8+f9uDpJm9eDi/GybhxBgtVvPQ
SCGKhQPP8+uPQHAB/hVgXBdm7JEyAuL+6hwjBjMQJgAZA2vxxf+ughl+z3XbGA3A
rR4CVwXLcATe4Q9njJ3uOSXF6zzhakWS5b952ZZRmDI6oXQeZeDxji9mM6fYMqK5
pA==
-----END PRIVATE KEY-----
";
