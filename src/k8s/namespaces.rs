//! Finds namespaces by their labels, from their metadata alone.

use macaque_core::scope_metadata::ObjectKeys;
use macaque_core::selector::Selector;

use super::name_list::METADATA;
use super::wire::{NamespaceObject, ObjectKind};
use super::{ApiError, Cluster};

/// What answers: a proxy that drops the parameters of `Accept` gets whole namespaces, which hold the metadata too.
const KINDS: [ObjectKind; 2] = [ObjectKind::METADATA_LIST, NamespaceObject::LIST];

/// A namespace that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundNamespace {
    /// The name.
    pub name: String,
    /// Whether it is being deleted.
    pub is_terminating: bool,
    /// Its annotations and labels.
    pub keys: ObjectKeys,
}

impl Cluster {
    /// Lists the namespaces that match `selector`; with `name`, that one if it matches. The permission to list namespaces
    /// covers both.
    ///
    /// # Errors
    /// The namespaces could not be listed.
    pub async fn namespaces(
        &self,
        selector: &Selector,
        name: Option<&str>,
    ) -> Result<Vec<FoundNamespace>, ApiError> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("labelSelector", &selector.to_string());
        if let Some(name) = name {
            query.append_pair("fieldSelector", &format!("metadata.name={name}"));
        }
        let query = format!("&{}", query.finish());

        let what = || format!("list namespaces with {selector}");
        let mut found = Vec::new();
        self.each_page("/api/v1/namespaces", &query, METADATA, what, |response| {
            response.into_items(&KINDS, what, |namespace: NamespaceObject| {
                found.push(namespace.into());
            })
        })
        .await?;
        Ok(found)
    }
}
