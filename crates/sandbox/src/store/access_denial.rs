//! Rules that deny a permission to the single user of the sandbox.

/// A verb on a resource that the sandbox denies, as if no Role granted it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessDenial {
    verb: String,
    group: String,
    resource: String,
    namespace: Option<String>,
}

impl AccessDenial {
    /// Denies `verb` on `resource` in every namespace. Resources of an API group are written like
    /// `poddisruptionbudgets.policy`, subresources like `pods/eviction`.
    #[must_use]
    pub fn new(verb: &str, resource: &str) -> Self {
        let (plural, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        let (plural, group) = plural.split_once('.').unwrap_or((plural, ""));

        let resource = if subresource.is_empty() {
            plural.to_owned()
        } else {
            format!("{plural}/{subresource}")
        };
        Self {
            verb: verb.to_owned(),
            group: group.to_owned(),
            resource,
            namespace: None,
        }
    }

    /// Narrows the denial to one namespace.
    #[must_use]
    pub fn within(self, namespace: &str) -> Self {
        Self {
            namespace: Some(namespace.to_owned()),
            ..self
        }
    }

    /// Whether this denies a verb on a resource, which is written with its subresource, e.g. `pods/eviction`.
    pub(crate) fn denies(&self, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
        (self.verb.as_str(), self.group.as_str(), self.resource.as_str()) == (verb, group, resource)
            && self.namespace.as_deref().is_none_or(|only| only == namespace)
    }
}
