//! Signatures as Standard Webhooks 1.0 defines them.

use base64::Engine;
use base64::alphabet::STANDARD as STANDARD_ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use ring::hmac::{self, HMAC_SHA256};

use crate::notify::service::FieldFault;

/// The beginning of a signing secret.
pub(super) const PREFIX: &str = "whsec_";
/// How many bytes a signing key has.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What reads a key: receivers take one with and without padding.
const KEY_FORM: GeneralPurpose = GeneralPurpose::new(
    &STANDARD_ALPHABET,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Checks the form of the signing secrets in `secrets`, which are separated by blanks.
///
/// # Errors
/// What is wrong with the first that has another form.
pub fn check_signing_secrets(secrets: &str) -> Result<(), FieldFault> {
    keys(secrets).map(|_| ())
}

/// The signatures of `signed` by each of `secrets`, as the header has them.
///
/// # Errors
/// What is wrong with the first secret that has another form.
pub fn signatures(secrets: &str, signed: &str) -> Result<String, FieldFault> {
    let signatures = keys(secrets)?.into_iter().map(|key| {
        let tag = hmac::sign(&key, signed.as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    });
    Ok(signatures.collect::<Vec<_>>().join(" "))
}

fn keys(secrets: &str) -> Result<Vec<hmac::Key>, FieldFault> {
    let words: Vec<_> = secrets.split_ascii_whitespace().collect();
    if words.is_empty() {
        return Err(fault("holds no secret".to_owned()));
    }

    let several = words.len() > 1;
    let keys = words.iter().enumerate().map(|(index, word)| {
        key(word).map_err(|wrong| {
            let which = if several {
                format!("secret number {}", index + 1)
            } else {
                "the secret".to_owned()
            };
            fault(format!("{which} {wrong}"))
        })
    });
    keys.collect()
}

/// The key of one secret, or what is wrong with it.
fn key(secret: &str) -> Result<hmac::Key, String> {
    let Some(encoded) = secret.strip_prefix(PREFIX) else {
        return Err(format!("does not begin with {PREFIX}"));
    };
    let Ok(bytes) = KEY_FORM.decode(encoded) else {
        return Err(format!("is not base64 after {PREFIX}"));
    };
    if bytes.len() < *KEY_BYTES.start() {
        return Err(format!("has fewer than {} bytes", KEY_BYTES.start()));
    }
    if bytes.len() > *KEY_BYTES.end() {
        return Err(format!("has more than {} bytes", KEY_BYTES.end()));
    }
    Ok(hmac::Key::new(HMAC_SHA256, &bytes))
}

fn fault(wrong: String) -> FieldFault {
    let right = format!(
        "use {PREFIX} and the base64 of {} to {} random bytes, which this prints: \
         echo {PREFIX}$(openssl rand -base64 32); separate several by spaces",
        KEY_BYTES.start(),
        KEY_BYTES.end()
    );
    FieldFault { wrong, right }
}
