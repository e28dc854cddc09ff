//! Reports as the outbox keeps them: in texts and lists of bounded length.

use crate::guard::GuardHold;
use crate::outcome::Outcome;
use crate::pod::PodTrouble;
use crate::recovery::RecoveryReport;
use crate::report::{ExemptionTallies, ExemptionTally, RoundEnd, RoundReport};

/// The maximum size of a report, in bytes of JSON; a longer one is shortened. With everything else that a journal may
/// hold, twenty reports of this size stay below the 1 MiB of a ConfigMap.
const MAX_REPORT_BYTES: usize = 8 * 1024;
/// The maximum length of a text in a shortened report, in characters.
const MAX_SHORT_TEXT: usize = 120;
/// The maximum number of problems, and of namespaces in scope or skipped, in a shortened report.
const MAX_SHORT_LIST: usize = 3;

/// The maximum number of turns in a shortened report.
const MAX_SHORT_TURNS: usize = 12;

/// The report, shortened if it is too long: attempts that disrupted a pod are kept before others.
pub(super) fn shortened(report: &RoundReport) -> RoundReport {
    if !is_long(report) {
        return report.clone();
    }

    let mut short = report.clone();
    short.exempted = merged(&report.exempted);
    short.namespaces.truncate(MAX_SHORT_LIST);
    short.selector = cut(&short.selector);
    short.namespace_selector = cut(&short.namespace_selector);
    short.skipped.truncate(MAX_SHORT_LIST);
    for skipped in &mut short.skipped {
        skipped.why = cut(&skipped.why);
    }
    short.end = match short.end {
        RoundEnd::Failed { why } => RoundEnd::Failed { why: cut(&why) },
        RoundEnd::Withheld { why } => RoundEnd::Withheld { why: cut(&why) },
        RoundEnd::Held(hold) => RoundEnd::Held(GuardHold {
            why: cut(&hold.why),
            ..hold
        }),
        end => end,
    };
    short.problems.truncate(MAX_SHORT_LIST);
    short.problems = short.problems.iter().map(|problem| cut(problem)).collect();
    short.warnings.truncate(MAX_SHORT_LIST);
    short.warnings = short.warnings.iter().map(|warning| cut(warning)).collect();

    short
        .attempts
        .sort_by_key(|attempt| !attempt.outcome.counts_as_disruption());
    for attempt in &mut short.attempts {
        attempt.warnings.clear();
        if let Outcome::Unknown { why } = &mut attempt.outcome {
            *why = cut(why);
        }
        if let Outcome::Held(hold) = &mut attempt.outcome {
            hold.why = cut(&hold.why);
        }
    }
    short.turns.sort_by_key(|turn| turn.missed.is_none());
    short.turns.truncate(MAX_SHORT_TURNS);
    for turn in &mut short.turns {
        turn.missed = turn.missed.as_deref().map(cut);
    }
    while is_long(&short) && !short.attempts.is_empty() {
        short.attempts.truncate(short.attempts.len() / 2);
    }

    let omitted = report.attempts.len() - short.attempts.len();
    short.problems.push(format!(
        "shortened to fit into the journal: {omitted} more attempts are not listed"
    ));
    let omitted = report.turns.len() - short.turns.len();
    if omitted > 0 {
        let what = format!("shortened to fit into the journal: {omitted} more turns are not listed");
        short.problems.push(what);
    }
    short
}

/// What became of a recovery, in texts of bounded length.
pub(super) fn shortened_recovery(mut report: RecoveryReport) -> RecoveryReport {
    report.trouble = report.trouble.as_ref().map(shortened_trouble);
    report.why = report.why.map(|why| cut(&why));
    report
}

/// What keeps a pod from becoming ready, in texts of bounded length.
pub(in crate::journal) fn shortened_trouble(trouble: &PodTrouble) -> PodTrouble {
    PodTrouble {
        reason: cut(&trouble.reason),
        message: cut(&trouble.message),
    }
}

/// Whether the report is too long for the journal.
fn is_long(report: &RoundReport) -> bool {
    serde_json::to_string(report).map_or(0, |text| text.len()) > MAX_REPORT_BYTES
}

/// All exempted pods in one tally, which keeps their number without the reasons.
fn merged(exempted: &ExemptionTallies) -> ExemptionTallies {
    let Some(first) = exempted.values().next() else {
        return ExemptionTallies::new();
    };

    let all = ExemptionTally {
        count: exempted.values().map(|tally| tally.count).sum(),
        example: first.example.clone(),
        detail: "the reasons are too long for the journal".to_owned(),
    };
    ExemptionTallies::from([("shortened".to_owned(), all)])
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_SHORT_TEXT).collect()
}
