//! Asks the API server about each candidate by server-side dry run.

use std::collections::BTreeSet;
use std::time::Duration;

use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::PodRef;
use macaque_core::prediction::Prediction;
use macaque_core::refusal::Refusal;
use macaque_core::report::RoundEnd;
use macaque_core::verdict::{DisruptionVerdict, classify};

use super::{ClusterSnapshot, PreviewReader};

/// How many requests may get no useful answer before no more are sent.
const MAX_USELESS_ANSWERS: usize = 3;

/// Tracks when to stop asking, for one namespace or for all.
#[derive(Default)]
struct DryRunLimits {
    forbidden: BTreeSet<String>,
    useless: usize,
    problems: Vec<String>,
}

impl DryRunLimits {
    fn note(&mut self, verdict: &DisruptionVerdict, pod: &PodRef, method: DisruptionMethod) {
        match verdict {
            DisruptionVerdict::Forbidden(why) => {
                self.forbidden.insert(pod.namespace.clone());
                self.problems.push(forbidden(method, &pod.namespace, why));
            }
            DisruptionVerdict::Refused(Refusal::Throttled { .. })
            | DisruptionVerdict::Uncertain(_)
            | DisruptionVerdict::Invalid(_)
            | DisruptionVerdict::Unauthorized => self.useless += 1,
            DisruptionVerdict::Accepted | DisruptionVerdict::Refused(_) | DisruptionVerdict::Gone => {}
        }
    }

    fn is_exhausted(&self) -> bool {
        self.useless == MAX_USELESS_ANSWERS
    }
}

impl PreviewReader<'_> {
    /// Asks about the first candidates of a snapshot, at most `limit`; returns how many requests were sent. Skips the
    /// rest of a namespace where a permission is missing.
    ///
    /// # Errors
    /// macaque was asked to stop.
    pub async fn ask(&self, snapshot: &mut ClusterSnapshot, limit: usize) -> Result<usize, RoundEnd> {
        let method = snapshot.preview.disrupt.method;
        let grace_period = snapshot.preview.disrupt.grace_period;
        let mut limits = DryRunLimits::default();
        let mut asked = 0;

        for previewed in &mut snapshot.preview.pods {
            let pod = &previewed.candidate.pod;
            if limits.forbidden.contains(&pod.namespace) {
                continue;
            }
            if asked == limit || limits.is_exhausted() {
                break;
            }

            let request = self.cluster.dry_run(pod, method, grace_period);
            let answer = self.stop.within(Duration::ZERO, request).await;
            let verdict = match answer.ok_or(RoundEnd::Interrupted)? {
                Ok(answer) => classify(&answer),
                Err(error) => DisruptionVerdict::Uncertain(error.to_string()),
            };
            asked += 1;

            limits.note(&verdict, pod, method);
            if !matches!(verdict, DisruptionVerdict::Forbidden(_)) {
                previewed.server_answer = Some(Prediction::from(verdict));
            }
        }

        if limits.is_exhausted() {
            limits.problems.push(format!(
                "stopped asking the API server after {MAX_USELESS_ANSWERS} requests without a useful answer"
            ));
        }
        snapshot.problems.extend(limits.problems);
        Ok(asked)
    }
}

/// The problem of a missing permission: a dry run needs the same one as the disruption itself.
fn forbidden(method: DisruptionMethod, namespace: &str, why: &str) -> String {
    let (resource, verb) = match method {
        DisruptionMethod::Evict => ("pods/eviction", "create"),
        DisruptionMethod::Delete => ("pods", "delete"),
    };
    format!(
        "not permitted to ask the API server in {namespace}: {why}; a dry run needs the grant of the disruption \
         itself: {{apiGroups: [\"\"], resources: [\"{resource}\"], verbs: [\"{verb}\"]}}"
    )
}
