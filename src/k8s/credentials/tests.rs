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
