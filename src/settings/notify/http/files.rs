//! Decodes what a channel over HTTP reads from files: its URL, its token, its headers, and what its template may write. No
//! message repeats any of it.

use secrecy::{ExposeSecret, SecretString};

use crate::notify::check_url;
use crate::settings::decoder::SettingsDecoder;
use crate::settings::given_table::{Fault, FieldValue, GivenTable, accept};
use crate::settings::http_fields::{check_header_name, check_header_value, named_texts};
use crate::settings::mistake::{MistakeReported, quote};
use crate::settings::secret::{ReadFile, decode_secret_of_table, is_token, read_secret};

/// What belongs into a table of files.
const FILES: &str = "use a table of files, such as { X-Api-Key = \"/etc/macaque/key\" }";

/// A header with the field that names its file.
type FileHeader = (String, FieldValue<String>, SecretString);

/// Decodes `url` or `url_file`.
pub(super) fn decode_url(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
) -> Result<SecretString, MistakeReported> {
    let given = decode_secret_of_table(decoder, read, table, "url", "url_file")?;
    let (field, url) = given.ok_or_else(|| {
        let right = "set it or url_file, such as url = \"https://chat.example/hooks/macaque\"";
        table.missing(decoder, "url", "is not set", right)
    })?;

    let checked = check_url(url.expose_secret());
    let checked = checked.map_err(|wrong| (format!("the URL {wrong}"), wrong.remedy().to_owned()));
    accept(decoder, table, &field, checked)?;
    Ok(url)
}

/// Decodes `token_file`.
pub(super) fn decode_token_file(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
) -> Result<Option<SecretString>, MistakeReported> {
    let Some(file) = table.text(decoder, "token_file")? else {
        return Ok(None);
    };
    accept(decoder, table, &file, read_word(read, &file.value)).map(Some)
}

/// Decodes `header_files`.
pub(super) fn decode_header_files(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
) -> Result<Vec<FileHeader>, MistakeReported> {
    let given = named_texts(decoder, table, "header_files", "is not a table of files", FILES)?;
    let headers: Vec<Result<_, MistakeReported>> = given
        .into_iter()
        .map(|(name, file)| {
            accept(decoder, table, &file, check_header_name(&name))?;
            let value = read_secret(read, &file.value).map_err(|fault| of_entry(&name, fault));
            let value = accept(decoder, table, &file, value)?;
            let checked = check_header_value(&name, value.expose_secret());
            accept(decoder, table, &file, checked)?;
            Ok((name, file, value))
        })
        .collect();
    headers.into_iter().collect()
}

/// Decodes `secret_files`.
pub(super) fn decode_secret_files(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
) -> Result<Vec<(String, SecretString)>, MistakeReported> {
    const RIGHT: &str = "use a table of files, such as { key = \"/etc/macaque/key\" }";
    let given = named_texts(decoder, table, "secret_files", "is not a table of files", RIGHT)?;
    let secrets: Vec<Result<_, MistakeReported>> = given
        .into_iter()
        .map(|(name, file)| {
            if !is_template_name(&name) {
                let wrong = format!("{} cannot be written in a template", quote(&name));
                let right = "use letters, digits and _, such as routing_key";
                return Err(table.refuse(decoder, &file, wrong, right));
            }
            let secret = read_word(read, &file.value).map_err(|fault| of_entry(&name, fault));
            let secret = accept(decoder, table, &file, secret)?;
            Ok((name, secret))
        })
        .collect();
    secrets.into_iter().collect()
}

/// The one word in a file.
fn read_word(read: ReadFile<'_>, path: &str) -> Result<SecretString, Fault> {
    let secret = read_secret(read, path)?;
    if is_token(secret.expose_secret()) {
        return Ok(secret);
    }
    let wrong = "the secret contains a space or another invalid character";
    Err((wrong.to_owned(), "copy it again".to_owned()))
}

/// A fault of the file that a table names as `entry`: of several, a message says which.
fn of_entry(entry: &str, (wrong, right): Fault) -> Fault {
    (format!("{entry}: {wrong}"), right)
}

fn is_template_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}
