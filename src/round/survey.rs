//! Lists the pods in scope page by page and judges each: what stays in memory is the candidates and the counts.

use std::time::Duration;

use jiff::Timestamp;

use crate::chaos::eligibility::{Candidate, Rules, judge};
use crate::chaos::plan::Namespaces;
use crate::chaos::pod::Pod;
use crate::chaos::report::{End, Exempted, Tally};
use crate::cluster::{ClusterError, Page};

use super::{LONGEST_PAUSE, Round};

/// How often one page is asked for before the round goes on without it: reads are safe to repeat.
const TRIES: u32 = 3;

/// The pause before the first repetition; it doubles.
const PAUSE: Duration = Duration::from_millis(500);

/// Why a listing ended before its end.
enum Ended {
    Stopped,
    Failed(ClusterError),
}

/// What one listing found.
#[derive(Default)]
struct Survey {
    listed: usize,
    candidates: Vec<Candidate>,
    exempted: Exempted,
}

impl Survey {
    fn add(&mut self, pods: Vec<Pod>, rules: &Rules) {
        let now = Timestamp::now();
        self.listed += pods.len();
        for pod in pods {
            match judge(&pod, rules, now) {
                Ok(candidate) => self.candidates.push(candidate),
                Err(exemption) => Tally::note(&mut self.exempted, pod.id, &exemption),
            }
        }
    }
}

impl Round<'_> {
    /// The candidates of every namespace in scope. A namespace that may not be read, or does not exist, is a
    /// problem of its own and ends nothing for the others.
    pub(super) async fn survey(&mut self) -> Result<Vec<Candidate>, End> {
        let orders = self.orders;
        let namespaces: Vec<Option<&str>> = match &orders.rules.target.namespaces {
            Namespaces::All => vec![None],
            Namespaces::Named(names) => names.iter().map(|name| Some(name.as_str())).collect(),
        };
        let mut candidates = Vec::new();
        for namespace in namespaces {
            let survey = match self.list(namespace).await {
                Ok(survey) => survey,
                Err(Ended::Stopped) => return Err(End::Interrupted),
                Err(Ended::Failed(error @ ClusterError::Forbidden { .. })) => {
                    self.report.problems.push(error.to_string());
                    continue;
                }
                Err(Ended::Failed(error)) => {
                    return Err(End::Failed {
                        why: error.to_string(),
                    });
                }
            };
            if survey.listed == 0 {
                self.doubt_namespace(namespace).await;
            }
            self.report.listed += survey.listed;
            Tally::merge(&mut self.report.exempted, survey.exempted);
            candidates.extend(survey.candidates);
        }
        Ok(candidates)
    }

    /// Lists and judges one namespace, or all.
    async fn list(&self, namespace: Option<&str>) -> Result<Survey, Ended> {
        let mut survey = Survey::default();
        let mut after = None;
        loop {
            let page = self.page(namespace, after.as_deref()).await?;
            if page.restarted {
                survey = Survey::default();
            }
            survey.add(page.pods, &self.orders.rules);
            after = page.next;
            if after.is_none() {
                return Ok(survey);
            }
        }
    }

    /// The API server lists an absent namespace as an empty one; where macaque may ask, it says which.
    async fn doubt_namespace(&mut self, namespace: Option<&str>) {
        let Some(name) = namespace else { return };
        if let Ok(Some(false)) = self.cluster.has_namespace(name).await {
            self.report
                .problems
                .push(format!("namespace {name} does not exist"));
        }
    }

    /// One page, asked for again after a pause where that may help.
    async fn page(&self, namespace: Option<&str>, after: Option<&str>) -> Result<Page, Ended> {
        let selector = &self.orders.rules.target.selector;
        let mut tries = 1;
        loop {
            let list = self.cluster.pods(namespace, selector, after);
            let error = match self.stop.within(Duration::ZERO, list).await {
                None => return Err(Ended::Stopped),
                Some(Ok(page)) => return Ok(page),
                Some(Err(error)) => error,
            };
            if tries == TRIES || !error.is_transient() {
                return Err(Ended::Failed(error));
            }
            let pause = match &error {
                ClusterError::Throttled { retry_after, .. } => (*retry_after).min(LONGEST_PAUSE),
                _ => PAUSE * 2_u32.pow(tries - 1),
            };
            log::debug!("{error}; asking again in {pause:?}");
            if self
                .stop
                .within(Duration::ZERO, tokio::time::sleep(pause))
                .await
                .is_none()
            {
                return Err(Ended::Stopped);
            }
            tries += 1;
        }
    }
}
