//! Decodes the template of a channel over HTTP: one that macaque brings along, one within the file, or one of a file.

use std::path::Path;

use macaque_core::words::either;
use secrecy::SecretString;

use crate::notify::MessageKinds;
use crate::notify::http::{BUILT_IN, BodyFormat, BodyTemplate, BuiltInTemplate, TemplateFault};
use crate::settings::decoder::SettingsDecoder;
use crate::settings::given_table::{FieldValue, GivenTable, accept};
use crate::settings::http_fields::check_header_value;
use crate::settings::mistake::{MistakeReported, quote};
use crate::settings::nearest::nearest_name;
use crate::settings::secret::ReadFile;

/// The media type if nothing else is set.
const JSON: &str = "application/json";

/// A template, and the field that it was set in.
pub(super) struct GivenTemplate {
    /// The template.
    pub(super) body: BodyTemplate,
    /// The media type of what it renders.
    pub(super) content_type: String,
    /// The template that macaque brings along, if it is one.
    built_in: Option<&'static BuiltInTemplate>,
    field: FieldValue<String>,
}

impl GivenTemplate {
    /// Reports what is wrong with the template.
    pub(super) fn refuse(
        &self,
        decoder: &mut SettingsDecoder,
        table: &GivenTable,
        fault: &TemplateFault,
    ) -> MistakeReported {
        refuse(decoder, table, &self.field, fault)
    }

    /// Checks that the secrets of a template that macaque brings along are set.
    pub(super) fn check_secrets(
        &self,
        decoder: &mut SettingsDecoder,
        table: &GivenTable,
        secrets: &[(String, SecretString)],
    ) -> Result<(), MistakeReported> {
        let needed = self.built_in.map_or(&[][..], |built_in| built_in.secrets);
        let is_set = |name: &str| secrets.iter().any(|(known, _)| known == name);
        let Some(missing) = needed.iter().find(|name| !is_set(name)) else {
            return Ok(());
        };

        let wrong = format!("has no {missing}, which the template needs");
        let right = format!("set it to a file: secret_files = {{ {missing} = \"/etc/macaque/{missing}\" }}");
        Err(table.missing(decoder, "secret_files", &wrong, &right))
    }

    /// The kinds of messages that the template is for, if it is not for all.
    pub(super) fn kinds(&self) -> Option<MessageKinds> {
        let own = self.built_in.and_then(|built_in| built_in.kinds);
        own.map(|kinds| MessageKinds::of(kinds.iter().copied()))
    }

    /// The URL with what the service needs in it.
    pub(super) fn complete(&self, url: SecretString) -> SecretString {
        match self.built_in {
            Some(built_in) => built_in.complete(&url),
            None => url,
        }
    }
}

/// Decodes `template`, `body` or `body_file`, of which one must be set, and `content_type`.
pub(super) fn decode_template(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
) -> Result<GivenTemplate, MistakeReported> {
    let content_type = decode_content_type(decoder, table);
    let names = ["template", "body", "body_file"];
    let given: Vec<_> = names.map(|name| table.text(decoder, name)).into_iter().collect();
    let given: Vec<Option<FieldValue<String>>> = given.into_iter().collect::<Result<_, _>>()?;
    let mut given = given.into_iter().flatten();
    let content_type = content_type?;

    let Some(field) = given.next() else {
        let right = format!("set it, or body or body_file: use {}", either(&built_in_names()));
        return Err(table.missing(decoder, "template", "is not set", &right));
    };
    if let Some(second) = given.next() {
        let wrong = format!("is set, and so is {}", second.name);
        return Err(table.refuse(decoder, &field, wrong, "keep one of the two"));
    }

    if field.name == "template" {
        return decode_built_in(decoder, table, field, content_type.is_some());
    }
    let source = match field.name {
        "body" => field.value.clone(),
        _ => read_template(decoder, read, table, &field)?,
    };
    let (content_type, format) = content_type.unwrap_or_else(|| (JSON.to_owned(), BodyFormat::Json));
    let compiled = BodyTemplate::compile(&source, format);
    let body = compiled.map_err(|fault| refuse(decoder, table, &field, &fault))?;
    Ok(GivenTemplate {
        body,
        content_type,
        built_in: None,
        field,
    })
}

/// The names of the templates that macaque brings along, as TOML.
fn built_in_names() -> Vec<String> {
    BUILT_IN
        .iter()
        .map(|template| format!("\"{}\"", template.name))
        .collect()
}

fn decode_built_in(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    field: FieldValue<String>,
    has_content_type: bool,
) -> Result<GivenTemplate, MistakeReported> {
    let Some(built_in) = BuiltInTemplate::named(&field.value) else {
        let names: Vec<_> = BUILT_IN.iter().map(|template| template.name).collect();
        let right = match nearest_name(&field.value.to_ascii_lowercase(), names) {
            Some(meant) => format!("did you mean \"{meant}\"?"),
            None => format!("use {}, or write your own in body", either(&built_in_names())),
        };
        let wrong = format!("{} is not a template of macaque's", quote(&field.value));
        return Err(table.refuse(decoder, &field, wrong, right));
    };
    if has_content_type {
        let wrong = "is set, and so is content_type, although the template has its own";
        return Err(table.refuse(decoder, &field, wrong, "leave out content_type"));
    }

    let compiled = BodyTemplate::compile(built_in.source, BuiltInTemplate::FORMAT);
    let body = compiled.map_err(|fault| refuse(decoder, table, &field, &fault))?;
    Ok(GivenTemplate {
        body,
        content_type: JSON.to_owned(),
        built_in: Some(built_in),
        field,
    })
}

fn read_template(
    decoder: &mut SettingsDecoder,
    read: ReadFile<'_>,
    table: &GivenTable,
    field: &FieldValue<String>,
) -> Result<String, MistakeReported> {
    read(Path::new(&field.value)).map_err(|error| {
        let wrong = format!("cannot read {}: {error}", quote(&field.value));
        table.refuse(decoder, field, wrong, "mount the file there, or fix the path")
    })
}

fn decode_content_type(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
) -> Result<Option<(String, BodyFormat)>, MistakeReported> {
    let Some(field) = table.text(decoder, "content_type")? else {
        return Ok(None);
    };
    let checked = check_header_value("Content-Type", &field.value);
    accept(decoder, table, &field, checked)?;
    let Some(format) = BodyFormat::of(&field.value) else {
        let wrong = format!(
            "{} is no media type whose texts macaque can escape",
            quote(&field.value)
        );
        let right =
            "use JSON, XML, HTML, \"application/x-www-form-urlencoded\", or \"text/plain\" to escape nothing";
        return Err(table.refuse(decoder, &field, wrong, right));
    };
    Ok(Some((field.value, format)))
}

/// Reports what is wrong with a template, and in which line of it.
fn refuse(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
    field: &FieldValue<String>,
    fault: &TemplateFault,
) -> MistakeReported {
    let place = match (fault.line, field.name) {
        (Some(line), "body_file") => format!("line {line} of {}: ", quote(&field.value)),
        (Some(line), _) => format!("line {line} of the template: "),
        (None, _) => String::new(),
    };
    table.refuse(
        decoder,
        field,
        format!("{place}{}", fault.wrong),
        fault.right.as_str(),
    )
}
