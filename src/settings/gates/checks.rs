//! What a name, a URL, a query and a matcher of a gate may be. Each check returns what is wrong and what would
//! be right, and repeats nothing that may be a secret.

use std::net::IpAddr;

use http::Uri;

use crate::settings::given_table::Fault;
use crate::settings::http_fields;
use crate::settings::mistake::quote;
use crate::settings::table_fields::TableKind;

/// The names of the guards that are built in.
const BUILT_IN: [&str; 9] = [
    "whole",
    "rollout",
    "min_ready",
    "drains",
    "nodes",
    "recovered",
    "strikes",
    "freeze",
    "frozen",
];
/// The placeholders of a query.
const PLACEHOLDERS: [&str; 2] = ["{{namespace}}", "{{owner}}"];

/// How a gate is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Transport {
    /// Whether the address is `https://`.
    pub(super) is_tls: bool,
    /// Whether nobody else can read what is sent: over TLS, or to this very host.
    pub(super) is_private: bool,
}

/// Checks the name of a gate.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    http_fields::check_name(name, "no-page")?;
    if BUILT_IN.iter().any(|own| own.eq_ignore_ascii_case(name)) {
        let wrong = format!("{} is the name of a built-in guard", quote(name));
        return Err((wrong, "use another name".to_owned()));
    }
    Ok(())
}

/// Checks the URL of a gate, and finds out how it is reached.
pub(super) fn check_url(service: TableKind, url: &str) -> Result<Transport, Fault> {
    let fault = |wrong: &str, right: &str| Err((format!("the URL {wrong}"), right.to_owned()));
    // The parser drops a fragment without a word.
    if url.contains('#') {
        return fault(
            "has a part after #, which is never sent",
            "leave out # and what follows",
        );
    }
    if url.contains("{{") {
        return fault(
            "has a placeholder",
            "use placeholders in the query of a Prometheus only",
        );
    }
    let parsed = url.parse::<Uri>().ok();
    let Some((uri, authority)) = parsed.as_ref().and_then(|uri| Some((uri, uri.authority()?))) else {
        return fault("is not complete", "use http://HOST or https://HOST");
    };

    let host = authority.host();
    let is_tls = match uri.scheme_str() {
        Some("https") => true,
        Some("http") => false,
        _ => {
            return fault(
                "is neither http:// nor https://",
                "use http://HOST or https://HOST",
            );
        }
    };
    if authority.as_str().contains('@') {
        return fault(
            "contains a user name",
            "leave it out, and use token_file or headers",
        );
    }
    if host.is_empty() {
        return fault("has no host", "use http://HOST or https://HOST");
    }
    if service != TableKind::HttpGate {
        check_base(uri)?;
    }

    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_loopback = host == "localhost" || address.is_ok_and(|ip| ip.to_canonical().is_loopback());
    Ok(Transport {
        is_tls,
        is_private: is_tls || is_loopback,
    })
}

/// Checks a URL to which macaque adds the path of an API.
fn check_base(uri: &Uri) -> Result<(), Fault> {
    if uri.query().is_some() {
        let wrong = "the URL has a part after ?, although a path is added to it";
        return Err((wrong.to_owned(), "leave out ? and what follows".to_owned()));
    }
    let path = uri.path().trim_end_matches('/');
    let api = ["/api/v1", "/api/v1/query", "/api/v2", "/api/v2/alerts"];
    if let Some(end) = api.iter().find(|end| path.ends_with(*end)) {
        let wrong = format!("the URL ends with {end}, which macaque adds itself");
        return Err((wrong, format!("leave out {end}")));
    }
    Ok(())
}

