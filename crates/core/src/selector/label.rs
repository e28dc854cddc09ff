//! Checks label keys and values by Kubernetes' rules (its documentation, "Labels and Selectors: syntax and character
//! set").

/// The most bytes of a value, and of the name of a key.
const NAME_LENGTH: usize = 63;
/// The most bytes of the prefix of a key: those of a DNS subdomain (RFC 1123).
const PREFIX_LENGTH: usize = 253;

/// Checks that `key` can be a label key: an optional DNS prefix and a slash, then a name.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };

    if let Some(prefix) = prefix {
        if prefix.is_empty() || prefix.len() > PREFIX_LENGTH || !prefix.split('.').all(is_dns_label) {
            return Err(format!(
                "`{prefix}` cannot be the prefix of a label key: it takes a DNS name of at most {PREFIX_LENGTH} \
                 characters, lower-case letters, digits, '-' and '.'"
            ));
        }
        if name.contains('/') {
            return Err(format!(
                "the label key `{key}` has more than one slash: it takes prefix/name"
            ));
        }
    }

    if name.is_empty() {
        return Err(if key.is_empty() {
            "a label key is missing".to_owned()
        } else {
            format!("the label key `{key}` has no name after its prefix")
        });
    }
    check_name(name).map_err(|rule| format!("`{name}` cannot be a label key: {rule}"))
}

/// Checks that `value` can be a label value; the empty one can.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn check_value(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Ok(());
    }
    check_name(value).map_err(|rule| format!("`{value}` cannot be a label value: {rule}"))
}

fn check_name(name: &str) -> Result<(), String> {
    let outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);

    if name.len() > NAME_LENGTH {
        Err(format!(
            "it has {} characters, {NAME_LENGTH} are allowed",
            name.len()
        ))
    } else if !name.bytes().all(inner) {
        Err("it takes letters, digits, '-', '_' and '.' only".to_owned())
    } else if outer(name.bytes().next()) && outer(name.bytes().last()) {
        Ok(())
    } else {
        Err("it must start and end with a letter or a digit".to_owned())
    }
}

fn is_dns_label(label: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty() && label.bytes().all(letters) && !label.starts_with('-') && !label.ends_with('-')
}
