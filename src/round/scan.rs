//! Lists the pods in scope page by page and judges each: what stays in memory is the counts, and what the caller's
//! ledger keeps.

use jiff::Timestamp;

use crate::k8s::{ApiError, Cluster, list_words};
use macaque_core::config::NamespaceScope;
use macaque_core::eligibility::{Candidate, EligibilityRules, judge};
use macaque_core::pod::Pod;
use macaque_core::report::{ExemptionTallies, ExemptionTally, RoundEnd};
use macaque_core::selection::CandidateIndex;
use macaque_core::selection::NameIndex;

use super::StopToken;
use super::pager::{ListPager, ScopeNames, ScopeSize};
use super::retry::{ReadError, patiently};

/// What is kept of the pods that a survey sees.
pub(crate) trait PodSink: Default {
    /// Enters one pod, with the candidate that it was judged to be by `rules`, if it was.
    fn enter(&mut self, pod: Pod, candidate: Option<Candidate>, rules: &EligibilityRules);
    /// Adds the entries of another namespace.
    fn append(&mut self, more: Self);
}

/// A round keeps the candidates and nothing else.
impl PodSink for Vec<Candidate> {
    fn enter(&mut self, _: Pod, candidate: Option<Candidate>, _: &EligibilityRules) {
        self.extend(candidate);
    }

    fn append(&mut self, more: Self) {
        self.extend(more);
    }
}

/// In a crowd it keeps them compactly.
impl PodSink for CandidateIndex {
    fn enter(&mut self, pod: Pod, candidate: Option<Candidate>, rules: &EligibilityRules) {
        CandidateIndex::enter(self, &pod, candidate.as_ref(), rules);
    }

    fn append(&mut self, more: Self) {
        CandidateIndex::append(self, more);
    }
}

/// What a survey found.
#[derive(Default)]
pub(crate) struct PodScan<L> {
    pub(crate) listed: usize,
    pub(crate) exempted: ExemptionTallies,
    pub(crate) ledger: L,
    /// What went wrong without ending the survey.
    pub(crate) problems: Vec<String>,
}

/// Where a survey looks, and by what it judges.
#[derive(Clone, Copy)]
pub(crate) struct PodScanner<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) rules: &'a EligibilityRules,
    pub(crate) stop: &'a StopToken,
}

impl<L: PodSink> PodScan<L> {
    fn add(&mut self, pod: Pod, rules: &EligibilityRules, now: Timestamp) {
        self.listed += 1;
        match judge(&pod, rules, now) {
            Ok(candidate) => self.ledger.enter(pod, Some(candidate), rules),
            Err(exemption) => {
                ExemptionTally::note(&mut self.exempted, pod.id.clone(), &exemption);
                self.ledger.enter(pod, None, rules);
            }
        }
    }

    fn append(&mut self, more: Self) {
        self.listed += more.listed;
        ExemptionTally::merge(&mut self.exempted, more.exempted);
        self.ledger.append(more.ledger);
        self.problems.extend(more.problems);
    }
}

