//! The explanation for people.

use crate::cli::output::{line, table};
use macaque_core::eligibility::{RuleFinding, RuleResult};
use macaque_core::preview::PodExplanation;

use crate::text::count;

use super::{WhyAnswer, WhySubject};

/// Of an owner, each pod in brief and then the first in detail; of a pod, the detail.
pub(super) fn answer(whom: &WhySubject, answer: &WhyAnswer) -> String {
    let mut parts = Vec::new();
    if let WhySubject::Owner(owner) = whom {
        parts.push(line(&format!("{owner}: {}", count(answer.pods.len(), "pod"))));
        parts.push(brief(&answer.pods));
    }
    parts.extend(answer.pods.first().map(detail));
    let may_be_drawn = answer.pods.first().is_some_and(|told| told.exempt().is_none());
    if answer.dry_run && may_be_drawn {
        parts.push("macaque is set to a dry run, which asks nobody and spares whom it draws".to_owned());
    }
    parts.extend(
        answer
            .problems
            .iter()
            .map(|problem| line(&format!("problem: {problem}"))),
    );
    parts.join("\n")
}

fn brief(pods: &[PodExplanation]) -> String {
    let rows = pods.iter().map(|told| {
        let verdict = match told.exempt() {
            Some(why) => format!("not drawn: {why}"),
            None => told.opinion.to_string(),
        };
        let ready = if told.ready { "yes" } else { "no" };
        [told.pod.to_string(), ready.to_owned(), verdict]
    });
    format!("{}\n", table(["POD", "READY", "VERDICT"], rows))
}

fn detail(told: &PodExplanation) -> String {
    let owner = told.owner.as_ref();
    let owner = owner.map_or_else(|| "nobody".to_owned(), ToString::to_string);
    let ready = if told.ready { "ready" } else { "not ready" };
    let mut parts = vec![line(&format!("{}, of {owner}, {ready}", told.pod))];
    let rows = told.rules.iter().map(|finding| {
        let setting = finding.setting.clone().unwrap_or_else(|| "always".to_owned());
        [
            finding.rule.to_owned(),
            result(finding).to_owned(),
            setting,
            seen(finding),
        ]
    });
    parts.push(format!(
        "{}\n",
        table(["RULE", "RESULT", "DECIDED BY", "SEEN"], rows)
    ));
    match &told.budgets {
        Some(accounts) if accounts.is_empty() => parts.push("no budget covers it".to_owned()),
        Some(accounts) => {
            let words = accounts.iter().flat_map(|account| &account.words);
            parts.extend(words.map(|words| line(words)));
        }
        None => {}
    }
    if told.exempt().is_some() {
        parts.push(line(&format!("were it drawn: {}", told.opinion)));
    }
    parts.push(line(&told.conclusion));
    parts.join("\n")
}

fn result(finding: &RuleFinding) -> &'static str {
    match finding.standing {
        RuleResult::Passed => "ok",
        RuleResult::Opened => "opened",
        RuleResult::Exempt => "EXEMPT",
    }
}

fn seen(finding: &RuleFinding) -> String {
    match &finding.why {
        Some(why) => format!("{}: {why}", finding.seen),
        None => finding.seen.clone(),
    }
}
