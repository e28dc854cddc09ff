//! The forms of names, labels and keys, and the server's words for what breaks them
//! (`apimachinery/pkg/util/validation`).

const SUBDOMAIN_FORM: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and \
    end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL_FORM: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an \
    alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is \
    '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const KEY_FORM: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. \
    'MyName',  or 'my.name',  or '123-abc', regex used for validation is \
    '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_FORM: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end \
    with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is \
    '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

/// The most bytes of a label's name, of its value and of a DNS label.
const LABEL_LENGTH: usize = 63;
/// The most bytes of a DNS subdomain.
const SUBDOMAIN_LENGTH: usize = 253;

/// What is wrong with the name of most objects, which is a DNS subdomain; nothing if it is one.
pub(crate) fn subdomain_errors(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if name.len() > SUBDOMAIN_LENGTH {
        errors.push(format!("must be no more than {SUBDOMAIN_LENGTH} characters"));
    }
    if !name.split('.').all(is_dns_label) {
        errors.push(SUBDOMAIN_FORM.to_owned());
    }
    errors
}

/// What is wrong with a name that must be a DNS label.
pub(crate) fn label_errors(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if name.len() > LABEL_LENGTH {
        errors.push(format!("must be no more than {LABEL_LENGTH} characters"));
    }
    if !is_dns_label(name) {
        let is_subdomain = name.split('.').all(is_dns_label);
        let form = if is_subdomain {
            "must not contain dots"
        } else {
            LABEL_FORM
        };
        errors.push(form.to_owned());
    }
    errors
}

/// What is wrong with a name that only must fit into a path.
pub(crate) fn path_segment_errors(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        return vec![format!("may not be '{name}'")];
    }
    let forbidden = ["/", "%"].into_iter().filter(|text| name.contains(text));
    forbidden
        .map(|text| format!("may not contain '{text}'"))
        .collect()
}

/// What is wrong with the key of a label or an annotation: a name, with a DNS subdomain before a slash or without one.
pub(crate) fn key_errors(key: &str) -> Vec<String> {
    let parts: Vec<&str> = key.split('/').collect();
    let (prefix, name) = match parts.as_slice() {
        [name] => (None, *name),
        [prefix, name] => (Some(*prefix), *name),
        _ => {
            return vec![format!(
                "a valid label key {KEY_FORM} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
    };

    let mut errors = match prefix {
        Some("") => vec!["prefix part must be non-empty".to_owned()],
        Some(prefix) => prefixed("prefix part ", subdomain_errors(prefix)),
        None => Vec::new(),
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > LABEL_LENGTH {
        errors.push(format!("name part must be no more than {LABEL_LENGTH} bytes"));
    }
    if !is_key_name(name) {
        errors.push(format!("name part {KEY_FORM}"));
    }
    errors
}

/// What is wrong with the value of a label.
pub(crate) fn value_errors(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > LABEL_LENGTH {
        errors.push(format!("must be no more than {LABEL_LENGTH} bytes"));
    }
    if !value.is_empty() && !is_key_name(value) {
        errors.push(VALUE_FORM.to_owned());
    }
    errors
}

fn prefixed(prefix: &str, errors: Vec<String>) -> Vec<String> {
    errors.iter().map(|error| format!("{prefix}{error}")).collect()
}

fn is_dns_label(text: &str) -> bool {
    let is_edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    has_form(text, is_edge, b"-")
}

fn is_key_name(text: &str) -> bool {
    has_form(text, u8::is_ascii_alphanumeric, b"-_.")
}

/// Whether a text begins and ends with an edge character, and holds nothing but these and `others` between.
fn has_form(text: &str, is_edge: impl Fn(&u8) -> bool, others: &[u8]) -> bool {
    let bytes = text.as_bytes();
    let has_edges = bytes.first().is_some_and(&is_edge) && bytes.last().is_some_and(&is_edge);
    has_edges && bytes.iter().all(|byte| is_edge(byte) || others.contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keys_and_values_have_their_forms() {
        let long = "a".repeat(64);
        type Rule = fn(&str) -> Vec<String>;
        let table: [(Rule, &str, bool); 16] = [
            (subdomain_errors, "web-0.shop", true),
            (subdomain_errors, "web..shop", false),
            (subdomain_errors, "Web", false),
            (subdomain_errors, "", false),
            (label_errors, "0-web", true),
            (label_errors, "web-", false),
            (label_errors, "web.shop", false),
            (label_errors, &long, false),
            (path_segment_errors, "system:node", true),
            (path_segment_errors, "a/b", false),
            (key_errors, "example.com/My_Key.1", true),
            (key_errors, "/key", false),
            (key_errors, "Example.com/key", false),
            (value_errors, "", true),
            (value_errors, "My_value.1", true),
            (value_errors, "_value", false),
        ];

        for (rule, text, is_good) in table {
            assert_eq!(rule(text).is_empty(), is_good, "{text:?}: {:?}", rule(text));
        }
    }
}
