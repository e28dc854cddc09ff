//! Asks the guards of a round: reads the siblings of a victim, namespaces, nodes and gates, and lets the core judge.
//!
//! The guards of the round concern every victim, those of a victim only its owner. They are asked one after the other,
//! cheapest first, up to the first that does not say go.

mod baseline;
mod freeze;
mod nodes;
mod recovered;
mod replicas;
pub mod siblings;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::eligibility::{Candidate, EligibilityConfig};
use macaque_core::guard::{
    DisruptedPods, GuardAnswer, GuardConfig, GuardFinding, GuardHold, first_hold, judge_drains,
};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::Pod;
use macaque_core::recovery::DisruptedVictim;
use macaque_core::schedule::timer::ClockReading;
use macaque_core::scope_metadata::ObjectKeys;
use macaque_core::siblings::SiblingPods;

use crate::facts::{Fact, Facts};
use crate::gates::{Gate, GateConfig, GateQuestion, GateScope, Gates};
use crate::k8s::{ApiError, Cluster, WorkloadRef};
use crate::platform::Platform;
use crate::read_retry::with_retries;
use crate::stop::StopToken;

/// How long all guards together may take between two disruptions of a round.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// How long the answer of a guard of the round counts; after that it is asked again before the next victim.
pub const FRESH: Duration = Duration::from_secs(10);

/// The names of the guards that are on, and of the gates, which are guards too.
pub fn names(guards: &GuardConfig, gates: &[GateConfig]) -> Vec<String> {
    let guards = guards.names().into_iter().map(str::to_owned);
    guards.chain(gates.iter().map(|gate| gate.name.clone())).collect()
}

/// What the guards are asked through, and about which round.
#[derive(Clone, Copy)]
pub struct GuardContext<'a> {
    /// The cluster.
    pub cluster: &'a Cluster,
    /// The gates.
    pub gates: &'a Gates,
    /// Takes what the guards say, in a round.
    pub facts: Option<&'a Facts>,
    /// The guards that are on.
    pub config: &'a GuardConfig,
    /// The rules, of which the mode is asked again and the annotations of teams may be switched off.
    pub eligibility: &'a EligibilityConfig,
    /// The slot of the round; `None` where no round runs.
    pub slot: Option<Timestamp>,
    /// Whether the round is a dry run.
    pub dry_run: bool,
    /// How victims are disrupted.
    pub method: DisruptionMethod,
    /// The request to stop.
    pub stop: &'a StopToken,
    /// The source of time and randomness.
    pub platform: &'a Platform,
}

/// The guards of one round, with the answers so far.
pub struct RoundGuards<'a> {
    context: GuardContext<'a>,
    /// The time that the guards took since the last disruption.
    used: Duration,
    /// The answers of the gates of the round, by setting.
    gates: BTreeMap<String, DatedFinding>,
    /// The answer of the guard `nodes`.
    nodes: Option<DatedFinding>,
    /// The answers about the freeze of namespaces.
    namespaces: BTreeMap<String, DatedFinding>,
    /// The keys of the namespaces that were read.
    namespace_keys: BTreeMap<String, ObjectKeys>,
    /// When a namespace was last found in scope by its labels.
    selected: BTreeMap<String, ClockReading>,
    /// The owner that was read last, with its keys.
    owner_keys: Option<(WorkloadRef, ObjectKeys)>,
    /// The UID of the victim that was asked about last, with all pods of its owner.
    siblings: Option<(String, SiblingPods)>,
    /// The recoveries that are open, as the journal last showed them; `None` where they hold nobody back.
    recovering: Option<Vec<DisruptedVictim>>,
    /// The pods seen that are being disrupted, whoever does it.
    disrupted: DisruptedPods,
    /// The UIDs of the pods that macaque disrupted itself.
    own_victims: BTreeSet<String>,
    warnings: BTreeSet<String>,
    /// When they last said go for a victim.
    said_go: Option<ClockReading>,
    /// Whether guards are asked behind one that does not say go.
    asks_all: bool,
}

/// A finding, and when it was made.
#[derive(Clone)]
struct DatedFinding {
    at: ClockReading,
    finding: GuardFinding,
}

/// A guard that stopped a disruption, and what else it stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// A guard of the victim or its owner: victims of other owners may be tried.
    Victim(GuardHold),
    /// A guard of the round, which ends.
    Round(GuardHold),
}

