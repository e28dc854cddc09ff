//! Asks the API server how it would answer a disruption, by server-side dry run. One function builds every request of
//! this file, and always marks it as a dry run.
//!
//! Where the mark stands matters. An eviction is a creation: its query decides, and its body must repeat the mark, or
//! admission webhooks treat the eviction as a real one. A deletion with a body ignores its query: there the body
//! decides.

use std::time::Duration;

use http::Method;
use macaque_core::outcome;
use macaque_core::pod::PodRef;
use macaque_core::verdict::ApiAnswer;

use super::wire::{DeletionOptions, eviction};
use super::{ApiError, ApiRequest, Cluster, json, pod_path};

/// The request to disrupt `pod` as a dry run.
fn request_in_dry_run(
    pod: &PodRef,
    method: outcome::DisruptionMethod,
    grace_period: Option<Duration>,
) -> ApiRequest {
    let options = DeletionOptions::of(pod, grace_period).in_dry_run();
    let path = pod_path(pod);
    match method {
        outcome::DisruptionMethod::Evict => {
            let path = format!("{path}/eviction?fieldValidation=Strict&dryRun=All");
            json(Method::POST, &path, &eviction(pod, options, None))
        }
        outcome::DisruptionMethod::Delete => json(Method::DELETE, &path, &options),
    }
}

impl Cluster {
    /// Asks what the API server would answer to this disruption of `pod`. Nothing is disrupted, and no budget is spent.
    /// A dry run needs the same permission as the disruption itself.
    ///
    /// # Errors
    /// No answer came.
    pub async fn dry_run(
        &self,
        pod: &PodRef,
        method: outcome::DisruptionMethod,
        grace_period: Option<Duration>,
    ) -> Result<ApiAnswer, ApiError> {
        let request = request_in_dry_run(pod, method, grace_period);
        let what = || format!("{method} {pod} in dry run");
        Ok(self
            .send(request, self.access.deadlines.disrupt, what)
            .await?
            .into_answer())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: outcome::DisruptionMethod, grace_period: Option<Duration>) -> (Method, String, String) {
        let pod = PodRef {
            namespace: "shop".into(),
            name: "web-0".into(),
            uid: "u1".into(),
        };
        let ApiRequest {
            method, path, body, ..
        } = request_in_dry_run(&pod, method, grace_period);
        (method, path, String::from_utf8(body).unwrap())
    }

    #[test]
    fn an_eviction_says_dry_run_in_the_query_and_in_the_body() {
        let (method, path, body) = asked(outcome::DisruptionMethod::Evict, Some(Duration::from_secs(5)));
        assert_eq!(method, Method::POST);
        assert_eq!(
            path,
            "/api/v1/namespaces/shop/pods/web-0/eviction?fieldValidation=Strict&dryRun=All"
        );
        let expected = concat!(
            r#"{"apiVersion":"policy/v1","kind":"Eviction","deleteOptions":{"apiVersion":"v1","#,
            r#""dryRun":["All"],"gracePeriodSeconds":5,"kind":"DeleteOptions","preconditions":{"uid":"u1"}},"#,
            r#""metadata":{"annotations":{"macaque/reason":"chaos: drawn at random","requested-by":"macaque"},"#,
            r#""name":"web-0","namespace":"shop"}}"#
        );
        assert_eq!(body, expected);
    }

    #[test]
    fn a_deletion_says_dry_run_in_the_body_and_not_in_the_query() {
        let (method, path, body) = asked(outcome::DisruptionMethod::Delete, None);
        assert_eq!(method, Method::DELETE);
        assert_eq!(path, "/api/v1/namespaces/shop/pods/web-0");
        let expected =
            r#"{"apiVersion":"v1","dryRun":["All"],"kind":"DeleteOptions","preconditions":{"uid":"u1"}}"#;
        assert_eq!(body, expected);
    }

    #[test]
    fn no_question_is_without_dry_run() {
        for method in outcome::DisruptionMethod::ALL {
            let (_, _, body) = asked(method, None);
            let body: serde_json::Value = serde_json::from_str(&body).unwrap();
            let options = body.get("deleteOptions").unwrap_or(&body);
            assert_eq!(options["dryRun"], serde_json::json!(["All"]), "{method}");
        }
    }
}
