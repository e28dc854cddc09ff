//! Asks the API server itself about candidates, one after the other, by server-side dry run.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::k8s::Cluster;
use macaque_core::outcome::{DisruptionMethod, Refusal};
use macaque_core::pod::PodRef;
use macaque_core::preview::Prediction;
use macaque_core::report::RoundEnd;
use macaque_core::verdict::{DisruptionVerdict, classify};

use super::ClusterSnapshot;
use crate::round::StopToken;

/// After so many questions without an answer about their pod, the API server is left alone.
const MOST_DOUBTS: usize = 3;

/// Who is not asked any more, and what is to be told of it.
#[derive(Default)]
struct DryRunLimits {
    closed: BTreeSet<String>,
    doubts: usize,
    problems: Vec<String>,
}

impl DryRunLimits {
    fn heed(&mut self, verdict: &DisruptionVerdict, pod: &PodRef, method: DisruptionMethod) {
        match verdict {
            DisruptionVerdict::Forbidden(why) => {
                self.closed.insert(pod.namespace.clone());
                self.problems.push(forbidden(method, &pod.namespace, why));
            }
            DisruptionVerdict::Refused(Refusal::Throttled { .. })
            | DisruptionVerdict::Uncertain(_)
            | DisruptionVerdict::Invalid(_)
            | DisruptionVerdict::Unauthorized => self.doubts += 1,
            DisruptionVerdict::Accepted | DisruptionVerdict::Refused(_) | DisruptionVerdict::Gone => {}
        }
    }
}

impl ClusterSnapshot {
    /// Asks about the first `most` candidates; returns how many were asked. Where a grant is missing, the rest of
    /// the namespace is not asked.
    ///
    /// # Errors
    /// A request to stop.
    pub async fn ask(&mut self, cluster: &Cluster, stop: &StopToken, most: usize) -> Result<usize, RoundEnd> {
        let (method, grace_period) = (self.preview.limits.method, self.preview.limits.grace_period);
        let (mut asked, mut reserve) = (0, DryRunLimits::default());
        for subject in &mut self.preview.subjects {
            let pod = &subject.candidate.pod;
            if reserve.closed.contains(&pod.namespace) {
                continue;
            }
            if asked == most || reserve.doubts == MOST_DOUBTS {
                break;
            }
            let question = cluster.ask(pod, method, grace_period);
            let answer = stop.within(Duration::ZERO, question).await;
            let verdict = match answer.ok_or(RoundEnd::Interrupted)? {
                Ok(answer) => classify(&answer),
                Err(error) => DisruptionVerdict::Uncertain(error.to_string()),
            };
            asked += 1;
            reserve.heed(&verdict, pod, method);
            if !matches!(verdict, DisruptionVerdict::Forbidden(_)) {
                subject.heard = Some(Prediction::from(verdict));
            }
        }
        if reserve.doubts == MOST_DOUBTS {
            let words = format!("the API server was not asked any more after {MOST_DOUBTS} useless answers");
            reserve.problems.push(words);
        }
        self.problems.extend(reserve.problems);
        Ok(asked)
    }
}

/// The missing grant: a dry run needs the same as the disruption itself.
fn forbidden(method: DisruptionMethod, namespace: &str, why: &str) -> String {
    let (resource, verb) = match method {
        DisruptionMethod::Evict => ("pods/eviction", "create"),
        DisruptionMethod::Delete => ("pods", "delete"),
    };
    format!(
        "the API server may not be asked in {namespace}: {why}; a dry run needs the grant of the disruption \
         itself: {{apiGroups: [\"\"], resources: [\"{resource}\"], verbs: [\"{verb}\"]}}"
    )
}