impl<'a> RoundGuards<'a> {
    /// The guards of a round that has asked none yet.
    pub fn new(context: GuardContext<'a>) -> Self {
        Self {
            context,
            used: Duration::ZERO,
            gates: BTreeMap::new(),
            nodes: None,
            namespaces: BTreeMap::new(),
            namespace_keys: BTreeMap::new(),
            selected: BTreeMap::new(),
            owner_keys: None,
            siblings: None,
            recovering: None,
            disrupted: DisruptedPods::default(),
            own_victims: BTreeSet::new(),
            warnings: BTreeSet::new(),
            said_go: None,
            asks_all: false,
        }
    }

    /// Asks every guard, also those behind one that does not say go, for people who want to see them all.
    pub fn asking_all(mut self) -> Self {
        self.asks_all = true;
        self
    }

    /// Gives the guards their whole time again.
    pub fn restart_time(&mut self) {
        self.used = Duration::ZERO;
    }

    /// Notes the pods that a list showed being disrupted.
    pub fn note_disrupted(&mut self, disrupted: DisruptedPods) {
        self.disrupted.append(disrupted);
    }

    /// Notes the UID of a pod that macaque disrupted itself, so that no other is taken to have done it.
    pub fn note_own_victim(&mut self, uid: &str) {
        self.own_victims.insert(uid.to_owned());
    }

    /// Notes that the victim with this UID is about to be disrupted: for the next one, the guards have their whole time
    /// again.
    pub fn note_victim(&mut self, uid: &str) {
        self.note_own_victim(uid);
        self.restart_time();
    }

    /// Notes a warning for the report, which shows each once.
    pub fn warn(&mut self, warning: String) {
        self.warnings.insert(warning);
    }

