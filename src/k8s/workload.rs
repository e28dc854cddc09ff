//! Reads of the workloads that own pods: their scale and their metadata, never the objects themselves, because a pod
//! template may hold secrets.

use http::StatusCode;
use macaque_core::pod::{ControllerRef, Pod, PodOwner};
use macaque_core::scope_metadata::ObjectKeys;

use super::resource::ResourcePath;
use super::wire::{PartialMetadata, ScaleObject, WorkloadScale};
use super::{ApiError, ApiRequest, Cluster, OptionalRead, get};

/// The form of an object that holds its metadata alone.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// What the API server says of a custom resource that leaves its number of replicas open.
const NO_REPLICAS: &str = "spec replicas field";

/// The object that owns a pod, as the rules see the owner: the Deployment for a pod of its ReplicaSet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WorkloadRef {
    /// The namespace.
    pub namespace: String,
    /// The API group and version, `apps/v1` for example.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The name.
    pub name: String,
}

impl WorkloadRef {
    /// The owner of `pod`; `None` if nothing owns it.
    pub fn of(pod: &Pod) -> Option<Self> {
        let controller = pod.controller.as_ref()?;
        Some(Self::behind(controller, pod.owner.as_ref()?, &pod.id.namespace))
    }

    /// The `owner` of a pod with this controller: the controller itself, or the owner of the ReplicaSet that it is.
    pub fn behind(controller: &ControllerRef, owner: &PodOwner, namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            api_version: controller.api_version_behind(owner).to_owned(),
            kind: owner.kind.clone(),
            name: owner.name.clone(),
        }
    }

    /// Where a refusal of a read is remembered: for this owner alone, because a Role may name those that may be read.
    fn place(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl From<PartialMetadata> for ObjectKeys {
    fn from(metadata: PartialMetadata) -> Self {
        Self {
            annotations: metadata.annotations,
            labels: metadata.labels,
        }
    }
}

impl Cluster {
    /// Reads the scale of a workload: how many replicas it wants, and which pods it selects. A kind without a scale, a
    /// DaemonSet or a Job for example, has none to find.
    ///
    /// # Errors
    /// The scale could not be read, for another reason than a missing grant.
    pub async fn scale(&self, workload: &WorkloadRef) -> Result<OptionalRead<WorkloadScale>, ApiError> {
        let resource = match self.resource(workload).await? {
            OptionalRead::Found(resource) if resource.has_scale => resource,
            OptionalRead::Found(_) | OptionalRead::Missing => return Ok(OptionalRead::Missing),
            OptionalRead::NotGranted => return Ok(OptionalRead::NotGranted),
        };
        let name = format!("{}/scale", resource.name);
        let read = self.read_scale(&resource, &name, workload);
        self.unless_refused(&name, &workload.place(), read).await
    }

    async fn read_scale(
        &self,
        resource: &ResourcePath,
        name: &str,
        workload: &WorkloadRef,
    ) -> Result<OptionalRead<WorkloadScale>, ApiError> {
        let what = || format!("get {name} of {}/{}", workload.namespace, workload.name);
        let path = format!("{}/scale", resource.path);
        let response = self.send(get(&path), self.access.deadlines.read, what).await?;
        let leaves_open = response.status == StatusCode::INTERNAL_SERVER_ERROR && response.says(NO_REPLICAS);
        if leaves_open {
            return Ok(OptionalRead::Missing);
        }

        let object = response.into_object_if_any::<ScaleObject>(ScaleObject::KIND, what)?;
        Ok(object.map(WorkloadScale::from).into())
    }

    /// Reads the annotations and labels of a workload, from its metadata alone.
    ///
    /// # Errors
    /// The metadata could not be read, for another reason than a missing grant.
    pub async fn owner_keys(&self, workload: &WorkloadRef) -> Result<OptionalRead<ObjectKeys>, ApiError> {
        let resource = match self.resource(workload).await? {
            OptionalRead::Found(resource) => resource,
            OptionalRead::Missing => return Ok(OptionalRead::Missing),
            OptionalRead::NotGranted => return Ok(OptionalRead::NotGranted),
        };
        let WorkloadRef {
            namespace,
            api_version,
            kind,
            name,
        } = workload;
        let what = || format!("get the metadata of {} {namespace}/{name}", kind.to_lowercase());
        let read = self.keys(&resource.path, [api_version, kind], what);
        self.unless_refused(&resource.name, &workload.place(), read).await
    }

    /// Reads the annotations and labels of a namespace.
    ///
    /// # Errors
    /// The namespace could not be read, for another reason than a missing grant.
    pub async fn namespace_keys(&self, namespace: &str) -> Result<OptionalRead<ObjectKeys>, ApiError> {
        let what = || format!("get the metadata of namespace {namespace}");
        let path = format!("/api/v1/namespaces/{namespace}");
        let read = self.keys(&path, ["v1", "Namespace"], what);
        self.unless_refused("namespaces", namespace, read).await
    }

    /// Reads the annotations and labels of the object at `path`, of this API version and kind.
    async fn keys(
        &self,
        path: &str,
        [api_version, kind]: [&str; 2],
        what: impl Fn() -> String,
    ) -> Result<OptionalRead<ObjectKeys>, ApiError> {
        let request = ApiRequest {
            accept: METADATA,
            ..get(path)
        };
        let response = self.send(request, self.access.deadlines.read, &what).await?;
        let metadata = response.into_metadata_if_any([api_version, kind], what)?;
        Ok(metadata.map(ObjectKeys::from).into())
    }
}