/// Checks the placeholders of a PromQL query: they must be known, and within double quotes, where their values are
/// escaped.
pub(super) fn check_query(query: &str) -> Result<(), Fault> {
    let mut quote_around = None;
    let mut rest = query;
    while let Some(c) = rest.chars().next() {
        if rest.starts_with("{{") {
            rest = check_placeholder(rest, quote_around)?;
            continue;
        }

        let is_escaped = c == '\\' && matches!(quote_around, Some('"' | '\''));
        quote_around = match (quote_around, c) {
            // A comment is quoted by its line.
            (Some('#'), '\n') => None,
            (None, '"' | '\'' | '`' | '#') => Some(c),
            (Some(open), close) if open == close && close != '#' => None,
            (around, _) => around,
        };
        rest = &rest[c.len_utf8()..];
        if is_escaped {
            rest = rest.chars().next().map_or("", |next| &rest[next.len_utf8()..]);
        }
    }

    if quote_around.is_some_and(|quote| quote != '#') {
        let wrong = "a quote is not closed".to_owned();
        return Err((wrong, "close it".to_owned()));
    }
    Ok(())
}

/// Checks the placeholder at the start of `text`, within the quotes `around`, and returns what follows it.
fn check_placeholder(text: &str, around: Option<char>) -> Result<&str, Fault> {
    let Some(placeholder) = PLACEHOLDERS.into_iter().find(|known| text.starts_with(known)) else {
        let shown = text.find("}}").map_or(text, |end| &text[..end + 2]);
        let wrong = format!("{} is not a placeholder", quote(shown));
        return Err((wrong, "use {{namespace}} or {{owner}}".to_owned()));
    };
    if around != Some('"') {
        let name = placeholder.trim_matches(['{', '}']);
        let wrong = format!("{placeholder} is not within double quotes");
        return Err((wrong, format!("write {name}=\"{placeholder}\"")));
    }
    Ok(&text[placeholder.len()..])
}

/// Checks a matcher of Alertmanager: `NAME="VALUE"`, or with `!=`, `=~` or `!~`.
pub(super) fn check_matcher(matcher: &str) -> Result<(), Fault> {
    if matcher.contains("{{") {
        let wrong = format!("{} has a placeholder", quote(matcher));
        return Err((
            wrong,
            "use placeholders in the query of a Prometheus only".to_owned(),
        ));
    }
    if is_matcher(matcher) {
        return Ok(());
    }
    let wrong = format!("{} is not a matcher", quote(matcher));
    let right =
        "use one for each label, NAME=\"VALUE\" with =, !=, =~ or !~, such as 'severity=\"critical\"'";
    Err((wrong, right.to_owned()))
}

fn is_matcher(matcher: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_inner = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let after_name = matcher.trim_start_matches(is_inner);
    if !matcher.starts_with(is_letter) {
        return false;
    }

    let after_name = after_name.trim_start();
    let mut operators = ["=~", "!~", "!=", "="].into_iter();
    let Some(value) = operators.find_map(|operator| after_name.strip_prefix(operator)) else {
        return false;
    };
    let value = value.trim_start().strip_prefix('"');
    value
        .and_then(|value| value.strip_suffix('"'))
        .is_some_and(is_escaped)
}

/// Whether `text` can stand within double quotes: every quote in it is escaped, and so is its last backslash.
fn is_escaped(text: &str) -> bool {
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        let is_open = match c {
            '"' | '\n' => true,
            '\\' => characters.next().is_none(),
            _ => false,
        };
        if is_open {
            return false;
        }
    }
    true
}

/// Checks a JSON pointer (RFC 6901).
pub(super) fn check_pointer(pointer: &str) -> Result<(), Fault> {
    let mut parts = pointer.split('~');
    let begins_right = parts.next().is_some_and(|start| start.starts_with('/'));
    if begins_right && parts.all(|part| part.starts_with(['0', '1'])) {
        return Ok(());
    }
    let wrong = format!("{} is not a JSON pointer", quote(pointer));
    Err((
        wrong,
        "use a path such as \"/go\" or \"/status/allowed\"".to_owned(),
    ))
}

#[cfg(test)]
mod tests;
