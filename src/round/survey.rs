//! Lists the pods in scope page by page and judges each: what stays in memory is the counts, and what the caller's
//! ledger keeps.

use jiff::Timestamp;

use crate::chaos::eligibility::{Candidate, Rules, judge};
use crate::chaos::plan::Namespaces;
use crate::chaos::pod::Pod;
use crate::chaos::report::{End, Exempted, Tally};
use crate::cluster::{Cluster, ClusterError};

use super::Stop;
use super::read::{Ended, patiently};

/// How often a listing that expired between two pages starts anew. Reading takes seconds and an API server forgets
/// after minutes: a listing that expires again and again is never read whole.
const RESTARTS: u32 = 2;

/// More pages than this, a million pods, are taken for a list that never ends.
const MOST_PAGES: u32 = 2_000;

/// What is kept of the pods that a survey sees.
pub(super) trait Ledger: Default {
    /// Enters one pod, with the candidate that it was judged to be, if it was.
    fn enter(&mut self, pod: Pod, candidate: Option<Candidate>);
    /// Adds the entries of another namespace.
    fn append(&mut self, more: Self);
}

/// A round keeps the candidates and nothing else.
impl Ledger for Vec<Candidate> {
    fn enter(&mut self, _: Pod, candidate: Option<Candidate>) {
        self.extend(candidate);
    }

    fn append(&mut self, more: Self) {
        self.extend(more);
    }
}

/// What a survey found.
#[derive(Default)]
pub(super) struct Survey<L> {
    pub(super) listed: usize,
    pub(super) exempted: Exempted,
    pub(super) ledger: L,
    /// What went wrong without ending the survey.
    pub(super) problems: Vec<String>,
}

/// Where a survey looks, and by what it judges.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) rules: &'a Rules,
    pub(super) stop: &'a Stop,
}

impl<L: Ledger> Survey<L> {
    fn add(&mut self, pods: Vec<Pod>, rules: &Rules) {
        let now = Timestamp::now();
        self.listed += pods.len();
        for pod in pods {
            match judge(&pod, rules, now) {
                Ok(candidate) => self.ledger.enter(pod, Some(candidate)),
                Err(exemption) => {
                    Tally::note(&mut self.exempted, pod.id.clone(), &exemption);
                    self.ledger.enter(pod, None);
                }
            }
        }
    }

    fn append(&mut self, more: Self) {
        self.listed += more.listed;
        Tally::merge(&mut self.exempted, more.exempted);
        self.ledger.append(more.ledger);
        self.problems.extend(more.problems);
    }
}

impl Field<'_> {
    /// Surveys every namespace in scope into `survey`. A namespace that may not be read, or does not exist, is a
    /// problem of its own and ends nothing for the others.
    pub(super) async fn survey<L: Ledger>(&self, survey: &mut Survey<L>) -> Result<(), End> {
        for namespace in scope(&self.rules.target.namespaces) {
            let found = match self.list::<L>(namespace).await {
                Ok(found) => found,
                Err(Ended::Stopped) => return Err(End::Interrupted),
                Err(Ended::Failed(error @ ClusterError::Forbidden { .. })) => {
                    survey.problems.push(error.to_string());
                    continue;
                }
                Err(Ended::Failed(error)) => {
                    return Err(End::Failed {
                        why: error.to_string(),
                    });
                }
            };
            if found.listed == 0 {
                survey.problems.extend(self.doubt_namespace(namespace).await);
            }
            survey.append(found);
        }
        Ok(())
    }

    /// Lists and judges one namespace, or all.
    async fn list<L: Ledger>(&self, namespace: Option<&str>) -> Result<Survey<L>, Ended> {
        let selector = &self.rules.target.selector;
        let mut survey = Survey::default();
        let mut after: Option<String> = None;
        let mut restarts = 0;
        for _ in 0..MOST_PAGES {
            let read = async || self.cluster.pods(namespace, selector, after.as_deref()).await;
            let page = patiently(self.stop, read).await?;
            if page.restarted && restarts == RESTARTS {
                return Err(endless(
                    namespace,
                    "the list expires between two pages, again and again",
                ));
            }
            if page.restarted {
                restarts += 1;
                survey = Survey::default();
            }
            survey.add(page.pods, self.rules);
            after = page.next;
            if after.is_none() {
                return Ok(survey);
            }
        }
        Err(endless(namespace, "the list goes on and on"))
    }

    /// The API server lists an absent namespace as an empty one; where macaque may ask, it says which.
    async fn doubt_namespace(&self, namespace: Option<&str>) -> Option<String> {
        let name = namespace?;
        let exists = self.cluster.has_namespace(name).await;
        matches!(exists, Ok(Some(false))).then(|| format!("namespace {name} does not exist"))
    }
}

/// A list that has no end.
fn endless(namespace: Option<&str>, why: &str) -> Ended {
    Ended::Failed(ClusterError::Unexpected {
        what: format!("list pods in {}", namespace.unwrap_or("all namespaces")),
        why: why.to_owned(),
    })
}

/// The namespaces to list; `None` is all of them at once.
pub(super) fn scope(namespaces: &Namespaces) -> Vec<Option<&str>> {
    match namespaces {
        Namespaces::All => vec![None],
        Namespaces::Named(names) => names.iter().map(|name| Some(name.as_str())).collect(),
    }
}
