//! The wording of messages. It says only what the API server answered; channels add nothing to it.

mod footer;
pub(crate) mod notice;
pub(crate) mod recovery;
mod victims;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::eligibility::NO_TURN;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::pod::OwnerRef;
use macaque_core::report::{AttemptReport, RoundEnd, RoundReport, RoundStatus, SkippedNamespace, TurnReport};

use self::footer::{footer, footer_on_route};
pub use self::notice::NoticeMessage;
pub use self::recovery::RecoveryMessage;
pub use self::victims::VictimLine;

use super::local_time::with_local_times;
use crate::text::{self, clean, count};

/// The longest headline, in characters: Slack's limit for a header, and short enough for a phone.
const HEADLINE: usize = 150;
/// The longest line, in characters: long enough for a budget's numbers, too short for a stack trace.
const LINE: usize = 400;
/// The longest phrase of a headline that counts several outcomes, in characters: so that one always fits.
const PHRASE: usize = 80;
/// The longest name of a cluster in a footer, in characters: longer than an ARN, and room for the slot stays.
const CLUSTER: usize = 100;
/// The longest footer, in characters.
const FOOTER: usize = 300;
/// The mark of what is whole again.
const MARK: char = '✓';
/// How many warnings the notes show.
const WARNINGS: usize = 5;
/// How many missed turns the notes show.
const TURNS: usize = 5;

/// What every message of a process names beside the report.
#[derive(Debug, Clone)]
pub struct MessageContext {
    /// The cluster's name, if it has one.
    pub cluster: Option<String>,
    /// The zone of the schedule, in which times are given beside UTC.
    pub zone: TimeZone,
}

impl MessageContext {
    /// The cluster's name as messages show it.
    fn cluster_name(&self) -> Option<String> {
        self.cluster.as_ref().map(|name| clean(name, CLUSTER))
    }
}

impl Default for MessageContext {
    fn default() -> Self {
        Self {
            cluster: None,
            zone: TimeZone::UTC,
        }
    }
}

/// The message about one round. Every text is a single line of bounded length without invisible characters, and not yet
/// escaped for any service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundMessage {
    /// The report.
    pub report: Arc<RoundReport>,
    /// The round in one word.
    pub status: RoundStatus,
    /// The scheduled instant of the round.
    pub slot: Timestamp,
    /// The seed of its draw.
    pub seed: u64,
    /// The round in one line.
    pub headline: String,
    /// The victims that were tried, in order.
    pub victims: Vec<VictimLine>,
    /// The lines about the victims for people: those that were spared for the same reason share a line.
    pub victim_lines: Vec<String>,
    /// What went wrong, the warnings and, if nothing was disrupted, the exemptions by reason, most frequent first.
    pub notes: Vec<String>,
    /// What identifies the round: slot, seed and scope.
    pub footer: String,
    /// The cluster's name, if it has one.
    pub cluster: Option<String>,
    /// Whether the headline and the notes only repeat the line of the single victim.
    pub repeats_its_victim: bool,
    /// The name of the route whose part of the round it is, if it is not about the whole.
    pub route: Option<String>,
}

impl RoundMessage {
    /// Writes the message about `report` for a cluster without a name and a schedule in UTC.
    pub fn of(report: &RoundReport) -> Self {
        Self::in_context(Arc::new(report.clone()), &MessageContext::default())
    }

    /// Writes the message about `report`.
    pub fn in_context(report: Arc<RoundReport>, context: &MessageContext) -> Self {
        let footer = footer(&report, context);
        Self::written(report, None, &footer, context)
    }

    /// Writes the message about the part of a round that concerns the route of this name.
    pub(super) fn on_route(part: Arc<RoundReport>, route: &str, context: &MessageContext) -> Self {
        let footer = footer_on_route(&part, route, context);
        Self::written(part, Some(route.to_owned()), &footer, context)
    }

    fn written(
        report: Arc<RoundReport>,
        route: Option<String>,
        footer: &str,
        context: &MessageContext,
    ) -> Self {
        let shown = |text: &str, max| clean(&with_local_times(text, &context.zone), max);

        let prefix = if report.dry_run { "dry run: " } else { "" };
        let headline = shown(&format!("{prefix}{}", headline(&report)), HEADLINE);
        let is_said = |words: &str| headline.contains(&with_local_times(words, &context.zone));
        let notes = notes(&report, is_said);

        let mut victims: Vec<_> = report
            .attempts
            .iter()
            .map(|attempt| victims::describe(&report, attempt))
            .collect();
        let victim_lines = victims::group(&report, &victims);
        for victim in &mut victims {
            victim.line = shown(&victim.line, LINE);
        }

        Self {
            status: report.status(),
            slot: report.slot,
            seed: report.seed,
            repeats_its_victim: report.end == RoundEnd::Complete && victims.len() == 1 && notes.is_empty(),
            notes: notes.iter().map(|note| shown(note, LINE)).collect(),
            footer: shown(footer, FOOTER),
            victim_lines: victim_lines.iter().map(|line| shown(line, LINE)).collect(),
            headline,
            victims,
            cluster: context.cluster_name(),
            route,
            report,
        }
    }

