//! Asks the API server for macaque's permissions, its version and its namespaces, mainly for `macaque check`.

use http::Method;
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use macaque_core::permissions::ScopedPermission;

use super::{ApiError, Cluster, get, json};

impl Cluster {
    /// Whether macaque holds `grant`, according to a SelfSubjectAccessReview, which every user may create.
    ///
    /// # Errors
    /// The API server did not answer the review.
    pub async fn holds(&self, grant: &ScopedPermission) -> Result<bool, ApiError> {
        let permission = grant.permission;
        let (resource, subresource) = match permission.resource.split_once('/') {
            Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
            None => (permission.resource, None),
        };

        let attributes = ResourceAttributes {
            verb: Some(permission.verb.to_owned()),
            group: Some(permission.group.to_owned()),
            resource: Some(resource.to_owned()),
            subresource,
            namespace: grant.namespace.clone(),
            name: grant.name.clone(),
            ..ResourceAttributes::default()
        };

        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(attributes),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };

        let what = || format!("review of {grant}");
        let path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
        let response = self
            .send(
                json(Method::POST, path, &review),
                self.access.deadlines.read,
                what,
            )
            .await?;
        let answer: SelfSubjectAccessReview = response.into_object(what)?;
        Ok(answer.status.is_some_and(|status| status.allowed))
    }

    /// The version of the API server, e.g. `v1.37.2`.
    ///
    /// # Errors
    /// The server did not answer, or its answer is not that of a Kubernetes API server.
    pub async fn version(&self) -> Result<String, ApiError> {
        let what = || "get /version".to_owned();
        let response = self
            .send(get("/version"), self.access.deadlines.read, what)
            .await?;
        let info: k8s_openapi::apimachinery::pkg::version::Info = response.into_object(what)?;
        Ok(info.git_version)
    }

    /// The name of the user whom the API server takes macaque for; `None` if it does not say, as servers before 1.28.
    ///
    /// # Errors
    /// The server did not answer.
    pub async fn user_name(&self) -> Result<Option<String>, ApiError> {
        let what = || "review of the user".to_owned();
        let path = "/apis/authentication.k8s.io/v1/selfsubjectreviews";
        let review = json(Method::POST, path, &SelfSubjectReview::default());
        let response = self.send(review, self.access.deadlines.read, what).await?;
        if matches!(response.status.as_u16(), 404 | 405) {
            return Ok(None);
        }

        let answer: Result<SelfSubjectReview, _> = response.into_object(what);
        let name = match answer {
            Ok(answer) => answer.status.and_then(|status| status.user_info?.username),
            Err(ApiError::Forbidden { why, .. }) => refused_user(&why).map(str::to_owned),
            Err(error) => return Err(error),
        };
        Ok(name.filter(|name| !name.is_empty()))
    }

    /// Whether `namespace` exists; `None` if macaque may not read it.
    ///
    /// # Errors
    /// The API server gave no clear answer.
    pub async fn has_namespace(&self, namespace: &str) -> Result<Option<bool>, ApiError> {
        let what = || format!("get namespace {namespace}");
        let path = format!("/api/v1/namespaces/{namespace}");
        let response = self.send(get(&path), self.access.deadlines.read, what).await?;
        match response.status.as_u16() {
            200 => Ok(Some(true)),
            404 => Ok(Some(false)),
            403 => Ok(None),
            _ => response
                .into_object::<serde::de::IgnoredAny>(what)
                .map(|_| Some(true)),
        }
    }
}

/// The user whom a refusal names: `… is forbidden: User "NAME" cannot create …`.
fn refused_user(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("User \"")?;
    rest.split_once('"').map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_user_who_may_not_even_ask() {
        let message = "selfsubjectreviews.authentication.k8s.io is forbidden: User \"system:anonymous\" cannot create \
                       resource \"selfsubjectreviews\" at the cluster scope";
        assert_eq!(refused_user(message), Some("system:anonymous"));
        assert_eq!(refused_user("no"), None);
    }
}