impl PodScanner<'_> {
    /// Surveys every namespace in scope into `survey`, however many pods there are. A namespace that may not be read,
    /// or does not exist, is a problem of its own and ends nothing for the others.
    pub(crate) async fn survey<L: PodSink>(&self, survey: &mut PodScan<L>) -> Result<(), RoundEnd> {
        self.survey_within(survey, &mut ScopeSize::Unlimited)
            .await
            .map(drop)
    }

    /// The same, unless the scope turns out to be a crowd: then what was seen so far counts for nothing, and what is
    /// known of its size is returned.
    pub(crate) async fn survey_unless_crowd<L: PodSink>(
        &self,
        survey: &mut PodScan<L>,
    ) -> Result<Option<ScopeSize>, RoundEnd> {
        let mut size = ScopeSize::Unknown;
        if self.survey_within(survey, &mut size).await? {
            return Ok(None);
        }
        *survey = PodScan::default();
        Ok(Some(size))
    }

    /// The names of a crowd, if they were not counted already.
    pub(crate) async fn names_of(&self, size: ScopeSize) -> Result<ScopeNames, RoundEnd> {
        match size {
            ScopeSize::Counted(names) => Ok(names),
            ScopeSize::Unknown | ScopeSize::Unlimited => Ok(self.names().await?),
        }
    }

    /// Surveys as long as the scope may be no crowd; whether it was surveyed whole.
    async fn survey_within<L: PodSink>(
        &self,
        survey: &mut PodScan<L>,
        size: &mut ScopeSize,
    ) -> Result<bool, RoundEnd> {
        let namespaces = scope(&self.rules.target.namespaces);
        for (n, namespace) in namespaces.iter().enumerate() {
            let (before, more) = (survey.listed, n + 1 < namespaces.len());
            let found = match self.list::<L>(*namespace, before, more, size).await {
                Ok(Some(found)) => found,
                Ok(None) => return Ok(false),
                Err(ended) => {
                    survey.problems.push(problem(ended)?);
                    continue;
                }
            };
            if found.listed == 0 {
                survey.problems.extend(self.doubt_namespace(*namespace).await);
            }
            survey.append(found);
        }
        Ok(true)
    }

    /// Lists and judges one namespace, or all, after so many pods `before` and with `more` namespaces to come; `None`
    /// if all of it is a crowd.
    async fn list<L: PodSink>(
        &self,
        namespace: Option<&str>,
        before: usize,
        more: bool,
        size: &mut ScopeSize,
    ) -> Result<Option<PodScan<L>>, ReadError> {
        let Self { cluster, rules, .. } = self;
        let selector = &rules.target.selector;
        let (mut survey, mut pager) = (PodScan::default(), ListPager::default());
        loop {
            // Later pages say nothing new, and one of them may turn out to be the first one again.
            let glance = pager.after().map_or_else(|| size.glance(before), |_| None);
            let read = async || {
                let mut page = PodScan::default();
                let now = Timestamp::now();
                let add = |pod| page.add(pod, rules, now);
                let turn = cluster
                    .each_pod(namespace, selector, pager.after(), glance, add)
                    .await?;
                Ok((page, turn))
            };
            let (page, turn) = patiently(self.stop, read).await?;
            pager
                .turn(&turn, page.listed)
                .map_err(|why| endless(namespace, why))?;
            if turn.restarted {
                survey = PodScan::default();
            }
            survey.append(page);
            let seen = before + survey.listed;
            let goes_on = more || turn.next.is_some();
            let mut is_crowd = size.of(seen, turn.remaining, goes_on);
            if is_crowd.is_none() {
                *size = ScopeSize::Counted(self.names().await?);
                is_crowd = size.of(seen, turn.remaining, goes_on);
            }
            if is_crowd == Some(true) {
                return Ok(None);
            }
            if turn.next.is_none() {
                return Ok(Some(survey));
            }
        }
    }

    /// The names of every namespace in scope.
    async fn names(&self) -> Result<ScopeNames, ReadError> {
        let mut names = ScopeNames::default();
        for namespace in scope(&self.rules.target.namespaces) {
            match self.names_in(namespace).await {
                Ok(more) if more.is_empty() => names.problems.extend(self.doubt_namespace(namespace).await),
                Ok(more) => names.roster.append(more),
                Err(ended) => names.problems.push(problem(ended)?),
            }
        }
        Ok(names)
    }

    /// The names of one namespace, or of all.
    async fn names_in(&self, namespace: Option<&str>) -> Result<NameIndex, ReadError> {
        let Self { cluster, rules, .. } = self;
        let (selector, phases) = (&rules.target.selector, rules.phases());
        let (mut roster, mut pager, mut tables) = (NameIndex::default(), ListPager::default(), true);
        loop {
            let read = async || match tables {
                true => cluster.names(namespace, selector, phases, pager.after()).await,
                false => cluster
                    .names_of_metadata(namespace, selector, phases, pager.after())
                    .await
                    .map(Some),
            };
            let Some(page) = patiently(self.stop, read).await? else {
                (roster, pager, tables) = (NameIndex::default(), ListPager::default(), false);
                continue;
            };
            pager
                .turn(&page.turn, page.names.len())
                .map_err(|why| endless(namespace, why))?;
            if page.turn.restarted {
                roster = NameIndex::default();
            }
            roster.append(page.names);
            if page.turn.next.is_none() {
                return Ok(roster);
            }
        }
    }

    /// The API server lists an absent namespace as an empty one; where macaque may ask, it says which.
    async fn doubt_namespace(&self, namespace: Option<&str>) -> Option<String> {
        let name = namespace?;
        let exists = self.cluster.has_namespace(name).await;
        matches!(exists, Ok(Some(false))).then(|| format!("namespace {name} does not exist"))
    }
}

/// Why one namespace could not be read, in words.
///
/// # Errors
/// No other can be read either.
fn problem(ended: ReadError) -> Result<String, ReadError> {
    match ended {
        ReadError::Failed(error @ ApiError::Forbidden { .. }) => Ok(error.to_string()),
        ended => Err(ended),
    }
}

/// A list that has no end.
fn endless(namespace: Option<&str>, why: &str) -> ReadError {
    ReadError::Failed(ApiError::Unexpected {
        what: list_words(namespace),
        why: why.to_owned(),
    })
}

/// The namespaces to list; `None` is all of them at once.
pub(crate) fn scope(namespaces: &NamespaceScope) -> Vec<Option<&str>> {
    match namespaces {
        NamespaceScope::All => vec![None],
        NamespaceScope::Named(names) => names.iter().map(|name| Some(name.as_str())).collect(),
    }
}
