//! The law of headers: `Retry-After` as it is read, and the signatures of webhooks as they are written.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use macaque::fuzzing::retry_after;
use macaque::notify::webhook::{check_signing_secrets, signatures};
use ring::hmac;

use crate::text;

pub(crate) const LAW: &str = "Retry-After as a date is the time until then and never below zero; each signature is \
                              verified with its secret, and a fault shows none of the secret";

/// The last second that a date of HTTP can name: the end of 9999.
const LAST_SECOND: u64 = 253_402_300_799;

/// The value of `Retry-After` and the secrets are a line each; what is signed is the rest.
pub(crate) fn headers(bytes: &[u8]) {
    let Some(text) = text::of(bytes) else { return };
    let (value, rest) = text::first_line(text);
    let (secrets, signed) = text::first_line(rest);
    assert_retry_after(value, bytes);
    assert_signatures(secrets, signed);
}

fn assert_retry_after(value: &str, bytes: &[u8]) {
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let without_clock = retry_after(value, None);
    let is_number = !value.trim().is_empty() && value.trim().bytes().all(|byte| byte.is_ascii_digit());
    assert_eq!(without_clock.is_some(), is_number, "{value:?}");
    let with_clock = retry_after(value, Some(now));
    assert!(
        without_clock.is_none() || without_clock == with_clock,
        "{value:?}"
    );
    assert_eq!(
        retry_after(&format!(" {value}\t"), Some(now)),
        with_clock,
        "{value:?}"
    );

    let number = bytes
        .iter()
        .take(8)
        .fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    let until: SystemTime = UNIX_EPOCH + Duration::from_secs(number % LAST_SECOND);
    let expected = until.duration_since(now).unwrap_or_default();
    assert_eq!(
        retry_after(&httpdate::fmt_http_date(until), Some(now)),
        Some(expected)
    );
}

fn assert_signatures(secrets: &str, signed: &str) {
    let made = signatures(secrets, signed);
    assert_eq!(made.is_ok(), check_signing_secrets(secrets).is_ok());
    let words: Vec<_> = secrets.split_ascii_whitespace().collect();
    let made = match made {
        Ok(made) => made,
        Err(fault) => {
            for word in words.iter().filter(|word| word.len() > 40) {
                assert!(
                    !fault.wrong.contains(word) && !fault.right.contains(word),
                    "{}",
                    fault.wrong
                );
            }
            return;
        }
    };

    let made: Vec<_> = made.split(' ').collect();
    assert_eq!(made.len(), words.len());
    for (secret, signature) in words.iter().zip(made) {
        let encoded = secret
            .strip_prefix("whsec_")
            .expect("a secret begins so")
            .trim_end_matches('=');
        let padding = "=".repeat((4 - encoded.len() % 4) % 4);
        let key = STANDARD
            .decode(format!("{encoded}{padding}"))
            .expect("a secret is base64");
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key);
        let tag = signature
            .strip_prefix("v1,")
            .expect("a signature names its version");
        let tag = STANDARD.decode(tag).expect("a signature is base64");
        assert!(hmac::verify(&key, signed.as_bytes(), &tag).is_ok(), "{signed:?}");
    }
}
