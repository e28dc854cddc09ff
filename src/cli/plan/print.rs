//! The plan for people.

mod turns;

use jiff::Timestamp;
use macaque_core::config::DrawBy;
use macaque_core::guard::{GuardAnswer, GuardFinding};
use macaque_core::pod::PodRef;
use macaque_core::preview::PredictedVictim;
use macaque_core::report::SkippedNamespace;

use self::turns::{NEXT_TURN, many, next_turn, of_whom, waiting};
use super::recoveries::RecoveryView;
use super::rows::{BudgetCover, CandidateRow, OwnerRow};
use super::view::{PlanView, SLOTS, SeedDraw};
use crate::cli::output::{ShownCell, TableColumns, age, counted, line, names, server_text, table};
use crate::cli::schedule::{SlotRow, until};
use crate::text::clean;

/// The longest text in the column of the guards, in characters.
const GUARDS: usize = 100;

/// The plan: with one owner per line or, wide, with one candidate per line.
pub(super) fn page(view: &PlanView, is_wide: bool) -> String {
    around(view, || if is_wide { by_pod(view) } else { by_owner(view) })
}

fn by_owner(view: &PlanView) -> String {
    TableColumns::new(false)
        .column("NAMESPACE", |row: &OwnerRow| row.namespace.clone())
        .column("OWNER", |row| row.owner.clone())
        .column_if(view.turns.is_some(), NEXT_TURN, |row| {
            next_turn(row.next_turn.as_ref())
        })
        .column("READY", |row| {
            format!("{}/{}", row.ready, row.wanted.unwrap_or(row.pods))
        })
        .column("BUDGET", |row| cover(&row.budgets).0)
        .column("ALLOWS", |row| cover(&row.budgets).1)
        .column("CANDIDATES", |row| row.candidates.to_string())
        .column("CHANCE", |row| chance(row.chance, view.chances_estimated))
        .result("GUARDS", guards)
        .result("PREDICTION", |row| server_text(&row.brief_verdict))
        .table(&view.owners)
}

fn by_pod(view: &PlanView) -> String {
    let known = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
    TableColumns::new(true)
        .column("POD", |row: &CandidateRow| row.pod.to_string())
        .column("OWNER", |row| {
            row.owner
                .as_ref()
                .map_or_else(|| "-".to_owned(), ToString::to_string)
        })
        .column_if(view.turns.is_some(), NEXT_TURN, |row| {
            next_turn(row.next_turn.as_ref())
        })
        .column("READY", |row| if row.ready { "yes" } else { "no" })
        .wide("AGE", |row| age(row.details.created, view.now))
        .wide("NODE", move |row| known(&row.details.node))
        .wide("ZONE", move |row| known(&row.details.zone))
        .wide("REVISION", move |row| known(&row.details.revision))
        .wide("UID", |row| row.pod.uid.clone())
        .column("BUDGET", |row| cover(&row.budgets).0)
        .column("ALLOWS", |row| cover(&row.budgets).1)
        .column("CHANCE", |row| chance(row.chance, view.chances_estimated))
        .result("PREDICTION", |row| server_text(&row.prediction.to_string()))
        .table(&view.candidates)
}

/// The table of candidates, with what goes before and after it.
fn around(view: &PlanView, candidates: impl FnOnce() -> String) -> String {
    let mut stopped = String::new();
    if let Some(paused) = &view.paused {
        stopped += &(line(paused) + "\n");
    }
    if let Some(why) = &view.withheld {
        stopped += &(line(&format!("withheld: {why}")) + "\n");
    }
    let mut parts = vec![
        format!("{}\n{stopped}{}", mode(view), schedule(view)),
        funnel(view),
    ];
    if !view.candidates.is_empty() {
        parts.push(candidates());
    }

    parts.extend(view.recovery.as_ref().and_then(RecoveryView::text));
    parts.extend(view.round_guards.as_deref().and_then(round_guards));
    parts.extend(view.draw.as_ref().map(|shown| draw(shown, view.dry_run)));

    let remarks = remarks(view);
    if !remarks.is_empty() {
        parts.push(remarks.join("\n"));
    }

    parts.join("\n\n")
}

