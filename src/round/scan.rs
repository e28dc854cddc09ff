//! Lists the pods in scope page by page and judges each: what stays in memory is the counts, and what the caller's
//! ledger keeps.

use jiff::Timestamp;

use crate::k8s::{Cluster, ClusterError, list_words};
use macaque_core::config::Namespaces;
use macaque_core::eligibility::{Candidate, Rules, judge};
use macaque_core::pod::Pod;
use macaque_core::report::{End, Exempted, Tally};
use macaque_core::selection::Register;
use macaque_core::selection::Roster;

use super::Stop;
use super::pager::{Names, Pager, Size};
use super::retry::{Ended, patiently};

/// What is kept of the pods that a survey sees.
pub(crate) trait Ledger: Default {
    /// Enters one pod, with the candidate that it was judged to be by `rules`, if it was.
    fn enter(&mut self, pod: Pod, candidate: Option<Candidate>, rules: &Rules);
    /// Adds the entries of another namespace.
    fn append(&mut self, more: Self);
}

/// A round keeps the candidates and nothing else.
impl Ledger for Vec<Candidate> {
    fn enter(&mut self, _: Pod, candidate: Option<Candidate>, _: &Rules) {
        self.extend(candidate);
    }

    fn append(&mut self, more: Self) {
        self.extend(more);
    }
}

/// In a crowd it keeps them compactly.
impl Ledger for Register {
    fn enter(&mut self, pod: Pod, candidate: Option<Candidate>, rules: &Rules) {
        Register::enter(self, &pod, candidate.as_ref(), rules);
    }

    fn append(&mut self, more: Self) {
        Register::append(self, more);
    }
}

/// What a survey found.
#[derive(Default)]
pub(crate) struct Survey<L> {
    pub(crate) listed: usize,
    pub(crate) exempted: Exempted,
    pub(crate) ledger: L,
    /// What went wrong without ending the survey.
    pub(crate) problems: Vec<String>,
}

/// Where a survey looks, and by what it judges.
#[derive(Clone, Copy)]
pub(crate) struct Field<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) rules: &'a Rules,
    pub(crate) stop: &'a Stop,
}

impl<L: Ledger> Survey<L> {
    fn add(&mut self, pod: Pod, rules: &Rules, now: Timestamp) {
        self.listed += 1;
        match judge(&pod, rules, now) {
            Ok(candidate) => self.ledger.enter(pod, Some(candidate), rules),
            Err(exemption) => {
                Tally::note(&mut self.exempted, pod.id.clone(), &exemption);
                self.ledger.enter(pod, None, rules);
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
    /// Surveys every namespace in scope into `survey`, however many pods there are. A namespace that may not be read,
    /// or does not exist, is a problem of its own and ends nothing for the others.
    pub(crate) async fn survey<L: Ledger>(&self, survey: &mut Survey<L>) -> Result<(), End> {
        self.survey_within(survey, &mut Size::Irrelevant).await.map(drop)
    }

    /// The same, unless the scope turns out to be a crowd: then what was seen so far counts for nothing, and what is
    /// known of its size is returned.
    pub(crate) async fn survey_unless_crowd<L: Ledger>(
        &self,
        survey: &mut Survey<L>,
    ) -> Result<Option<Size>, End> {
        let mut size = Size::Unknown;
        if self.survey_within(survey, &mut size).await? {
            return Ok(None);
        }
        *survey = Survey::default();
        Ok(Some(size))
    }

    /// The names of a crowd, if they were not counted already.
    pub(crate) async fn names_of(&self, size: Size) -> Result<Names, End> {
        match size {
            Size::Counted(names) => Ok(names),
            Size::Unknown | Size::Irrelevant => Ok(self.names().await?),
        }
    }

    /// Surveys as long as the scope may be no crowd; whether it was surveyed whole.
    async fn survey_within<L: Ledger>(&self, survey: &mut Survey<L>, size: &mut Size) -> Result<bool, End> {
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
    async fn list<L: Ledger>(
        &self,
        namespace: Option<&str>,
        before: usize,
        more: bool,
        size: &mut Size,
    ) -> Result<Option<Survey<L>>, Ended> {
        let Self { cluster, rules, .. } = self;
        let selector = &rules.target.selector;
        let (mut survey, mut pager) = (Survey::default(), Pager::default());
        loop {
            // Later pages say nothing new, and one of them may turn out to be the first one again.
            let glance = pager.after().map_or_else(|| size.glance(before), |_| None);
            let read = async || {
                let mut page = Survey::default();
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
                survey = Survey::default();
            }
            survey.append(page);
            let seen = before + survey.listed;
            let goes_on = more || turn.next.is_some();
            let mut is_crowd = size.of(seen, turn.remaining, goes_on);
            if is_crowd.is_none() {
                *size = Size::Counted(self.names().await?);
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
    async fn names(&self) -> Result<Names, Ended> {
        let mut names = Names::default();
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
    async fn names_in(&self, namespace: Option<&str>) -> Result<Roster, Ended> {
        let Self { cluster, rules, .. } = self;
        let (selector, phases) = (&rules.target.selector, rules.phases());
        let (mut roster, mut pager, mut tables) = (Roster::default(), Pager::default(), true);
        loop {
            let read = async || match tables {
                true => cluster.names(namespace, selector, phases, pager.after()).await,
                false => cluster
                    .names_of_metadata(namespace, selector, phases, pager.after())
                    .await
                    .map(Some),
            };
            let Some(page) = patiently(self.stop, read).await? else {
                (roster, pager, tables) = (Roster::default(), Pager::default(), false);
                continue;
            };
            pager
                .turn(&page.turn, page.names.len())
                .map_err(|why| endless(namespace, why))?;
            if page.turn.restarted {
                roster = Roster::default();
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
fn problem(ended: Ended) -> Result<String, Ended> {
    match ended {
        Ended::Failed(error @ ClusterError::Forbidden { .. }) => Ok(error.to_string()),
        ended => Err(ended),
    }
}

/// A list that has no end.
fn endless(namespace: Option<&str>, why: &str) -> Ended {
    Ended::Failed(ClusterError::Unexpected {
        what: list_words(namespace),
        why: why.to_owned(),
    })
}

/// The namespaces to list; `None` is all of them at once.
pub(crate) fn scope(namespaces: &Namespaces) -> Vec<Option<&str>> {
    match namespaces {
        Namespaces::All => vec![None],
        Namespaces::Named(names) => names.iter().map(|name| Some(name.as_str())).collect(),
    }
}
