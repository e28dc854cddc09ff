//! Which victims a route is about, and what of a message concerns it: nobody else's victims.

use std::borrow::Cow;
use std::sync::Arc;

use macaque_core::pod::OwnerRef;
use macaque_core::report::{ExemptionTallies, RoundEnd, RoundReport, TurnReport};

use super::message::{MessageContext, RoundMessage};
use super::outgoing::OutgoingMessage;

/// A route: the victims that it is about. A victim must be in one of the namespaces, if some are named, and of one of the
/// teams, if some are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The name.
    pub name: String,
    /// The namespaces.
    pub namespaces: Vec<NamespacePattern>,
    /// The teams.
    pub teams: Vec<String>,
}

/// The name of a namespace, in which `*` stands for any characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespacePattern(String);

/// The longest name of a namespace.
const LONGEST: usize = 63;

impl NamespacePattern {
    /// The pattern that `text` is; `None` if no namespace can match it, because its characters or its length are not those
    /// of a namespace.
    pub fn parse(text: &str) -> Option<Self> {
        let is_of_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '*');
        let letters = text.chars().filter(|c| *c != '*').count();
        let is_pattern = !text.is_empty() && text.chars().all(is_of_name) && letters <= LONGEST;
        is_pattern.then(|| Self(text.to_owned()))
    }

    /// Whether the namespace matches.
    pub fn matches(&self, namespace: &str) -> bool {
        let Some((first, rest)) = self.0.split_once('*') else {
            return self.0 == namespace;
        };
        let Some(mut left) = namespace.strip_prefix(first) else {
            return false;
        };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        for part in middle.split('*') {
            let Some(at) = left.find(part) else {
                return false;
            };
            left = &left[at + part.len()..];
        }
        left.ends_with(last)
    }
}

impl Route {
    /// Whether the route is about a victim in this namespace and of this team.
    pub fn is_about(&self, namespace: &str, team: Option<&str>) -> bool {
        let is_there =
            self.namespaces.is_empty() || self.namespaces.iter().any(|pattern| pattern.matches(namespace));
        let is_theirs =
            self.teams.is_empty() || team.is_some_and(|team| self.teams.iter().any(|known| known == team));
        is_there && is_theirs
    }

    /// What of `message` the route is about, if anything: of a round its victims, a recovery as it is, and no notice.
    pub fn part_of<'a>(
        &self,
        message: &'a OutgoingMessage,
        context: &MessageContext,
    ) -> Option<Cow<'a, OutgoingMessage>> {
        match message {
            OutgoingMessage::Round(round) => {
                let part = Arc::new(self.part_of_round(&round.report)?);
                let part = RoundMessage::on_route(part, &self.name, context);
                Some(Cow::Owned(part.into()))
            }
            OutgoingMessage::Recovery(recovery) => {
                let report = &recovery.report;
                let is_about = self.is_about(&report.pod.namespace, report.team.as_deref());
                is_about.then_some(Cow::Borrowed(message))
            }
            OutgoingMessage::Notice(_) => None,
        }
    }

    /// The round with the victims that the route is about, if there is one. How the round ended, its problems, and the pods
    /// that were exempt may name pods of others, so they are left out.
    fn part_of_round(&self, report: &RoundReport) -> Option<RoundReport> {
        let attempts = report.attempts.iter().filter(|attempt| {
            let namespace = &attempt.pod.namespace;
            self.is_about(namespace, attempt.team.as_deref())
        });
        let attempts: Vec<_> = attempts.cloned().collect();
        if attempts.is_empty() {
            return None;
        }

        let is_tried = |turn: &TurnReport| {
            let mut owners = attempts
                .iter()
                .map(|attempt| OwnerRef::of(&attempt.pod, attempt.owner.as_ref()));
            owners.any(|owner| owner == turn.owner)
        };
        let turns = report
            .turns
            .iter()
            .filter(|turn| is_tried(turn))
            .cloned()
            .collect();

        Some(RoundReport {
            turns,
            attempts,
            count: None,
            exempted: ExemptionTallies::new(),
            problems: Vec::new(),
            skipped: Vec::new(),
            warnings: Vec::new(),
            end: RoundEnd::Complete,
            ..report.clone()
        })
    }
}

#[cfg(test)]
mod tests;
