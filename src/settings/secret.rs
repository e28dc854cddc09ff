//! Decodes secrets, by value or from a file, and checks the addresses to which they may be sent. No message repeats a
//! secret.

use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::decoder::{GivenValue, SettingsDecoder};
use super::mistake::{MistakeReported, quote};
use crate::notify::check_url;

/// How a secret's file is read; an argument, so that decoding stays pure.
pub(super) type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// Decodes a secret by value or from a file, whose line break at the end does not count.
pub(super) fn decode_secret(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    by_value: &'static str,
    by_file: &'static str,
) -> Result<Option<GivenValue<SecretString>>, MistakeReported> {
    let value = decoder
        .optional(by_value)
        .map(|given| given.map(|given| given.map(SecretString::from)));
    let file = decoder.optional(by_file);

    let given = match (value?, file?) {
        (None, None) => return Ok(None),
        (Some(value), None) => value,
        (None, Some(path)) => from_file(decoder, read, path)?,
        (Some(value), Some(path)) => {
            let wrong = format!("is set, and so is {}", path.place());
            return Err(decoder.refuse(&value, wrong, "keep one of the two"));
        }
    };

    if given.value.expose_secret().chars().all(|c| c.is_ascii_graphic()) {
        Ok(Some(given))
    } else {
        let wrong = "the secret contains a space or another invalid character";
        Err(decoder.refuse(&given, wrong, "copy it again"))
    }
}

fn from_file(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    path: GivenValue<String>,
) -> Result<GivenValue<SecretString>, MistakeReported> {
    match read(Path::new(&path.value)) {
        Err(error) => {
            let wrong = format!("cannot read {}: {error}", shown(&path.value));
            Err(decoder.refuse(&path, wrong, "mount the secret there, or fix the path"))
        }
        Ok(text) => match text.trim_end_matches(['\r', '\n']) {
            "" => {
                let wrong = format!("{} is empty", shown(&path.value));
                Err(decoder.refuse(&path, wrong, "write the secret to it"))
            }
            secret => {
                let secret = SecretString::from(secret);
                Ok(path.map(|_| secret))
            }
        },
    }
}

/// A path as a message shows it, unless it may be the secret itself, set to the wrong key.
fn shown(path: &str) -> String {
    if path.starts_with(['/', '.']) {
        quote(path)
    } else {
        "the file that it names".to_owned()
    }
}

/// The remedy for what [`url_fault`] finds.
pub(super) const HTTPS: &str =
    "use an address that begins with https:// (http:// only for a loopback address)";

/// What is wrong with an address to which a secret is sent; the words do not repeat it.
pub(super) fn url_fault(url: &str) -> Option<String> {
    if url.contains(['?', '#']) {
        return Some("has a part after ? or #".to_owned());
    }
    check_url(url).err().map(|mistake| mistake.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_travels_by_https_to_an_address_that_is_a_base() {
        assert_eq!(url_fault("https://slack.com/api"), None);
        for bad in [
            "http://slack.com",
            "https://slack.com/?a=b",
            "https://slack.com/#a",
        ] {
            assert!(url_fault(bad).is_some(), "{bad}");
        }
    }
}
