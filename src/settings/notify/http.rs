//! Decodes `[[notify.http]]`: channels over HTTP whose bodies are templates, each proved with a sample of every kind of
//! message that it gets.

mod files;
mod template;

use std::collections::HashMap;
use std::sync::Arc;

use ::config::ValueKind;
use macaque_core::words::either;
use secrecy::SecretString;

use self::files::{decode_header_files, decode_secret_files, decode_token_file, decode_url};
use self::template::{GivenTemplate, decode_template};
use super::super::decoder::SettingsDecoder;
use super::super::given_table::{GivenTable, check_number};
use super::super::http_fields::{check_name, decode_headers, decode_name};
use super::super::mistake::MistakeReported;
use super::super::secret::ReadFile;
use super::super::table_fields::TableKind;
use super::kinds::decode_kinds_of_table;
use crate::notify::http::{HttpChannelMethod, prove};
use crate::notify::{HttpChannel, MessageKinds, ServiceChannel};

/// Decodes every channel; those that do not choose get messages of the `general` kinds.
pub(super) fn decode_http_channels(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    general: &MessageKinds,
) -> Result<Vec<ServiceChannel>, MistakeReported> {
    let mut given = decoder.take_tables(|kind| kind == TableKind::HttpChannel);
    given.sort_by_key(|table| table.number);
    check_number(decoder, &given)?;
    let mut names = HashMap::new();
    let decoded = given
        .iter()
        .map(|table| decode_channel(decoder, read, table, general, &mut names));
    let decoded: Vec<Result<_, MistakeReported>> = decoded.collect();
    decoded.into_iter().collect()
}

/// Decodes one channel; `names` holds the names of the channels before, with their places.
fn decode_channel(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
    general: &MessageKinds,
    names: &mut HashMap<String, String>,
) -> Result<ServiceChannel, MistakeReported> {
    const NAME: &str = "set it to the name that the log shows, such as name = \"on-call\"";
    let name = decode_name(decoder, table, names, NAME, |name| check_name(name, "on-call"));
    let url = decode_url(decoder, read, table);
    let method = decode_method(decoder, table);
    let token = decode_token_file(decoder, read, table);
    let headers = decode_all_headers(decoder, read, table, matches!(token, Ok(Some(_))));
    let secrets = decode_secret_files(decoder, read, table);
    let template = decode_template(decoder, read, table);
    let kinds = decode_kinds_of_table(decoder, table);

    let secrets = secrets?;
    let template = template?;
    template.check_secrets(decoder, table, &secrets)?;
    let template_kinds = template.kinds();
    let kinds = kinds?.or_else(|| template_kinds.clone());
    let kinds = kinds.unwrap_or_else(|| general.clone());
    prove_template(decoder, table, &template, &secrets, &kinds)?;

    let name = format!("http/{}", name?);
    let url = template.complete(url?);
    let service = HttpChannel {
        name,
        method: method?,
        url,
        token: token?,
        headers: headers?,
        content_type: template.content_type,
        template: template.body,
        secrets,
        template_kinds,
    };
    Ok(ServiceChannel {
        kinds,
        ..ServiceChannel::new(Arc::new(service))
    })
}

fn decode_method(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
) -> Result<HttpChannelMethod, MistakeReported> {
    let Some(field) = table.field("method") else {
        return Ok(HttpChannelMethod::Post);
    };
    let word = match &field.value {
        ValueKind::String(text) => text.trim(),
        _ => "",
    };
    let mut known = HttpChannelMethod::ALL.into_iter();
    let found = known.find(|method| method.as_str().eq_ignore_ascii_case(word));
    found.ok_or_else(|| {
        let quoted = HttpChannelMethod::ALL.map(|method| format!("\"{}\"", method.as_str()));
        let right = format!("use {}", either(&quoted));
        table.wrong_type(decoder, &field, "a method that carries a message", &right)
    })
}

/// Decodes the headers of the file and those of other files; `Authorization` can also come from a token.
fn decode_all_headers(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
    has_token: bool,
) -> Result<Vec<(String, SecretString)>, MistakeReported> {
    let written = decode_headers(decoder, table, "token_file, or name it in header_files");
    let from_files = decode_header_files(decoder, read, table);
    let written = written?;
    let from_files = from_files?;

    for (name, field, _) in &from_files {
        let is_same = |other: &str| other.eq_ignore_ascii_case(name);
        let other = if written.iter().any(|(other, _)| is_same(other)) {
            "headers"
        } else if has_token && is_same("authorization") {
            "token_file"
        } else {
            continue;
        };
        let wrong = format!("{name} is set, and {other} sets it too");
        return Err(table.refuse(decoder, field, wrong, "keep one of the two"));
    }
    let written = written.into_iter().map(|(name, value)| (name, value.into()));
    let from_files = from_files.into_iter().map(|(name, _, value)| (name, value));
    Ok(written.chain(from_files).collect())
}

/// Renders a sample of every kind of message that the channel gets.
fn prove_template(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    template: &GivenTemplate,
    secrets: &[(String, SecretString)],
    kinds: &MessageKinds,
) -> Result<(), MistakeReported> {
    let proved = prove(&template.body, secrets, kinds);
    proved.map_err(|fault| template.refuse(decoder, table, &fault))
}
