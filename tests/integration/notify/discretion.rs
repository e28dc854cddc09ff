//! Promises about where a secret may be sent.

use macaque::notify::url::UrlError;
use macaque::notify::{DeliveryError, Placement, check_url, deliver};
use macaque_testkit::notify::{http, message, slack};

#[actix_rt::test]
async fn a_token_is_never_sent_in_the_clear_beyond_this_host() {
    let channel = slack("relay.example");
    assert_eq!(check_url("http://relay.example"), Err(UrlError::InTheClear));
    let error = deliver(&http(), &channel, &message(), Placement::Own)
        .await
        .unwrap_err();
    let why = "the URL of Slack cannot be used: it would send a secret unencrypted";
    assert_eq!(error, DeliveryError::permanent(why));
}
