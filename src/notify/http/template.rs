//! The templates of bodies: the only module that knows the template engine. A template sees a message as data and the
//! secrets that it may write, and can neither load another template nor run for long.

use std::fmt;

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, escape_formatter};
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::filters;
use super::format::BodyFormat;
use crate::redact::Redactor;
use crate::text::clean;

/// The name of the only template of an environment.
const NAME: &str = "body";
/// The longest template, in bytes.
const LONGEST_TEMPLATE: usize = 64 * 1024;
/// The longest body, in bytes: half of what the most generous of the services takes.
const LONGEST_BODY: usize = 256 * 1024;
/// How much work a template may do: an instruction, or 64 bytes of text, costs 1.
const FUEL: u64 = 100_000;
/// How many characters of the engine's own words are shown.
const MAX_DETAIL_CHARS: usize = 200;
/// The escaping of a form, which the engine does not know.
const FORM: &str = "form";

/// A template, ready to render.
pub struct BodyTemplate {
    environment: Environment<'static>,
    source: String,
    format: BodyFormat,
}

/// The reason why a template cannot be used. Shows no secret, and of the template itself only names.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{wrong}", line.map_or_else(String::new, |line| format!("line {line}: ")))]
pub struct TemplateFault {
    /// The line of the template, from 1.
    pub line: Option<usize>,
    /// What is wrong.
    pub wrong: String,
    /// What would be right.
    pub right: String,
}

impl BodyTemplate {
    /// Compiles the text of a template for bodies of this format.
    ///
    /// # Errors
    /// The text is not a template.
    pub fn compile(source: &str, format: BodyFormat) -> Result<Self, TemplateFault> {
        if source.len() > LONGEST_TEMPLATE {
            return Err(TemplateFault {
                line: None,
                wrong: format!("the template is longer than {} KiB", LONGEST_TEMPLATE / 1024),
                right: "write a shorter one".to_owned(),
            });
        }

        let mut environment = Environment::new();
        environment.set_debug(false);
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(move |_| match format {
            BodyFormat::Json => AutoEscape::Json,
            BodyFormat::Markup => AutoEscape::Html,
            BodyFormat::Form => AutoEscape::Custom(FORM.into()),
            BodyFormat::Text => AutoEscape::None,
        });
        environment.set_formatter(|out, state, value| match state.auto_escape() {
            AutoEscape::Custom(_) => Ok(out.write_str(&form_encoded(value))?),
            _ => escape_formatter(out, state, value),
        });
        // It shows everything that the template sees.
        environment.remove_global("debug");
        filters::add(&mut environment);

        let compiled = environment.add_template_owned(NAME, source.to_owned());
        compiled.map_err(|error| fault(&error, source, &Redactor::of([])))?;
        Ok(Self {
            environment,
            source: source.to_owned(),
            format,
        })
    }

    /// The body about the message with this data. The template sees each of `secrets` by its name.
    ///
    /// # Errors
    /// The template asks for what is not there, does too much, or does not render what it should.
    pub fn render(&self, data: &Json, secrets: &[(String, SecretString)]) -> Result<String, TemplateFault> {
        let redactor = Redactor::of(secrets.iter().map(|(_, secret)| secret.expose_secret()));
        let known = secrets
            .iter()
            .map(|(name, secret)| (name.as_str(), Value::from(secret.expose_secret())));
        let secrets = ("secrets", Value::from_pairs(known));
        let fields = data.as_object().into_iter().flatten();
        let fields = fields.map(|(name, value)| (name.as_str(), value_of(value)));
        let context = Value::from_pairs(fields.chain([secrets]));

        let template = self.environment.get_template(NAME);
        let body = template.and_then(|template| template.render(context));
        let body = body.map_err(|error| fault(&error, &self.source, &redactor))?;
        self.check(&body)?;
        Ok(body)
    }

    /// Checks the size and the form of a body, without a word of it.
    fn check(&self, body: &str) -> Result<(), TemplateFault> {
        let whole = |wrong: String, right: &str| TemplateFault {
            line: None,
            wrong,
            right: right.to_owned(),
        };
        if body.trim().is_empty() {
            return Err(whole("it renders nothing".to_owned(), "write what is to be sent"));
        }
        if body.len() > LONGEST_BODY {
            let wrong = format!("it renders more than {} KiB", LONGEST_BODY / 1024);
            return Err(whole(wrong, "use limit, such as {{ lines|limit(4000) }}"));
        }
        if self.format != BodyFormat::Json {
            return Ok(());
        }

        let json: Result<IgnoredAny, _> = serde_json::from_str(body);
        json.map(|_| ()).map_err(|error| {
            let wrong = format!(
                "it renders text that is not JSON: look at line {}, column {} of what it renders",
                error.line(),
                error.column()
            );
            whole(
                wrong,
                "write {{ headline }} without quotes around it, for a value has its own",
            )
        })
    }
}

/// Shows neither the template nor anything that it could render.
impl fmt::Debug for BodyTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyTemplate")
            .field("format", &self.format)
            .finish_non_exhaustive()
    }
}

/// The data as the engine has it.
fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(()),
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => number.as_f64().map_or_else(|| Value::from(()), Value::from),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => items.iter().map(value_of).collect::<Vec<_>>().into(),
        Json::Object(fields) => {
            let fields = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value_of(value)));
            Value::from_pairs(fields)
        }
    }
}

/// A value within a form.
fn form_encoded(value: &Value) -> String {
    form_urlencoded::byte_serialize(value.to_string().as_bytes()).collect()
}

/// The engine's error in words. They may quote what the template works on, and so the secrets.
fn fault(error: &minijinja::Error, source: &str, redactor: &Redactor) -> TemplateFault {
    let name = error
        .range()
        .and_then(|range| source.get(range))
        .filter(|name| is_path(name));
    let detail = error
        .detail()
        .map(|detail| clean(&redactor.redact(detail), MAX_DETAIL_CHARS));
    let (wrong, right) = match (error.kind(), name) {
        (ErrorKind::UndefinedError, Some(name)) => (format!("{name} is not defined"), undefined_remedy(name)),
        (ErrorKind::UndefinedError, None) => ("a value is not defined".to_owned(), undefined_remedy("")),
        (ErrorKind::OutOfFuel, _) => (
            "it does too much: it loops too often, or makes too much text".to_owned(),
            "loop over lines alone, and use limit",
        ),
        (ErrorKind::UnknownFilter, Some(name)) => (
            format!("{name} is not a filter"),
            "use one of minijinja's, or plain, markdown, limit or limit_bytes",
        ),
        (kind, _) => {
            let detail = detail.map_or_else(String::new, |detail| format!(": {detail}"));
            (format!("{kind}{detail}"), "write it as minijinja's syntax has it")
        }
    };

    TemplateFault {
        line: error.line(),
        wrong,
        right: right.to_owned(),
    }
}

fn undefined_remedy(name: &str) -> &'static str {
    if name.starts_with("secrets.") {
        "name its file in secret_files"
    } else {
        "use a name that docs/notifications.md lists, or test it with \"is defined\" where it may be absent"
    }
}

/// Whether a part of a template is a name, or several with dots, and so no text that may be a secret.
fn is_path(part: &str) -> bool {
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    part.len() <= 60 && part.split('.').all(is_name)
}

#[cfg(test)]
mod tests;
