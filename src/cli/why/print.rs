//! The explanation, for people.

use jiff::Timestamp;
use macaque_core::eligibility::{RuleFinding, RuleResult};
use macaque_core::pod::ReplicaState;
use macaque_core::preview::{GuardRow, PodExplanation};
use macaque_core::report::SkippedNamespace;

use super::WhyAnswer;
use crate::cli::output::{ShownCell, TableColumns, age, line, server_text, table};
use crate::text::count;

/// The whole answer: for an owner each pod in brief and then the first in detail, for a pod the detail.
pub(super) fn answer(answer: &WhyAnswer, is_wide: bool) -> String {
    let mut parts = Vec::new();
    if let Some(owner) = &answer.owner {
        parts.push(line(&format!("{owner}: {}", count_pods(&answer.pods))));
        parts.push(brief(&answer.pods, answer.now, is_wide));
    }

    parts.extend(answer.pods.first().map(|pod| detail(pod, answer.now, is_wide)));

    parts.extend(answer.turn.as_ref().map(|turn| line(&turn.words())));
    let is_eligible = answer.pods.first().is_some_and(|pod| pod.exempt().is_none());
    if answer.dry_run && is_eligible {
        parts.push("dry run: macaque would pick a pod but send no request".to_owned());
    }

    parts.extend(answer.paused.as_ref().map(|paused| line(paused)));
    parts.extend(
        answer
            .withheld
            .as_ref()
            .map(|why| line(&format!("withheld: {why}"))),
    );
    let skipped = SkippedNamespace::texts(&answer.skipped);
    parts.extend(skipped.iter().map(|text| line(text)));
    let warnings = answer
        .warnings
        .iter()
        .map(|warning| format!("warning: {warning}"));
    let problems = answer
        .problems
        .iter()
        .map(|problem| format!("problem: {problem}"));
    parts.extend(warnings.chain(problems).map(|text| line(&text)));

    parts.join("\n")
}

/// How many pods an owner has, and how many that are on their way out.
fn count_pods(pods: &[PodExplanation]) -> String {
    let is_live = |pod: &&PodExplanation| matches!(pod.state, ReplicaState::Ready | ReplicaState::NotReady);
    let live = pods.iter().filter(is_live).count();
    let counted = count(live, "pod");
    match pods.len() - live {
        0 => counted,
        1 => format!("{counted}, and 1 that is terminating or finished"),
        leaving => format!("{counted}, and {leaving} that are terminating or finished"),
    }
}

fn brief(pods: &[PodExplanation], now: Timestamp, is_wide: bool) -> String {
    let table = TableColumns::new(is_wide)
        .column("POD", |pod: &PodExplanation| pod.pod.to_string())
        .column("READY", |pod| if pod.ready { "yes" } else { "no" })
        .wide("STATE", |pod| pod.state.to_string())
        .wide("AGE", |pod| age(pod.details.created, now))
        .wide("NODE", |pod| known(&pod.details.node))
        .wide("ZONE", |pod| known(&pod.details.zone))
        .wide("REVISION", |pod| known(&pod.details.revision))
        .wide("UID", |pod| pod.pod.uid.clone())
        .result("PREDICTION", |pod| match pod.exempt() {
            Some(why) => format!("not eligible: {why}"),
            None => pod.prediction.to_string(),
        })
        .table(pods);
    format!("{table}\n")
}

/// Where the pod runs, since when, of which revision, and its UID, in a line.
fn place(pod: &PodExplanation, now: Timestamp) -> String {
    let details = &pod.details;
    format!(
        "node {}, zone {}, age {}, revision {}, UID {}",
        known(&details.node),
        known(&details.zone),
        age(details.created, now),
        known(&details.revision),
        pod.pod.uid
    )
}

fn known(text: &Option<String>) -> String {
    text.clone().unwrap_or_else(|| "-".to_owned())
}

fn detail(pod: &PodExplanation, now: Timestamp, is_wide: bool) -> String {
    let owner = match &pod.owner {
        Some(owner) => format!("of {owner}"),
        None => "without an owner".to_owned(),
    };
    let mut parts = vec![line(&format!("{}, {owner}, {}", pod.pod, pod.state))];
    parts.extend(is_wide.then(|| line(&place(pod, now))));
    let rows = pod.rules.iter().map(|finding| {
        let setting = finding.setting.clone().unwrap_or_else(|| "always".to_owned());
        [
            finding.rule.into(),
            ShownCell::result(result(finding)),
            setting.into(),
            seen(finding).into(),
        ]
    });

    parts.push(format!(
        "{}\n",
        table(["RULE", "RESULT", "DECIDED BY", "SEEN"], rows)
    ));

    let rows = pod.guards.iter().map(|guard| {
        [
            guard.guard.clone().into(),
            ShownCell::result(guard.result.to_string()),
            guard.setting.clone().into(),
            guard_seen(guard).into(),
        ]
    });
    parts.push(format!(
        "{}\n",
        table(["GUARD", "RESULT", "DECIDED BY", "SEEN"], rows)
    ));

    match &pod.budgets {
        Some(accounts) if accounts.is_empty() => parts.push("no budget covers it".to_owned()),
        Some(accounts) => {
            let words = accounts.iter().flat_map(|account| &account.words);
            parts.extend(words.map(|words| line(words)));
        }
        None => {}
    }

    let warnings = pod.warnings.iter();
    parts.extend(warnings.map(|warning| line(&format!("warning: {warning}"))));

    if pod.exempt().is_some() {
        parts.push(line(&format!("prediction if it were picked: {}", pod.prediction)));
    }

    parts.push(line(&pod.conclusion));
    parts.join("\n")
}

fn result(finding: &RuleFinding) -> &'static str {
    match finding.result {
        RuleResult::Passed => "ok",
        RuleResult::SwitchedOff => "off",
        RuleResult::Exempt => "EXEMPT",
    }
}

fn guard_seen(guard: &GuardRow) -> String {
    let seen = server_text(&guard.seen);
    match guard.millis {
        Some(millis) => format!("{seen} ({millis} ms)"),
        None => seen,
    }
}

fn seen(finding: &RuleFinding) -> String {
    match &finding.why {
        Some(why) => format!("{}: {why}", finding.seen),
        None => finding.seen.clone(),
    }
}
