//! Asks the API server itself about candidates, one after the other, by server-side dry run.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::k8s::Cluster;
use macaque_core::outcome::{Method, Refusal};
use macaque_core::pod::PodRef;
use macaque_core::preview::Opinion;
use macaque_core::report::End;
use macaque_core::verdict::{Verdict, classify};

use super::Sighting;
use crate::round::Stop;

/// After so many questions without an answer about their pod, the API server is left alone.
const MOST_DOUBTS: usize = 3;

/// Who is not asked any more, and what is to be told of it.
#[derive(Default)]
struct Reserve {
    closed: BTreeSet<String>,
    doubts: usize,
    problems: Vec<String>,
}

impl Reserve {
    fn heed(&mut self, verdict: &Verdict, pod: &PodRef, method: Method) {
        match verdict {
            Verdict::Forbidden(why) => {
                self.closed.insert(pod.namespace.clone());
                self.problems.push(forbidden(method, &pod.namespace, why));
            }
            Verdict::Refused(Refusal::Throttled { .. })
            | Verdict::Doubt(_)
            | Verdict::Fault(_)
            | Verdict::Unauthorized => self.doubts += 1,
            Verdict::Accepted | Verdict::Refused(_) | Verdict::Gone => {}
        }
    }
}

impl Sighting {
    /// Asks about the first `most` candidates; returns how many were asked. Where a grant is missing, the rest of
    /// the namespace is not asked.
    ///
    /// # Errors
    /// A request to stop.
    pub async fn ask(&mut self, cluster: &Cluster, stop: &Stop, most: usize) -> Result<usize, End> {
        let (method, grace_period) = (self.preview.limits.method, self.preview.limits.grace_period);
        let (mut asked, mut reserve) = (0, Reserve::default());
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
            let verdict = match answer.ok_or(End::Interrupted)? {
                Ok(answer) => classify(&answer),
                Err(error) => Verdict::Doubt(error.to_string()),
            };
            asked += 1;
            reserve.heed(&verdict, pod, method);
            if !matches!(verdict, Verdict::Forbidden(_)) {
                subject.heard = Some(Opinion::from(verdict));
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
fn forbidden(method: Method, namespace: &str, why: &str) -> String {
    let (resource, verb) = match method {
        Method::Evict => ("pods/eviction", "create"),
        Method::Delete => ("pods", "delete"),
    };
    format!(
        "the API server may not be asked in {namespace}: {why}; a dry run needs the grant of the disruption \
         itself: {{apiGroups: [\"\"], resources: [\"{resource}\"], verbs: [\"{verb}\"]}}"
    )
}