fn mode(view: &PlanView) -> String {
    let mode = if view.dry_run {
        "DRY RUN: nothing is disrupted"
    } else {
        "ARMED"
    };
    let pods = match view.selector.as_str() {
        "" => "every pod".to_owned(),
        selector => format!("pods with {selector}"),
    };
    let place = match (&view.namespace_selector, &view.namespaces[..]) {
        (None, []) => "all namespaces".to_owned(),
        (None, several) => names(several),
        (Some(selector), []) => format!("namespaces with {selector} (none)"),
        (Some(selector), several) => format!("namespaces with {selector} ({})", names(several)),
    };
    let likely = match view.draw_by {
        DrawBy::Pod => "",
        DrawBy::Owner => ", every owner equally likely",
    };

    format!(
        "{mode}; {} {}, at most {} attempts ({} after a webhook refused), from {pods} in {place}{likely}",
        view.method,
        many(view),
        view.attempts,
        view.attempts_after_webhook
    )
}

fn schedule(view: &PlanView) -> String {
    let Some(schedule) = &view.schedule else {
        return "no schedule: only `macaque once` runs rounds".to_owned();
    };
    let mut slots: Vec<_> = view.next.iter().map(|slot| at(slot, view.now)).collect();
    let (rounds, quiet): (Vec<_>, Vec<_>) = view.next.iter().partition(|slot| slot.round);

    if let Some(turns) = &view.turns {
        let turns = |slot: &SlotRow| turns.iter().find(|turns| turns.slot == slot.slot);
        for (words, slot) in slots.iter_mut().zip(&view.next) {
            if let Some(turns) = turns(slot) {
                *words += &format!(", {}", of_whom(turns));
            }
        }
    }
    if rounds.is_empty() {
        slots.push("every slot is in a quiet time".to_owned());
    } else if let ([_], Some(last)) = (&rounds[..], slots.last_mut())
        && quiet.len() == SLOTS
    {
        *last = format!("then {last}");
    }

    let next = slots.join(if view.turns.is_some() { "\n      " } else { ", " });
    format!("schedule: {schedule}\nnext: {next}")
}

fn at(slot: &SlotRow, now: Timestamp) -> String {
    let what = match &slot.quiet {
        Some(quiet) => format!("quiet: {quiet}"),
        None => format!("in {}", until(now, slot.slot)),
    };
    format!("{} ({what})", slot.local)
}

/// The table from all pods to the candidates.
fn funnel(view: &PlanView) -> String {
    let mut rows = vec![[view.listed.to_string(), "listed".to_owned(), String::new()]];

    let mut tallies: Vec<_> = view.exempted.iter().collect();
    tallies.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.count));
    rows.extend(tallies.into_iter().map(|(word, tally)| {
        [
            format!("-{}", tally.count),
            (*word).to_owned(),
            format!("{}: {}", tally.example, tally.detail),
        ]
    }));

    let candidates = view.candidates.len();
    rows.push([
        candidates.to_string(),
        if candidates == 1 {
            "candidate"
        } else {
            "candidates"
        }
        .to_owned(),
        String::new(),
    ]);
    rows.extend(waiting(view));

    table(["PODS", "WHAT", "EXAMPLE"], rows)
}

/// What the guards of an owner say.
fn guards(group: &OwnerRow) -> String {
    match &group.guards {
        Some(guards) => clean(guards, GUARDS),
        None => "not asked".to_owned(),
    }
}

/// The guards of the round in one line, if there are any:
/// `round guards: no-page ok (no series, 41 ms); release-freeze holds back: "False"`.
fn round_guards(findings: &[GuardFinding]) -> Option<String> {
    let words = findings.iter().map(|finding| {
        let GuardFinding {
            guard, answer, seen, ..
        } = finding;
        let seen = server_text(seen);
        let took = finding.millis.map(|millis| format!("{millis} ms"));
        match (answer, took) {
            (GuardAnswer::Go, Some(took)) => format!("{guard} {answer} ({seen}, {took})"),
            (GuardAnswer::Go, None) => format!("{guard} {answer} ({seen})"),
            (GuardAnswer::HoldsBack | GuardAnswer::CannotAnswer, Some(took)) => {
                format!("{guard} {answer}: {seen} ({took})")
            }
            (GuardAnswer::HoldsBack | GuardAnswer::CannotAnswer, None) => format!("{guard} {answer}: {seen}"),
        }
    });
    let words = Vec::from_iter(words).join("; ");
    (!words.is_empty()).then(|| line(&format!("round guards: {words}")))
}