    /// The message with its mark, after every victim's owner recovered; `recovered` has a line about each.
    pub fn marked_recovered(&self, recovered: &[String]) -> Self {
        let mut marked = self.clone();
        marked.headline = clean(&format!("{MARK} {}", self.headline), HEADLINE);
        marked.notes.extend(
            recovered
                .iter()
                .map(|line| clean(&format!("{MARK} {line}"), LINE)),
        );
        marked
    }
}

fn headline(report: &RoundReport) -> String {
    let tried = tallies(report);

    match (&report.end, report.attempts.as_slice()) {
        (RoundEnd::Failed { why }, []) => format!("round failed: {why}"),
        (RoundEnd::Failed { why }, _) => format!("round failed ({tried}): {why}"),
        (RoundEnd::Withheld { why }, []) => format!("{}: {why}", nothing(report)),
        (RoundEnd::Withheld { why }, _) => format!("{tried}; then no more: {why}"),
        (RoundEnd::Held(hold), []) => format!("{}: {hold}", nothing(report)),
        (RoundEnd::Held(hold), _) => format!("{tried}; then no more: {hold}"),
        (RoundEnd::Interrupted, []) => "round interrupted by a shutdown before any pod was tried".to_owned(),
        (RoundEnd::Interrupted, _) => format!("round interrupted by a shutdown: {tried}"),
        (RoundEnd::Complete, []) => format!("{}: {}", nothing(report), no_attempt(report)),
        (RoundEnd::Complete, [only]) => single(report, only),
        (RoundEnd::Complete, _) if disrupts_nothing(report) => format!("{}: {tried}", nothing(report)),
        (RoundEnd::Complete, _) => tried,
    }
}

/// The headline of a round with one victim.
fn single(report: &RoundReport, attempt: &AttemptReport) -> String {
    let pod = &attempt.pod;
    let noun = noun(report.method);

    match &attempt.outcome {
        Outcome::Evicted | Outcome::Deleted => format!("{} {pod}", attempt.outcome.word()),
        Outcome::DryRun => format!("would have tried to {} {pod}", report.method),
        Outcome::Refused(refusal) => format!("{noun} of {pod} {}", refusal.summary()),
        Outcome::Held(hold) => format!("{}: {pod}: {hold}", nothing(report)),
        Outcome::Gone => format!("{}: {pod} was gone already", nothing(report)),
        Outcome::Unknown { .. } => format!("{noun} of {pod}: outcome unknown"),
    }
}

/// The victims counted by outcome, and refusals by who refused. Unknown outcomes come before refusals, so that
/// shortening the line never hides them.
fn tallies(report: &RoundReport) -> String {
    let mut counts: BTreeMap<(u8, String), usize> = BTreeMap::new();
    for attempt in &report.attempts {
        let kind = match &attempt.outcome {
            Outcome::Evicted | Outcome::Deleted => (0, attempt.outcome.word().to_owned()),
            Outcome::DryRun => (1, format!("would have tried to {}", report.method)),
            Outcome::Unknown { .. } => (2, "with unknown outcome".to_owned()),
            Outcome::Refused(refusal) => (3, refusal.summary()),
            Outcome::Held(hold) => (4, hold.summary()),
            Outcome::Gone => (5, "gone already".to_owned()),
        };
        *counts.entry(kind).or_default() += 1;
    }

    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|((rank, _), n)| (*rank, std::cmp::Reverse(*n)));
    let phrases: Vec<String> = counts
        .into_iter()
        .map(|((rank, words), n)| match rank {
            0 | 1 => format!("{words} {}", count(n, "pod")),
            _ => clean(&format!("{n} {words}"), PHRASE),
        })
        .collect();

    text::list(&phrases, ", ", HEADLINE - 40, text::chars)
}

