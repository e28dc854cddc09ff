//! Lists the pods in scope page by page and judges each: what stays in memory is the candidates and the counts.

use jiff::Timestamp;

use crate::chaos::eligibility::{Candidate, Rules, judge};
use crate::chaos::plan::Namespaces;
use crate::chaos::pod::Pod;
use crate::chaos::report::{End, Exempted, Tally};
use crate::cluster::ClusterError;

use super::Round;
use super::read::Ended;

/// How often a listing that expired between two pages starts anew. Reading takes seconds and an API server forgets
/// after minutes: a listing that expires again and again is never read whole.
const RESTARTS: u32 = 2;

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
        let selector = &self.orders.rules.target.selector;
        let mut survey = Survey::default();
        let mut after: Option<String> = None;
        let mut restarts = 0;
        loop {
            let read = async || self.cluster.pods(namespace, selector, after.as_deref()).await;
            let page = self.patiently(read).await?;
            if page.restarted && restarts == RESTARTS {
                return Err(Ended::Failed(ClusterError::Unexpected {
                    what: format!("list pods in {}", namespace.unwrap_or("all namespaces")),
                    why: "the list expires between two pages, again and again".to_owned(),
                }));
            }
            if page.restarted {
                restarts += 1;
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
}
