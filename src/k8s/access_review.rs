//! Asks the API server for macaque's permissions, its version and its namespaces, mainly for `macaque check`.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{Method, StatusCode};
use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec,
};
use macaque_core::permissions::ScopedPermission;
use serde::de::IgnoredAny;
use tokio::time::Instant;

use super::wire::ObjectKind;
use super::{ApiError, Cluster, get, json};

/// How long the answer about a permission counts where it is asked every round.
const REMEMBERED: Duration = Duration::from_secs(600);

/// What the API server said of permissions, and when.
#[derive(Debug, Default)]
pub(super) struct KnownPermissions(BTreeMap<String, (bool, Instant)>);

impl KnownPermissions {
    /// What was said of `grant` not long ago.
    fn get(&self, grant: &str, now: Instant) -> Option<bool> {
        let (is_held, at) = self.0.get(grant)?;
        (now - *at < REMEMBERED).then_some(*is_held)
    }

    /// Notes what was said of `grant`, and forgets what was said too long ago.
    fn note(&mut self, grant: String, is_held: bool, now: Instant) {
        self.0.retain(|_, (_, at)| now - *at < REMEMBERED);
        self.0.insert(grant, (is_held, now));
    }
}

impl Cluster {
    /// Whether macaque holds `grant`, as [`Cluster::holds`] says; the answer counts for ten minutes.
    ///
    /// # Errors
    /// The API server did not answer the review.
    pub async fn held_lately(&self, grant: &ScopedPermission) -> Result<bool, ApiError> {
        let name = grant.to_string();
        let now = self.platform.monotonic();
        if let Some(is_held) = self.permissions.borrow().get(&name, now) {
            return Ok(is_held);
        }
        let is_held = self.holds(grant).await?;
        self.permissions.borrow_mut().note(name, is_held, now);
        Ok(is_held)
    }

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
        let answer: SelfSubjectAccessReview = response.into_object(ObjectKind::ACCESS_REVIEW, what)?;
        match answer.status {
            Some(status) => Ok(status.allowed),
            None => Err(ApiError::Unexpected {
                what: what(),
                why: "a SelfSubjectAccessReview without a status".to_owned(),
            }),
        }
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
        response.into_version(what)
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

        let answer: Result<SelfSubjectReview, _> = response.into_object(ObjectKind::USER_REVIEW, what);
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
        if response.status == StatusCode::FORBIDDEN {
            return Ok(None);
        }
        let namespace = response.into_object_if_any::<IgnoredAny>(ObjectKind::NAMESPACE, what)?;
        Ok(Some(namespace.is_some()))
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
    fn what_was_said_of_a_permission_counts_for_ten_minutes() {
        let mut known = KnownPermissions::default();
        let start = Instant::now();
        known.note("list pods in namespace shop".to_owned(), true, start);

        let later = start + REMEMBERED / 2;
        assert_eq!(known.get("list pods in namespace shop", later), Some(true));
        assert_eq!(known.get("list pods in namespace pay", later), None);
        let over = start + REMEMBERED;
        assert_eq!(known.get("list pods in namespace shop", over), None);

        known.note("list pods in namespace pay".to_owned(), false, over);
        assert_eq!(known.get("list pods in namespace pay", over), Some(false));
        assert_eq!(known.0.len(), 1, "what does not count any more is forgotten");
    }

    #[test]
    fn a_refusal_names_the_user_who_may_not_even_ask() {
        let message = "selfsubjectreviews.authentication.k8s.io is forbidden: User \"system:anonymous\" cannot create \
                       resource \"selfsubjectreviews\" at the cluster scope";
        assert_eq!(refused_user(message), Some("system:anonymous"));
        assert_eq!(refused_user("no"), None);
    }
}
