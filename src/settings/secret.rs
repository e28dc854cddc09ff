//! Decodes secrets, by value or from a file. No message repeats a secret.

use std::io;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};

use super::decoder::SettingsDecoder;
use super::given_table::{Fault, FieldValue, GivenTable, accept};
use super::given_value::GivenValue;
use super::mistake::{MistakeReported, quote};
use crate::notify::service::{FieldFault, check_token};
use crate::secret_file::trimmed;

/// How a secret's file is read; an argument, so that decoding stays pure.
pub(super) type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// Decodes a secret of a form that `check` accepts, by value or from a file, in which blanks and line breaks around the
/// secret do not count.
pub(super) fn decode_secret(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    by_value: &'static str,
    by_file: &'static str,
    check: impl Fn(&str) -> Result<(), FieldFault>,
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

    match check(given.value.expose_secret()) {
        Ok(()) => Ok(Some(given)),
        Err(fault) => Err(decoder.refuse(&given, fault.wrong, fault.right)),
    }
}

/// Whether the text of a file is a token, with nothing but white space around it.
pub(super) fn is_token(text: &str) -> bool {
    let token = trimmed(text);
    !token.is_empty() && check_token(token).is_ok()
}

fn from_file(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    path: GivenValue<String>,
) -> Result<GivenValue<SecretString>, MistakeReported> {
    match read_secret(read, &path.value) {
        Ok(secret) => Ok(path.map(|_| secret)),
        Err((wrong, right)) => Err(decoder.refuse(&path, wrong, right)),
    }
}

/// Decodes a secret of a table, from the field `by_value` or from the file that `by_file` names.
pub(super) fn decode_secret_of_table(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
    by_value: &'static str,
    by_file: &'static str,
) -> Result<Option<(FieldValue<String>, SecretString)>, MistakeReported> {
    let value = table.text(decoder, by_value);
    let file = table.text(decoder, by_file);
    match (value?, file?) {
        (None, None) => Ok(None),
        (Some(value), None) => {
            let secret = SecretString::from(value.value.as_str());
            Ok(Some((value, secret)))
        }
        (None, Some(file)) => {
            let secret = accept(decoder, table, &file, read_secret(read, &file.value))?;
            Ok(Some((file, secret)))
        }
        (Some(value), Some(_)) => {
            let wrong = format!("is set, and so is {by_file}");
            Err(table.refuse(decoder, &value, wrong, "keep one of the two"))
        }
    }
}

/// The secret in a file, without blanks and line breaks around it.
pub(super) fn read_secret(read: ReadFile<'_>, path: &str) -> Result<SecretString, Fault> {
    let text = read(Path::new(path)).map_err(|error| {
        let wrong = format!("cannot read {}: {error}", shown(path));
        (wrong, "mount the secret there, or fix the path".to_owned())
    })?;
    match trimmed(&text) {
        "" => Err((
            format!("{} is empty", shown(path)),
            "write the secret to it".to_owned(),
        )),
        secret => Ok(secret.into()),
    }
}

/// A path as a message shows it, unless it may be the secret itself, set to the wrong key.
pub(super) fn shown(path: &str) -> String {
    if is_path(path) {
        quote(path)
    } else {
        "the file that it names".to_owned()
    }
}

/// Whether a text is surely a path, and no secret that was set to the wrong key.
pub(super) fn is_path(text: &str) -> bool {
    text.starts_with('.') || text.starts_with('/') && !is_perhaps_base64(text)
}

/// Whether a text may be a secret in base64, in which `/` stands for six bits as letters do. Without a capital letter, a
/// sign or padding, it is a path.
fn is_perhaps_base64(text: &str) -> bool {
    let is_of_alphabet = |c: char| c.is_ascii_alphanumeric() || ['+', '/', '='].contains(&c);
    let is_of_no_path = |c: char| c.is_ascii_uppercase() || ['+', '='].contains(&c);
    text.chars().all(is_of_alphabet) && text.contains(is_of_no_path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_in_base64_is_no_path() {
        for path in [
            "/etc/macaque/token",
            "/run/secrets/Slack-Token",
            "/tmp/.tmpA1/x",
            "./token",
            "/x",
        ] {
            assert!(is_path(path), "{path}");
        }
        for secret in [
            "/9j4AAQSkZJRgABAQEAYABgAAD",
            "/+8=",
            "/a/B",
            "xoxb-1",
            "whsec_/a",
            "",
        ] {
            assert!(!is_path(secret), "{secret}");
            assert_eq!(shown(secret), "the file that it names");
        }
    }
}
