//! Asks the API server about each candidate by server-side dry run.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::PodRef;
use macaque_core::prediction::Prediction;
use macaque_core::refusal::Refusal;
use macaque_core::report::RoundEnd;
use macaque_core::verdict::{DisruptionVerdict, classify};

use super::{ClusterSnapshot, PreviewReader};

/// How many requests may get no useful answer before no more are sent.
const MAX_USELESS_ANSWERS: usize = 3;

/// How many requests are in flight at once, once the API server has given a useful answer.
const MOST_IN_FLIGHT: usize = 8;

/// The longest pause that the API server is granted when it throttles; a person waits for the preview.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Decides who is asked about next, how many at once, and when to stop asking.
#[derive(Default)]
struct DryRunLimits {
    /// The namespaces where a permission is missing.
    forbidden: BTreeSet<String>,
    useless: usize,
    /// Whether the last answer was useful: until one is, and after one that is not, one request is sent at a time.
    is_trusting: bool,
    /// How long the API server asked to wait before the next request.
    pause: Duration,
    problems: Vec<String>,
}

impl DryRunLimits {
    fn note(&mut self, verdict: &DisruptionVerdict, pod: &PodRef, method: DisruptionMethod) {
        match verdict {
            DisruptionVerdict::Forbidden(why) => {
                if self.forbidden.insert(pod.namespace.clone()) {
                    self.problems.push(forbidden(method, &pod.namespace, why));
                }
            }
            DisruptionVerdict::Refused(Refusal::Throttled { retry_after }) => {
                self.pause = (*retry_after).min(LONGEST_PAUSE);
                self.note_useless();
            }
            DisruptionVerdict::Uncertain(_)
            | DisruptionVerdict::Invalid(_)
            | DisruptionVerdict::Unauthorized => self.note_useless(),
            DisruptionVerdict::Accepted | DisruptionVerdict::Refused(_) | DisruptionVerdict::Gone => {
                self.is_trusting = true;
            }
        }
    }

    fn note_useless(&mut self) {
        self.useless += 1;
        self.is_trusting = false;
    }

    fn is_exhausted(&self) -> bool {
        self.useless >= MAX_USELESS_ANSWERS
    }

    /// How many requests may be in flight.
    fn most_in_flight(&self) -> usize {
        match (self.is_exhausted(), self.is_trusting) {
            (true, _) => 0,
            (false, true) => MOST_IN_FLIGHT,
            (false, false) => 1,
        }
    }
}

impl PreviewReader<'_> {
    /// Asks about the first candidates of a snapshot, at most `limit` and several at once; returns how many requests were
    /// sent. Skips the rest of a namespace where a permission is missing, and slows down where the API server throttles.
    ///
    /// # Errors
    /// macaque was asked to stop.
    pub async fn ask(&self, snapshot: &mut ClusterSnapshot, limit: usize) -> Result<usize, RoundEnd> {
        let asking = Box::pin(self.ask_several(snapshot, limit));
        let asked = self.stop.within(Duration::ZERO, asking).await;
        self.cluster.progress().set_asked(None);
        asked.ok_or(RoundEnd::Interrupted)
    }

    async fn ask_several(&self, snapshot: &mut ClusterSnapshot, limit: usize) -> usize {
        let method = snapshot.preview.disrupt.method;
        let grace_period = snapshot.preview.disrupt.grace_period;
        let pods = snapshot.preview.pods.iter();
        let pods: Vec<PodRef> = pods.map(|previewed| previewed.candidate.pod.clone()).collect();
        let all = pods.len().min(limit);
        let mut waiting = pods.iter().enumerate();
        let mut in_flight = FuturesUnordered::new();
        let mut limits = DryRunLimits::default();
        let mut asked = 0;
        let mut answered = 0;

        loop {
            while in_flight.len() < limits.most_in_flight() && asked < limit {
                let is_allowed = |(_, pod): &(usize, &PodRef)| !limits.forbidden.contains(&pod.namespace);
                let Some((index, pod)) = waiting.find(is_allowed) else {
                    break;
                };
                let pause = std::mem::take(&mut limits.pause);
                asked += 1;
                in_flight.push(async move {
                    if !pause.is_zero() {
                        self.platform.sleep(pause).await;
                    }
                    (index, self.cluster.dry_run(pod, method, grace_period).await)
                });
            }
            self.cluster.progress().set_asked(Some((answered, all)));

            let Some((index, answer)) = in_flight.next().await else {
                break;
            };
            answered += 1;
            let verdict = match answer {
                Ok(answer) => classify(&answer),
                Err(error) => DisruptionVerdict::Uncertain(error.to_string()),
            };
            limits.note(&verdict, &pods[index], method);
            if !matches!(verdict, DisruptionVerdict::Forbidden(_)) {
                snapshot.preview.pods[index].server_answer = Some(Prediction::from(verdict));
            }
        }

        if limits.is_exhausted() {
            limits.problems.push(format!(
                "stopped asking the API server after {MAX_USELESS_ANSWERS} requests without a useful answer"
            ));
        }
        snapshot.problems.extend(limits.problems);
        asked
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