/// The reason why a complete round tried no pod.
fn no_attempt(report: &RoundReport) -> String {
    match (report.problems.as_slice(), report.listed, report.candidates) {
        ([only], ..) => only.clone(),
        ([first, rest @ ..], ..) => format!("{first} (and {} more)", count(rest.len(), "problem")),
        ([], 0, _) if !report.namespace_selector.is_empty() && report.namespaces.is_empty() => {
            no_namespace(report)
        }
        ([], 0, _) => "no pod was listed".to_owned(),
        ([], _, 0) if waits_for_turns(report) => "no owner has its turn now".to_owned(),
        ([], 1, 0) => "the one pod listed is not eligible".to_owned(),
        ([], listed, 0) => format!("none of the {listed} pods listed is eligible"),
        ([], _, candidates) => format!("none of {} was tried", count(candidates, "candidate")),
    }
}

/// Whether pods were exempt because it is nobody's turn.
fn waits_for_turns(report: &RoundReport) -> bool {
    report.exempted.contains_key(NO_TURN) && report.turns.iter().all(|turn| turn.slot < report.slot)
}

/// The reason why no namespace is in scope, where their labels decide.
fn no_namespace(report: &RoundReport) -> String {
    let selector = &report.namespace_selector;
    match report.skipped.len() {
        0 => format!("no namespace matches {selector}"),
        1 => format!("the one namespace with {selector} was skipped"),
        skipped => format!("all {skipped} namespaces with {selector} were skipped"),
    }
}

/// The notes: whatever the headline does not already say in full.
fn notes(report: &RoundReport, is_said: impl Fn(&str) -> bool) -> Vec<String> {
    let mut notes = Vec::new();
    let is_missing = |words: &String| !is_said(words);

    if let RoundEnd::Failed { why } = &report.end
        && is_missing(why)
    {
        notes.push(format!("the round could not go on: {why}"));
    }
    if let RoundEnd::Withheld { why } = &report.end
        && is_missing(why)
    {
        notes.push(format!("no more disruptions were allowed: {why}"));
    }
    if let RoundEnd::Held(hold) = &report.end
        && is_missing(&hold.to_string())
    {
        notes.push(format!("the round ended here: {hold}"));
    }

    let problems = report.problems.iter().filter(|problem| is_missing(problem));
    notes.extend(problems.map(|problem| format!("problem: {problem}")));
    notes.extend(turns(report));
    notes.extend(report.count.iter().map(|count| format!("count: {count}")));
    notes.extend(SkippedNamespace::texts(&report.skipped));
    notes.extend(warnings(report));

    if disrupts_nothing(report) {
        let mut tallies: Vec<_> = report.exempted.iter().collect();
        tallies.sort_by_key(|(reason, tally)| (std::cmp::Reverse(tally.count), reason.as_str()));
        notes.extend(tallies.into_iter().map(|(reason, tally)| {
            let lead = if tally.count == 1 { "" } else { "e.g. " };
            format!(
                "{} exempt, {reason}: {lead}{} ({})",
                tally.count, tally.example, tally.detail
            )
        }));
    }

    notes
}

/// The first turns that were missed, and the number of the others.
fn turns(report: &RoundReport) -> Vec<String> {
    let shown = report.missed_turns().take(TURNS);
    let mut lines: Vec<String> = shown.map(|(turn, why)| missed_turn(turn, why)).collect();

    let more = report.missed_turns().count().saturating_sub(TURNS);
    if more > 0 {
        lines.push(format!("{} more missed", count(more, "turn")));
    }
    lines
}

/// A turn that was missed, and why.
pub(crate) fn missed_turn(turn: &TurnReport, why: &str) -> String {
    let OwnerRef { namespace, owner } = &turn.owner;
    format!("turn missed: {owner} in {namespace}: {why}")
}

/// The first warnings of the round, and the number of the others.
pub(crate) fn warnings(report: &RoundReport) -> Vec<String> {
    let shown = report.warnings.iter().take(WARNINGS);
    let mut lines: Vec<String> = shown.map(|warning| format!("warning: {warning}")).collect();

    let more = report.warnings.len().saturating_sub(WARNINGS);
    if more > 0 {
        lines.push(format!("{} more", count(more, "warning")));
    }
    lines
}

/// Whether no pod was disrupted or, in a dry run, would have been, as far as is known.
fn disrupts_nothing(report: &RoundReport) -> bool {
    report.count(Outcome::counts_as_disruption) == 0
}

fn nothing(report: &RoundReport) -> &'static str {
    if report.dry_run {
        "no pod would have been disrupted"
    } else {
        "no pod disrupted"
    }
}

fn noun(method: DisruptionMethod) -> &'static str {
    match method {
        DisruptionMethod::Evict => "eviction",
        DisruptionMethod::Delete => "deletion",
    }
}

#[cfg(test)]
pub(crate) mod tests;
