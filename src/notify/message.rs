//! The wording of a round's message. It says only what the API server answered; channels add nothing to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use macaque_core::outcome::{DisruptionMethod, Outcome};
use macaque_core::report::{AttemptReport, RoundEnd, RoundReport, RoundStatus};

use crate::text::{self, clean, count};

/// The longest headline, in characters: Slack's limit for a header, and short enough for a phone.
const HEADLINE: usize = 150;
/// The longest line, in characters: long enough for a budget's numbers, too short for a stack trace.
const LINE: usize = 400;
/// The longest footer, in characters.
const FOOTER: usize = 300;

/// The message about one round. Every text is a single line of bounded length without invisible characters, and not yet
/// escaped for any service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoundMessage {
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
    /// What went wrong and, if nothing was disrupted, the exemptions by reason, most frequent first.
    pub notes: Vec<String>,
    /// What identifies the round: slot, seed and scope.
    pub footer: String,
    /// Whether the headline and the notes only repeat the line of the single victim.
    pub repeats_its_victim: bool,
}

/// The line about one victim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VictimLine {
    /// `namespace/name`.
    pub pod: String,
    /// The UID, which distinguishes the pod from its successor.
    pub uid: String,
    /// The outcome in one word.
    pub outcome: &'static str,
    /// Whether the outcome is unknown.
    pub doubtful: bool,
    /// The line for people to read.
    pub line: String,
}

impl RoundMessage {
    /// Writes the message about `report`.
    pub fn of(report: &RoundReport) -> Self {
        let prefix = if report.dry_run { "dry run: " } else { "" };
        let headline = clean(&format!("{prefix}{}", headline(report)), HEADLINE);
        let notes = notes(report, &headline);
        let victims: Vec<_> = report.attempts.iter().map(|a| victim(report, a)).collect();

        Self {
            status: report.status(),
            slot: report.slot,
            seed: report.seed,
            repeats_its_victim: report.end == RoundEnd::Complete && victims.len() == 1 && notes.is_empty(),
            headline,
            victims,
            notes: notes.iter().map(|note| clean(note, LINE)).collect(),
            footer: clean(&footer(report), FOOTER),
        }
    }
}

fn headline(report: &RoundReport) -> String {
    let tried = tallies(report);

    match (&report.end, report.attempts.as_slice()) {
        (RoundEnd::Failed { why }, []) => format!("round failed: {why}"),
        (RoundEnd::Failed { why }, _) => format!("round failed ({tried}): {why}"),
        (RoundEnd::Withheld { why }, []) => format!("{}: {why}", nothing(report)),
        (RoundEnd::Withheld { why }, _) => format!("{tried}; then no more: {why}"),
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
            Outcome::Gone => (4, "gone already".to_owned()),
        };
        *counts.entry(kind).or_default() += 1;
    }

    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|((rank, _), n)| (*rank, std::cmp::Reverse(*n)));
    let phrases: Vec<String> = counts
        .into_iter()
        .map(|((rank, words), n)| match rank {
            0 | 1 => format!("{words} {}", count(n, "pod")),
            _ => format!("{n} {words}"),
        })
        .collect();

    text::list(&phrases, ", ", HEADLINE - 40, text::chars)
}

/// The reason why a complete round tried no pod.
fn no_attempt(report: &RoundReport) -> String {
    match (report.problems.as_slice(), report.listed, report.candidates) {
        ([only], ..) => only.clone(),
        ([first, rest @ ..], ..) => format!("{first} (and {} more)", count(rest.len(), "problem")),
        ([], 0, _) => "no pod was listed".to_owned(),
        ([], 1, 0) => "the one pod listed is not eligible".to_owned(),
        ([], listed, 0) => format!("none of the {listed} pods listed is eligible"),
        ([], _, candidates) => format!("none of {} was tried", count(candidates, "candidate")),
    }
}

/// Describes one victim.
fn victim(report: &RoundReport, attempt: &AttemptReport) -> VictimLine {
    let pod = clean(&attempt.pod.to_string(), LINE);
    let owner = match &attempt.owner {
        Some(owner) => format!(" ({owner})"),
        None => String::new(),
    };
    let result = match &attempt.outcome {
        Outcome::DryRun => format!("dry run, no {} was requested", noun(report.method)),
        outcome => outcome.to_string(),
    };
    let warnings: String = attempt
        .warnings
        .iter()
        .map(|warning| format!("; warning: {warning}"))
        .collect();

    VictimLine {
        line: clean(&format!("{pod}{owner}: {result}{warnings}"), LINE),
        uid: clean(&attempt.pod.uid, LINE),
        outcome: attempt.outcome.word(),
        doubtful: matches!(attempt.outcome, Outcome::Unknown { .. }),
        pod,
    }
}

/// The notes: whatever the headline does not already say in full.
fn notes(report: &RoundReport, headline: &str) -> Vec<String> {
    let mut notes = Vec::new();
    let is_missing = |words: &String| !headline.contains(words.as_str());

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

    let problems = report.problems.iter().filter(|problem| is_missing(problem));
    notes.extend(problems.map(|problem| format!("problem: {problem}")));

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

fn footer(report: &RoundReport) -> String {
    let namespaces = match report.namespaces.as_slice() {
        [] => "all namespaces".to_owned(),
        names => text::list(names, ", ", 100, text::chars),
    };
    let mut parts = vec![
        format!("slot {}", report.slot),
        format!("seed {}", report.seed),
        pod_counts(report),
        namespaces,
    ];

    if report.dry_run {
        parts.insert(0, "dry run".to_owned());
    }
    if !report.selector.is_empty() {
        parts.push(report.selector.clone());
    }

    parts.join(" · ")
}

/// The numbers of pods listed and of candidates, and the size of the sample if only a sample was judged.
fn pod_counts(report: &RoundReport) -> String {
    let listed = count(report.listed, "pod");
    let candidates = count(report.candidates, "candidate");

    match report.unchecked() {
        0 => format!("{listed} listed, {candidates}"),
        unchecked => format!(
            "{listed} listed, {} of them sampled and judged, {candidates}",
            report.listed - unchecked
        ),
    }
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
pub(super) mod tests;
