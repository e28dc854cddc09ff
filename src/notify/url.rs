//! The URLs that may be posted to: https, or http to this very host.

use std::net::IpAddr;

use crate::http_client::Uri;

/// The reason why a URL cannot be used. Does not repeat the URL, which may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The text is not a URL.
    #[error("is not a complete URL")]
    Malformed,
    /// The URL names no host.
    #[error("has no host")]
    NoHost,
    /// The URL holds credentials, which would be logged and forwarded with it.
    #[error("contains a user name")]
    UserName,
    /// The URL has a part after `#`, which is never sent.
    #[error("has a part after #, which is never sent")]
    Fragment,
    /// The URL is the base of others, and has a part after `?`, behind which nothing can be added.
    #[error("has a part after ?, although paths are added to it")]
    BaseWithQuery,
    /// The URL would send the message and the token unencrypted.
    #[error("would send a secret unencrypted")]
    InTheClear,
    /// The URL has another scheme.
    #[error("is not https")]
    NotHttps,
}

impl UrlError {
    /// The advice on what would be right.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Malformed | Self::NoHost | Self::InTheClear | Self::NotHttps => {
                "use an address that begins with https:// (http:// only for a loopback address)"
            }
            Self::UserName => "leave out the user name and the password: https://HOST/…",
            Self::Fragment => "leave out # and what follows",
            Self::BaseWithQuery => "leave out ? and what follows",
        }
    }
}

/// Checks that a channel may post to `url`, which must be https, or http to a loopback address.
///
/// # Errors
/// What is wrong with the URL.
pub fn check_url(url: &str) -> Result<(), UrlError> {
    destination(url).map(|_| ())
}

/// Checks that a channel may post to URLs that begin with `url`.
///
/// # Errors
/// What is wrong with the URL.
pub fn check_base_url(url: &str) -> Result<(), UrlError> {
    let uri = destination(url)?;
    if uri.query().is_some() {
        return Err(UrlError::BaseWithQuery);
    }
    Ok(())
}

/// Parses `url` as a URL that may be posted to: https, or http to a loopback address.
pub(super) fn destination(url: &str) -> Result<Uri, UrlError> {
    // The parser drops a fragment without a word.
    if url.contains('#') {
        return Err(UrlError::Fragment);
    }
    let uri: Uri = url.parse().map_err(|_| UrlError::Malformed)?;
    let authority = uri.authority().ok_or(UrlError::NoHost)?;
    let host = authority.host();
    if host.is_empty() {
        return Err(UrlError::NoHost);
    }
    if authority.as_str().contains('@') {
        return Err(UrlError::UserName);
    }

    let address: Result<IpAddr, _> = host.trim_matches(['[', ']']).parse();
    let loopback = host == "localhost" || address.is_ok_and(|ip| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if loopback => Ok(uri),
        Some("http") => Err(UrlError::InTheClear),
        _ => Err(UrlError::NotHttps),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_https_or_loopback_and_its_mistake_is_named() {
        for good in [
            "https://hooks.slack.com/services/T0/B0/x",
            "HTTPS://relay.example:8443/a?b=c",
            "https://discord.com/api/webhooks/1/x/slack?thread_id=5&wait=true",
            "https://hooks.slack.com/services/T0/B0/x/",
            "http://127.0.0.1:9/x",
            "http://localhost/x",
            "http://[::1]:80",
        ] {
            assert_eq!(check_url(good), Ok(()), "{good}");
        }
        let bad = [
            ("", UrlError::Malformed),
            ("https://a b/", UrlError::Malformed),
            ("https://", UrlError::Malformed),
            ("/services/x", UrlError::NoHost),
            ("slack", UrlError::NotHttps),
            ("ftp://a/b", UrlError::NotHttps),
            ("https://u:p@a/", UrlError::UserName),
            ("https://a/b#c", UrlError::Fragment),
            ("https://a/b?c=d#", UrlError::Fragment),
            ("https://a/b\n", UrlError::Malformed),
        ];
        for (bad, mistake) in bad {
            assert_eq!(check_url(bad), Err(mistake), "{bad}");
        }
        for clear in [
            "http://slack.com/api",
            "http://localhost.evil.example/",
            "http://127.0.0.1.evil.example/",
        ] {
            assert_eq!(check_url(clear), Err(UrlError::InTheClear), "{clear}");
        }
    }

    #[test]
    fn a_base_url_has_no_query() {
        assert_eq!(check_base_url("https://slack.com/api/"), Ok(()));
        assert_eq!(
            check_base_url("https://slack.com/api?"),
            Err(UrlError::BaseWithQuery)
        );
        assert_eq!(
            check_base_url("https://slack.com/api?a=b"),
            Err(UrlError::BaseWithQuery)
        );
        assert_eq!(check_base_url("http://slack.com/api"), Err(UrlError::InTheClear));
    }
}
