//! Lists the annotations and labels of many namespaces or workloads, from their metadata alone, where macaque may.

use macaque_core::scope_metadata::ObjectKeys;

use super::wire::{MetadataObject, ObjectKind};
use super::{ApiError, ApiRequest, Cluster, OptionalRead, PageCursor, get};

/// The form of a list that holds the metadata of its objects alone.
const METADATA: &str = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";

/// Objects per page: a few hundred kilobytes on the wire.
const PAGE_LIMIT: usize = 500;

/// A resource whose objects are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyedResource {
    /// The path of its API: `/apis/apps/v1`.
    api: &'static str,
    /// The resource as a Role names it: `deployments`.
    name: &'static str,
    /// The kind of its objects.
    pub kind: &'static str,
    /// The kind of a list of whole objects, which a proxy that drops the parameters of `Accept` gets.
    list: ObjectKind,
}

/// The keys of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKeys {
    /// The namespace; empty for an object that has none.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// The annotations and labels.
    pub keys: ObjectKeys,
}

/// A page of a list of objects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeysPage {
    /// The objects.
    pub objects: Vec<NamedKeys>,
    /// Where the list continues.
    pub cursor: PageCursor,
}

impl KeyedResource {
    /// The namespaces.
    pub const NAMESPACES: Self = Self {
        api: "/api/v1",
        name: "namespaces",
        kind: "Namespace",
        list: ObjectKind::NAMESPACE_LIST,
    };
    /// The kinds of workloads whose own annotations and labels are read, where macaque may.
    pub const OWNERS: [Self; 2] = [
        Self {
            api: "/apis/apps/v1",
            name: "deployments",
            kind: "Deployment",
            list: ObjectKind::DEPLOYMENT_LIST,
        },
        Self {
            api: "/apis/apps/v1",
            name: "statefulsets",
            kind: "StatefulSet",
            list: ObjectKind::STATEFUL_SET_LIST,
        },
    ];

    /// Describes a list for errors.
    pub(crate) fn describe(&self, namespace: Option<&str>) -> String {
        match namespace {
            Some(namespace) => format!("list the metadata of {} in {namespace}", self.name),
            None => format!("list the metadata of {}", self.name),
        }
    }

    /// The request for the page at the token `after`.
    fn request(&self, namespace: Option<&str>, after: Option<&str>) -> ApiRequest {
        let place = match namespace {
            Some(namespace) => format!("/namespaces/{namespace}"),
            None => String::new(),
        };
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &PAGE_LIMIT.to_string());
        if let Some(token) = after {
            query.append_pair("continue", token);
        }

        let Self { api, name, .. } = self;
        ApiRequest {
            accept: METADATA,
            ..get(&format!("{api}{place}/{name}?{}", query.finish()))
        }
    }
}

impl Cluster {
    /// Lists one page of the objects of `resource` in `namespace`, or in all. Continues from the token `after`, as
    /// [`Cluster::pods`] does. There is nothing to find if the server does not know the resource.
    ///
    /// # Errors
    /// The list could not be read, for another reason than a missing grant.
    pub async fn keys_page(
        &self,
        resource: KeyedResource,
        namespace: Option<&str>,
        after: Option<&str>,
    ) -> Result<OptionalRead<KeysPage>, ApiError> {
        // A list may be refused where single objects may be read.
        let refused = format!("list of {}", resource.name);
        let read = self.read_keys_page(resource, namespace, after);
        self.unless_refused(&refused, namespace.unwrap_or_default(), read)
            .await
    }

    async fn read_keys_page(
        &self,
        resource: KeyedResource,
        namespace: Option<&str>,
        after: Option<&str>,
    ) -> Result<OptionalRead<KeysPage>, ApiError> {
        let what = || resource.describe(namespace);
        let request = |after: Option<&str>| resource.request(namespace, after);
        let (response, restarted) = self.page_of(request, what, after).await?;
        if response.is_unknown_path() {
            return Ok(OptionalRead::Missing);
        }

        let mut objects = Vec::new();
        let kinds = [ObjectKind::METADATA_LIST, resource.list];
        let page = response.into_items(&kinds, what, |object: MetadataObject| {
            objects.push(object.into());
        })?;
        let cursor = PageCursor::after(page, restarted);
        Ok(OptionalRead::Found(KeysPage { objects, cursor }))
    }
}

impl From<MetadataObject> for NamedKeys {
    fn from(object: MetadataObject) -> Self {
        let mut metadata = object.metadata;
        Self {
            namespace: std::mem::take(&mut metadata.namespace),
            name: std::mem::take(&mut metadata.name),
            keys: metadata.into(),
        }
    }
}
