//! Names that objects of Kubernetes may have.

/// Whether `name` can name a Kubernetes object: a DNS subdomain (RFC 1123).
pub fn is_object_name(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(is_inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// The reason why `name` cannot name a namespace: Kubernetes requires a DNS label (RFC 1123).
pub(super) fn namespace_name_fault(name: &str) -> Option<&'static str> {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    match name {
        "" => Some("is empty"),
        _ if !name.chars().all(is_inner) => Some("contains other characters than a-z, 0-9 and -"),
        _ if name.len() > 63 => Some("is longer than 63 characters"),
        _ if name.starts_with('-') || name.ends_with('-') => Some("begins or ends with -"),
        _ => None,
    }
}
