//! Names that objects of Kubernetes may have.

/// Whether `name` can name a Kubernetes object: a DNS subdomain (RFC 1123).
pub fn is_object_name(name: &str) -> bool {
    let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(is_inner) && !label.starts_with('-') && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

/// Whether `name` can name a namespace: a DNS label (RFC 1123).
pub(super) fn is_namespace_name(name: &str) -> bool {
    is_object_name(name) && name.len() <= 63 && !name.contains('.')
}