fn draw(draw: &SeedDraw, dry_run: bool) -> String {
    let rows = victim_rows(&draw.victims);
    let picks = if let Some(hold) = &draw.held {
        line(&format!(
            "seed {} picks no pod: the round would end: {hold}",
            draw.seed
        ))
    } else if draw.victims.is_empty() {
        format!("seed {} picks no pod", draw.seed)
    } else {
        let victims = table(["ATTEMPT", "POD", "OWNER", "PREDICTION"], rows);
        let armed = if dry_run { "if armed, " } else { "" };
        format!("{armed}seed {} picks:\n{victims}", draw.seed)
    };

    match &draw.picked_in_dry_run {
        None => picks,
        Some(picked) => {
            let picked: Vec<_> = picked.iter().map(PodRef::to_string).collect();
            let picked = if picked.is_empty() {
                "no pod".to_owned()
            } else {
                picked.join(", ")
            };
            format!("{picks}\nin a dry run no request is sent and none refused: it picks {picked}")
        }
    }
}

/// One row for each victim, or for several in a row that are refused with the same words.
fn victim_rows(victims: &[PredictedVictim]) -> Vec<[ShownCell; 4]> {
    let is_same = |one: &PredictedVictim, next: &PredictedVictim| {
        one.prediction.is_stopped() && (&one.owner, &one.prediction) == (&next.owner, &next.prediction)
    };

    let mut place = 1;
    let rows = victims.chunk_by(is_same).map(|group| {
        let pods: Vec<_> = group.iter().map(|victim| victim.pod.to_string()).collect();
        let last = place + group.len() - 1;
        let places = if group.len() == 1 {
            place.to_string()
        } else {
            format!("{place}-{last}")
        };
        place = last + 1;

        let owner = group[0].owner.as_ref();
        [
            places.into(),
            names(&pods).into(),
            owner.map_or_else(|| "-".to_owned(), ToString::to_string).into(),
            ShownCell::result(server_text(&group[0].prediction.to_string())),
        ]
    });
    rows.collect()
}

fn remarks(view: &PlanView) -> Vec<String> {
    let mut remarks = Vec::new();
    let candidates = view.candidates.len();

    match view.asked {
        _ if candidates == 0 => {}
        Some(asked) if asked == candidates => remarks
            .push("the API server was asked about every candidate, with server-side dry runs".to_owned()),
        Some(asked) => remarks.push(format!(
            "the API server was asked about {asked} of {candidates} candidates, with server-side dry runs; for the \
             others, webhooks and policies were not asked"
        )),
        None => remarks.push(
            "webhooks and policies were not asked; use --server to include them".to_owned(),
        ),
    }

    let labelled = |label: &'static str, texts: &[String]| -> Vec<String> {
        let texts = texts.iter();
        texts.map(|text| line(&format!("{label}: {text}"))).collect()
    };
    let skipped = SkippedNamespace::texts(&view.skipped);
    remarks.extend(skipped.iter().map(|text| line(text)));
    remarks.extend(labelled("note", &view.notes));
    remarks.extend(counted(labelled("problem", &view.problems)));
    remarks.extend(labelled("warning", &view.warnings));

    remarks
}

fn cover(cover: &BudgetCover) -> (String, String) {
    let same = |text: &str| (text.to_owned(), text.to_owned());
    match cover {
        BudgetCover::Unknown => same("?"),
        BudgetCover::NotAsked => same("not asked"),
        BudgetCover::Known(budgets) if budgets.is_empty() => same("-"),
        BudgetCover::Known(budgets) => {
            let names: Vec<_> = budgets.keys().map(String::as_str).collect();
            let allows: Vec<_> = budgets.values().map(ToString::to_string).collect();
            (names.join(","), allows.join(","))
        }
    }
}

fn chance(chance: f64, estimated: bool) -> String {
    let percent = chance * 100.0;
    let about = if estimated { "~" } else { "" };
    if percent > 0.0 && percent < 10.0 {
        format!("{about}{percent:.1}%")
    } else {
        format!("{about}{percent:.0}%")
    }
}