    /// The warnings about what the guards read, each once.
    pub fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings).into_iter().collect()
    }

    /// Asks the guards of the round, cheapest first, up to the first that does not say go. Answers younger than
    /// [`FRESH`] are not asked for again.
    pub async fn ask_round(&mut self) -> Vec<GuardFinding> {
        let mut findings = Vec::from_iter(self.judge_drains());
        if self.goes_on(&findings) {
            findings.extend(self.ask_nodes().await);
        }
        if self.goes_on(&findings) {
            findings.extend(self.ask_gates(GateScope::Round, &[]).await);
        }
        self.publish(&findings);
        findings
    }

    /// Asks the guards of `victim` and its owner, cheapest first, up to the first that does not say go.
    pub async fn ask_victim(&mut self, victim: &Pod) -> Vec<GuardFinding> {
        let mut findings = self.ask_owner(victim).await;
        if first_hold(&findings).is_none() {
            findings.extend(self.ask_victim_gates(victim).await);
        }
        findings
    }

    /// Asks every guard that must say go before `victim` is disrupted, up to the first that does not: those of the
    /// round too, unless their answers are younger than [`FRESH`]. If the gates took longer than that, what was asked
    /// before them is asked once more.
    ///
    /// # Errors
    /// The guard that does not say go.
    pub async fn ask_before_disruption(&mut self, victim: &Pod) -> Result<(), Held> {
        let go = |findings: &[GuardFinding], held: fn(GuardHold) -> Held| {
            first_hold(findings).map_or(Ok(()), |hold| Err(held(hold)))
        };
        let began = self.context.platform.reading();

        go(&self.ask_owner(victim).await, Held::Victim)?;
        go(&self.ask_round().await, Held::Round)?;
        go(&self.ask_victim_gates(victim).await, Held::Victim)?;

        if !self.is_fresh(began) {
            go(&self.ask_owner(victim).await, Held::Victim)?;
            go(&self.ask_round().await, Held::Round)?;
        }
        self.said_go = Some(self.context.platform.reading());
        Ok(())
    }

    /// Whether they last said go for a victim less than [`FRESH`] ago.
    pub fn said_go_lately(&self) -> bool {
        self.said_go.is_some_and(|at| self.is_fresh(at))
    }

    /// Asks the guards of a victim's owner, which read from the journal and the API server alone.
    async fn ask_owner(&mut self, victim: &Pod) -> Vec<GuardFinding> {
        let mut findings = Vec::from_iter(self.judge_recovered(victim));
        if self.goes_on(&findings) {
            findings.extend(self.ask_freeze(victim).await);
        }
        if first_hold(&findings).is_none() {
            findings.extend(self.ask_replicas(victim).await);
        }
        self.publish(&findings);
        findings
    }

    fn judge_drains(&self) -> Option<GuardFinding> {
        let is_own = |uid: &str| self.own_victims.contains(uid);
        judge_drains(&self.disrupted, is_own, self.context.config)
    }

    /// Asks the gates about `victim`, up to the first that does not say go.
    pub(crate) async fn ask_victim_gates(&mut self, victim: &Pod) -> Vec<GuardFinding> {
        let victim = Candidate::from(victim);
        let findings = self.ask_gates(GateScope::Victim, &[victim]).await;
        self.publish(&findings);
        findings
    }

    fn publish(&self, findings: &[GuardFinding]) {
        let Some(facts) = self.context.facts else {
            return;
        };
        for finding in findings {
            facts.publish(Fact::GuardAnswered(finding));
        }
    }

    /// Whether the next guard is asked after these findings.
    fn goes_on(&self, findings: &[GuardFinding]) -> bool {
        self.asks_all || first_hold(findings).is_none()
    }

    /// Asks the gates of this scope, up to the first that does not say go.
    async fn ask_gates(&mut self, scope: GateScope, victims: &[Candidate]) -> Vec<GuardFinding> {
        let gates = self.context.gates;
        let mut findings = Vec::new();
        for gate in gates.in_scope(scope) {
            let setting = gate.config().setting();
            let known = self.gates.get(&setting).filter(|known| self.is_fresh(known.at));
            if let Some(known) = known {
                findings.push(known.finding.clone());
            } else {
                let finding = self.ask_gate(gate, victims).await;
                if scope == GateScope::Round {
                    self.gates.insert(setting, self.dated(&finding));
                }
                findings.push(finding);
            }

            if !self.goes_on(&findings) {
                break;
            }
        }
        findings
    }

    async fn ask_gate(&mut self, gate: &Gate, victims: &[Candidate]) -> GuardFinding {
        let context = self.context;
        let question = GateQuestion {
            slot: context.slot,
            dry_run: context.dry_run,
            method: context.method,
            victims,
        };
        let left = self.left();
        let asked = self.in_time(async { Ok(gate.ask(&question, left).await) }).await;
        asked.unwrap_or_else(|why| {
            let setting = gate.config().setting();
            GuardFinding::new(&gate.config().name, GuardAnswer::CannotAnswer, setting, why)
        })
    }

    /// Reads from the API server for a guard, with retries.
    ///
    /// # Errors
    /// The reason why the guard cannot answer.
    async fn read<T>(&mut self, read: impl AsyncFn() -> Result<T, ApiError>) -> Result<T, String> {
        let context = self.context;
        let reading = async {
            let read = with_retries(context.platform, context.stop, read).await;
            read.map_err(|error| error.to_string())
        };
        self.in_time(reading).await
    }

    /// Waits for the answer of a guard within the time that is left to all of them, and up to a request to stop.
    ///
    /// # Errors
    /// The reason why there is no answer.
    async fn in_time<T>(&mut self, answer: impl Future<Output = Result<T, String>>) -> Result<T, String> {
        let GuardContext { stop, platform, .. } = self.context;
        let left = self.left();
        let time_is_up = || format!("all guards together had used up their {} s", DEADLINE.as_secs());
        if left.is_zero() {
            return Err(time_is_up());
        }

        // A request to the API server is a large future: it is moved once, and not on each level.
        let answer = Box::pin(answer);
        let began = platform.monotonic();
        let answer = stop.within(Duration::ZERO, platform.within(left, answer)).await;
        self.used += platform.monotonic() - began;

        match answer {
            Some(Some(answer)) => answer,
            Some(None) => Err(time_is_up()),
            None => Err(ApiError::Stopped.to_string()),
        }
    }

    /// The time that is left to all guards before the next disruption.
    fn left(&self) -> Duration {
        DEADLINE.saturating_sub(self.used)
    }

    fn dated(&self, finding: &GuardFinding) -> DatedFinding {
        DatedFinding {
            at: self.context.platform.reading(),
            finding: finding.clone(),
        }
    }

    fn is_fresh(&self, at: ClockReading) -> bool {
        self.context.platform.reading().longest_since(at) < FRESH
    }
}
