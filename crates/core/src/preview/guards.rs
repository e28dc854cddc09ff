//! What the guards say of the candidates of one owner, and how that is shown.

use jiff::Timestamp;
use serde::Serialize;

use crate::guard::{
    GuardAnswer, GuardConfig, GuardFinding, MinReadyWish, NodesGuard, RecoveredGuard, RolloutGuard,
    first_hold, judge_siblings,
};
use crate::pod::ReplicaState;
use crate::siblings::SiblingPods;

/// The findings of the guards of a victim and its owner, for every pod of one owner. Of these guards only `min_ready`
/// looks at the victim itself, and only at whether it is ready.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VictimGuards {
    of_ready: Vec<GuardFinding>,
    of_others: Vec<GuardFinding>,
}

/// One guard as an explanation shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GuardRow {
    /// The name of the guard.
    pub guard: String,
    /// What the guard says.
    pub result: GuardResult,
    /// The setting that decides, with its value.
    pub setting: String,
    /// What the guard saw, in words and numbers.
    pub seen: String,
    /// How long the guard took to answer, in milliseconds, if it asked another service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub millis: Option<u64>,
}

/// What a guard says, or why it says nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuardResult {
    /// The disruption may go on.
    Ok,
    /// The guard holds the disruption back.
    HoldsBack,
    /// The guard cannot answer, which stops the disruption too.
    CannotAnswer,
    /// The guard is switched off.
    Off,
    /// The guard judges the pods of an owner, and nothing owns the pod.
    NotApplicable,
    /// The guard was not asked.
    NotAsked,
}

impl VictimGuards {
    /// The findings so far about the pods of an owner, in the order of asking: those of the guards `before` the siblings
    /// are read, then those about the `siblings` at `now`, as the team's `wish` may have it.
    pub fn judge(
        before: Vec<GuardFinding>,
        siblings: &SiblingPods,
        config: &GuardConfig,
        wish: Option<&MinReadyWish>,
        now: Timestamp,
    ) -> Self {
        let is_ready = |uid: &&str| is_ready(siblings, uid);
        let ready = siblings.pods().map(|(uid, _)| uid).find(is_ready);
        let judge = |uid| judge_siblings(uid, siblings, config, wish, now);

        let of_others = [before.clone(), judge("")].concat();
        let of_ready = match ready {
            Some(uid) => [before, judge(uid)].concat(),
            None => of_others.clone(),
        };
        Self { of_ready, of_others }
    }

    /// Findings that are the same for every pod.
    pub fn of_every_pod(findings: Vec<GuardFinding>) -> Self {
        Self {
            of_ready: findings.clone(),
            of_others: findings,
        }
    }

    /// Adds findings of guards that were asked later.
    pub fn extend(&mut self, later: Vec<GuardFinding>) {
        self.of_ready.extend(later.iter().cloned());
        self.of_others.extend(later);
    }

    /// Whether no pod of the owner may be disrupted.
    pub fn hold_every_pod(&self) -> bool {
        [&self.of_ready, &self.of_others]
            .into_iter()
            .all(|findings| first_hold(findings).is_some())
    }

    /// The findings for a victim that is ready, or not.
    pub fn findings(&self, is_ready: bool) -> &[GuardFinding] {
        if is_ready { &self.of_ready } else { &self.of_others }
    }
}

/// Whether the pod with this UID is one of the `siblings`, and ready.
pub fn is_ready(siblings: &SiblingPods, uid: &str) -> bool {
    let pod = siblings.get(uid);
    pod.is_some_and(|pod| pod.state == ReplicaState::Ready)
}

/// One row for each guard: those that have a finding, and the configured ones without, in the order of asking.
pub(super) fn rows(config: &GuardConfig, findings: &[GuardFinding], is_owned: bool) -> Vec<GuardRow> {
    let configured = configured(config);
    let is_configured = |name: &str| configured.iter().any(|(guard, ..)| *guard == name);
    let mut rows = Vec::new();

    for (guard, setting, is_on) in &configured {
        let of_guard = findings.iter().filter(|finding| finding.guard == *guard);
        let before = rows.len();
        rows.extend(of_guard.map(GuardRow::from));
        if rows.len() == before {
            let result = match *guard {
                _ if !is_on => GuardResult::Off,
                "whole" | "rollout" | "min_ready" if !is_owned => GuardResult::NotApplicable,
                "recovered" if !is_owned && config.recovered == RecoveredGuard::Owner => {
                    GuardResult::NotApplicable
                }
                _ => GuardResult::NotAsked,
            };
            rows.push(GuardRow::without_finding(guard, setting, result));
        }
    }

    let gates = findings.iter().filter(|finding| !is_configured(&finding.guard));
    rows.extend(gates.map(GuardRow::from));
    rows
}

/// The guards that are no gates, in the order of asking: the name, the setting, and whether it is on.
fn configured(config: &GuardConfig) -> [(&'static str, String, bool); 7] {
    let GuardConfig {
        whole,
        rollout,
        min_ready,
        drains,
        nodes,
        nodes_unready: _,
        freeze,
        recovered,
        strikes: _,
    } = config;
    [
        (
            "recovered",
            format!("guards.recovered = \"{}\"", recovered.as_str()),
            *recovered != RecoveredGuard::Off,
        ),
        ("freeze", format!("guards.freeze = {freeze}"), *freeze),
        ("whole", format!("guards.whole = {whole}"), *whole),
        (
            "rollout",
            format!("guards.rollout = {rollout}"),
            *rollout != RolloutGuard::Off,
        ),
        (
            "min_ready",
            format!("guards.min_ready = {min_ready}"),
            !min_ready.is_off(),
        ),
        ("drains", format!("guards.drains = {drains}"), *drains > 0),
        (
            "nodes",
            format!("guards.nodes = \"{}\"", nodes.as_str()),
            *nodes != NodesGuard::Off,
        ),
    ]
}

impl GuardRow {
    /// The row of a guard that has no finding.
    fn without_finding(guard: &str, setting: &str, result: GuardResult) -> Self {
        let seen = match result {
            GuardResult::NotApplicable => "nothing owns the pod",
            _ => "",
        };
        Self {
            guard: guard.to_owned(),
            result,
            setting: setting.to_owned(),
            seen: seen.to_owned(),
            millis: None,
        }
    }
}

impl From<&GuardFinding> for GuardRow {
    fn from(finding: &GuardFinding) -> Self {
        Self {
            guard: finding.guard.clone(),
            result: finding.answer.into(),
            setting: finding.setting.clone(),
            seen: finding.seen.clone(),
            millis: finding.millis,
        }
    }
}

impl From<GuardAnswer> for GuardResult {
    fn from(answer: GuardAnswer) -> Self {
        match answer {
            GuardAnswer::Go => Self::Ok,
            GuardAnswer::HoldsBack => Self::HoldsBack,
            GuardAnswer::CannotAnswer => Self::CannotAnswer,
        }
    }
}

impl std::fmt::Display for GuardResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::HoldsBack => "holds back",
            Self::CannotAnswer => "cannot answer",
            Self::Off => "off",
            Self::NotApplicable => "-",
            Self::NotAsked => "not asked",
        })
    }
}
