//! Asks the API server what it would say to a disruption, by server-side dry run. Whatever is sent from here is a
//! dry run: there is one place that builds it, and that place always says so.
//!
//! Where it is said matters. An eviction is a creation: its query decides, and its body must say the same, or
//! admission webhooks act as if it were meant. A deletion with a body has its query ignored: there the body decides.

use std::time::Duration;

use http::Method;

use super::wire::{DeletionOptions, eviction};
use super::{ApiError, ApiRequest, Cluster, json, pod_path};
use macaque_core::outcome;
use macaque_core::pod::PodRef;
use macaque_core::verdict::ApiAnswer;

/// The disruption of `pod` in dry run.
fn question(pod: &PodRef, method: outcome::DisruptionMethod, grace_period: Option<Duration>) -> ApiRequest {
    let options = DeletionOptions::of(pod, grace_period).in_dry_run();
    let path = pod_path(pod);
    match method {
        outcome::DisruptionMethod::Evict => {
            let path = format!("{path}/eviction?fieldValidation=Strict&dryRun=All");
            json(Method::POST, &path, &eviction(pod, options))
        }
        outcome::DisruptionMethod::Delete => json(Method::DELETE, &path, &options),
    }
}

impl Cluster {
    /// Asks what the API server would answer to this disruption of `pod`. Nothing is disrupted and no budget is
    /// charged. It needs the grant of the disruption itself: the API server cannot tell the two apart.
    ///
    /// # Errors
    /// No answer came.
    pub async fn ask(
        &self,
        pod: &PodRef,
        method: outcome::DisruptionMethod,
        grace_period: Option<Duration>,
    ) -> Result<ApiAnswer, ApiError> {
        let question = question(pod, method, grace_period);
        let what = || format!("{method} {pod} in dry run");
        Ok(self
            .send(question, self.access.deadlines.disrupt, what)
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
        } = question(&pod, method, grace_period);
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
            r#""metadata":{"annotations":{"reason":"chaos: drawn at random","requested-by":"macaque"},"#,
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
