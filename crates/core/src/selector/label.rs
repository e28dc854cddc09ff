//! Checks label keys and values by Kubernetes' rules (its documentation, "Labels and Selectors: syntax and character
//! set").

/// The maximum length in bytes of a value, and of the name in a key.
const MAX_NAME_LENGTH: usize = 63;
/// The maximum length in bytes of a key's prefix: that of a DNS subdomain (RFC 1123).
const MAX_PREFIX_LENGTH: usize = 253;

/// Checks that `key` is a valid label key: an optional DNS prefix and a slash, then a name.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn check_key(key: &str) -> Result<(), String> {
    let (prefix, name) = match key.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };

    if let Some(prefix) = prefix {
        if prefix.is_empty() {
            return Err(format!("the label key `{key}` has no prefix before its slash"));
        }
        if prefix.len() > MAX_PREFIX_LENGTH || !prefix.split('.').all(is_dns_label) {
            return Err(format!(
                "`{prefix}` is not a valid label key prefix: use a DNS name of at most {MAX_PREFIX_LENGTH} \
                 characters, lower-case letters, digits, '-' and '.'"
            ));
        }
        if name.contains('/') {
            return Err(format!(
                "the label key `{key}` has more than one slash: use prefix/name"
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

/// Checks that `value` is a valid label value; an empty one is.
///
/// # Errors
/// The rule that it breaks.
pub fn check_value(value: &str) -> Result<(), String> {
    if value.is_empty() {
        return Ok(());
    }
    check_name(value).map_err(|rule| format!("`{value}` cannot be a label value: {rule}"))
}

fn check_name(name: &str) -> Result<(), String> {
    let is_alphanumeric = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);

    // Bytes are counted only where each is a character.
    if !name.bytes().all(is_allowed) {
        Err("use only the letters a to z and A to Z, digits, '-', '_' and '.'".to_owned())
    } else if name.len() > MAX_NAME_LENGTH {
        Err(format!(
            "it has {} characters, {MAX_NAME_LENGTH} are allowed",
            name.len()
        ))
    } else if is_alphanumeric(name.bytes().next()) && is_alphanumeric(name.bytes().last()) {
        Ok(())
    } else {
        Err("it must start and end with a letter or a digit".to_owned())
    }
}

fn is_dns_label(label: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !label.is_empty() && label.bytes().all(is_allowed) && !label.starts_with('-') && !label.ends_with('-')
}
