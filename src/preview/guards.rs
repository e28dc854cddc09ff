//! Asks the guards about the candidates of a preview, and about one pod.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use macaque_core::config::DrawBy;
use macaque_core::eligibility::Candidate;
use macaque_core::guard::{DisruptedPods, GuardConfig, GuardFinding, unknown_siblings};
use macaque_core::pod::{Pod, PodOwner};
use macaque_core::preview::{PreviewedPod, VictimGuards, is_ready};
use macaque_core::report::RoundEnd;
use macaque_core::selection::SAMPLING_THRESHOLD;
use macaque_core::siblings::SiblingPods;

use super::{ClusterSnapshot, OwnerKey, PreviewReader, PreviewedJournal};
use crate::gates::{GateScope, Gates};
use crate::guards::siblings::{OwnedPods, SiblingReader};
use crate::guards::{GuardContext, RoundGuards};
use crate::k8s::OptionalRead;
use crate::read_retry::with_retries;
use crate::round::RoundConfig;
use crate::round::scan::PodScan;

/// How many owners are read at most: the scale and the metadata of each are a request.
const MOST_OWNERS: usize = 500;

/// About how many owners the gates are asked at most: each question is a request to another service.
const MOST_QUESTIONED: usize = 50;

/// What the guards say of some pods, and what was noticed meanwhile.
#[derive(Debug, Default)]
pub struct GuardAnswers {
    /// The findings of the guards of the round.
    pub of_round: Vec<GuardFinding>,
    /// The findings for each pod, in the order of the pods.
    pub of_pods: Vec<Rc<[GuardFinding]>>,
    /// Warnings about what the guards read.
    pub warnings: Vec<String>,
}

/// The questions that a preview asks about owners.
struct OwnerQuestions<'a> {
    reader: PreviewReader<'a>,
    config: &'a GuardConfig,
    guards: RoundGuards<'a>,
    has_gates: bool,
    /// How many owners there were.
    owners: usize,
    /// About how many owners the gates had to be asked.
    questioned: usize,
    /// The scales that macaque may not read, by namespace and kind.
    unseen_scales: BTreeSet<(String, String)>,
}

/// Whether the gates are asked about an owner that another guard holds anyway.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AskGates {
    Always,
    UnlessHeld,
}

impl PreviewReader<'_> {
    /// Asks the guards about every candidate of a snapshot of `config`, with what the `journal` knows.
    ///
    /// # Errors
    /// macaque was asked to stop.
    pub async fn ask_guards(
        &self,
        snapshot: &mut ClusterSnapshot,
        config: &RoundConfig,
        gates: &Gates,
        journal: &PreviewedJournal,
    ) -> Result<(), RoundEnd> {
        let mut questions = OwnerQuestions::new(*self, config, gates);
        journal.tell(&mut questions.guards, config, self.cluster.server_time());

        // A round that samples lists names, which do not show which pods are being disrupted.
        let is_sampled = snapshot.listed > SAMPLING_THRESHOLD && config.disrupt.draw == DrawBy::Pod;
        let disrupted = std::mem::take(&mut snapshot.disrupted);
        questions.guards.note_disrupted(if is_sampled {
            DisruptedPods::default()
        } else {
            disrupted
        });
        snapshot.preview.round_guards = questions.guards.ask_round().await;
        if config.recovery.enabled && !config.dry_run {
            snapshot.preview.recovered = config.guards.recovered;
        }

        let unlisted = self.complete_siblings(snapshot, config).await;
        let owners = &mut snapshot.owners;
        for pods in snapshot.preview.pods.chunk_by_mut(is_same_owner) {
            let owned = match key(&pods[0]) {
                None => Ok(None),
                Some(key) => match unlisted.get(&key.0) {
                    Some(why) => Err(why.clone()),
                    None => Ok(owners.get_mut(&key)),
                },
            };
            questions.ask_about_candidates(pods, owned).await;
            if self.stop.is_requested() {
                return Err(RoundEnd::Interrupted);
            }
        }

        snapshot.guards_asked = true;
        snapshot.notes.extend(questions.notes());
        for warning in questions.guards.take_warnings() {
            // What was read of the scope may have been warned of already.
            if !snapshot.warnings.contains(&warning) {
                snapshot.warnings.push(warning);
            }
        }
        Ok(())
    }

    /// Lists the pods of all owners of candidates, unless the scan of the snapshot saw them all. Returns the namespaces
    /// that cannot be listed, and why.
    async fn complete_siblings(
        &self,
        snapshot: &mut ClusterSnapshot,
        config: &RoundConfig,
    ) -> BTreeMap<String, String> {
        let mut unlisted = BTreeMap::new();
        if !config.eligibility.splits_owners() || !config.guards.needs_siblings() {
            return unlisted;
        }

        let owners: BTreeSet<OwnerKey> = snapshot.preview.pods.iter().filter_map(key).collect();
        let namespaces: BTreeSet<&String> = owners.iter().map(|(namespace, _)| namespace).collect();
        for namespace in namespaces {
            match self.sibling_reader().in_namespace(namespace).await {
                Ok(listed) => {
                    let listed = listed
                        .into_iter()
                        .map(|(owner, owned)| ((namespace.clone(), owner), owned));
                    let needed = listed.filter(|(key, _)| owners.contains(key));
                    snapshot.owners.extend(needed);
                }
                Err(error) => {
                    unlisted.insert(namespace.clone(), error.to_string());
                }
            }
        }
        unlisted
    }

    /// Asks the guards about `pods` of one namespace, which may be of several owners. Every guard is asked, also one
    /// behind a guard that stops the disruption, with what the `journal` knows.
    ///
    /// # Errors
    /// macaque was asked to stop.
    pub async fn ask_about(
        &self,
        pods: &[Pod],
        config: &RoundConfig,
        gates: &Gates,
        journal: &PreviewedJournal,
    ) -> Result<GuardAnswers, RoundEnd> {
        let mut questions = OwnerQuestions::new(*self, config, gates);
        journal.tell(&mut questions.guards, config, self.cluster.server_time());
        let disrupted = self.disrupted(config).await;
        questions.guards.note_disrupted(disrupted);
        let mut answers = GuardAnswers {
            of_round: questions.guards.ask_round().await,
            ..GuardAnswers::default()
        };

        let mut known: BTreeMap<&PodOwner, (VictimGuards, SiblingPods)> = BTreeMap::new();
        for pod in pods {
            let Some(owner) = &pod.owner else {
                let guards = questions.ask(pod, Ok(None), AskGates::Always).await;
                answers.of_pods.push(guards.findings(false).into());
                continue;
            };
            if !known.contains_key(owner) {
                let read = self.sibling_reader().of(pod).await;
                let siblings = read.map_err(|error| error.to_string());
                let seen = siblings.as_ref().map(Option::as_ref);
                let guards = questions.ask(pod, seen, AskGates::Always).await;
                known.insert(owner, (guards, siblings.ok().flatten().unwrap_or_default()));
            }
            let (guards, siblings) = &known[owner];
            let findings = guards.findings(is_ready(siblings, &pod.id.uid));
            answers.of_pods.push(findings.into());
        }

        if self.stop.is_requested() {
            return Err(RoundEnd::Interrupted);
        }
        answers.warnings = questions.guards.take_warnings();
        Ok(answers)
    }

    /// The pods in scope that are being disrupted, as far as a round sees them: one that samples does not.
    async fn disrupted(&self, config: &RoundConfig) -> DisruptedPods {
        if config.guards.drains == 0 {
            return DisruptedPods::default();
        }
        let mut scan = PodScan::<Vec<Candidate>>::default();
        // Without a list there is no round either, so there is nothing to say about its guards.
        if let Ok(scope) = self.scope(config).await {
            let _ = self.scanner(&scope).scan_unless_large(&mut scan).await;
        }
        scan.disrupted
    }

    fn sibling_reader(&self) -> SiblingReader<'_> {
        SiblingReader {
            cluster: self.cluster,
            stop: self.stop,
            platform: self.platform,
        }
    }
}

impl<'a> OwnerQuestions<'a> {
    fn new(reader: PreviewReader<'a>, config: &'a RoundConfig, gates: &'a Gates) -> Self {
        let context = GuardContext {
            cluster: reader.cluster,
            gates,
            facts: None,
            config: &config.guards,
            eligibility: &config.eligibility,
            slot: None,
            dry_run: config.dry_run,
            method: config.disrupt.method,
            stop: reader.stop,
            platform: reader.platform,
        };
        Self {
            reader,
            config: &config.guards,
            guards: RoundGuards::new(context).asking_all(),
            has_gates: gates.in_scope(GateScope::Victim).next().is_some(),
            owners: 0,
            questioned: 0,
            unseen_scales: BTreeSet::new(),
        }
    }

    /// Asks about `pods`, which are of one owner, or one pod without an owner; `owned` is all that the owner has.
    async fn ask_about_candidates(
        &mut self,
        pods: &mut [PreviewedPod],
        owned: Result<Option<&mut OwnedPods>, String>,
    ) {
        self.owners += 1;
        let victim = &pods[0].pod;

        let siblings = match owned {
            Ok(Some(owned)) => self.read_desired(owned).await.map(|()| Some(&owned.pods)),
            Ok(None) => Ok(None),
            Err(why) => Err(why),
        };
        let siblings = siblings.as_ref().copied();
        let guards = self.ask(victim, siblings, AskGates::UnlessHeld).await;

        let [of_ready, of_others] = [true, false].map(|is_ready| Rc::from(guards.findings(is_ready)));
        for pod in pods {
            let is_ready = siblings
                .ok()
                .flatten()
                .is_some_and(|siblings| is_ready(siblings, &pod.candidate.pod.uid));
            pod.guards = Rc::clone(if is_ready { &of_ready } else { &of_others });
        }
    }

    /// Reads how many replicas the owner wants, for the first owners; the others are judged without that number.
    ///
    /// # Errors
    /// The reason why the scale cannot be read, unless a grant is missing.
    async fn read_desired(&mut self, owned: &mut OwnedPods) -> Result<(), String> {
        let workload = &owned.workload;
        let kind = (workload.namespace.clone(), workload.kind.clone());
        if self.owners > MOST_OWNERS || self.unseen_scales.contains(&kind) {
            return Ok(());
        }

        let PreviewReader {
            cluster,
            stop,
            platform,
        } = self.reader;
        let read = async || cluster.scale(workload).await;
        match with_retries(platform, stop, read).await {
            Ok(OptionalRead::Found(scale)) => owned.pods.set_desired(Some(scale.desired)),
            Ok(OptionalRead::Missing) => {}
            Ok(OptionalRead::NotGranted) => {
                self.unseen_scales.insert(kind);
            }
            Err(error) => return Err(error.to_string()),
        }
        Ok(())
    }

    /// Asks the guards of `victim` and its owner, whose pods are `siblings`.
    async fn ask(
        &mut self,
        victim: &Pod,
        siblings: Result<Option<&SiblingPods>, &String>,
        gates: AskGates,
    ) -> VictimGuards {
        // No round waits for these answers: the time that one owner took is not taken from the next.
        self.guards.restart_time();
        let recovered = self.guards.judge_recovered(victim);
        let freeze = if self.owners > MOST_OWNERS {
            self.guards.ask_namespace_freeze(victim).await
        } else {
            self.guards.ask_freeze(victim).await
        };
        let before: Vec<_> = recovered.into_iter().chain(freeze).collect();

        let now = self.reader.cluster.server_time();
        let wish = self.guards.min_ready_wish(victim);
        let wish = wish.as_ref();
        let mut guards = match siblings {
            Ok(Some(siblings)) => VictimGuards::judge(before, siblings, self.config, wish, now),
            Ok(None) => VictimGuards::of_every_pod(before),
            Err(why) => {
                let unknown = Vec::from_iter(unknown_siblings(self.config, wish, why.clone()));
                VictimGuards::of_every_pod([before, unknown].concat())
            }
        };

        let is_decided = gates == AskGates::UnlessHeld && guards.hold_every_pod();
        if self.has_gates && !is_decided {
            self.questioned += 1;
            if self.questioned <= MOST_QUESTIONED {
                guards.extend(self.guards.ask_victim_gates(victim).await);
            }
        }
        guards
    }

    /// What was not read or asked, for people.
    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let kinds: BTreeSet<String> = self
            .unseen_scales
            .iter()
            .map(|(_, kind)| format!("{}s/scale", kind.to_lowercase()))
            .collect();
        if !kinds.is_empty() && self.config.needs_siblings() {
            let kinds = Vec::from_iter(kinds).join(", ");
            notes.push(format!(
                "how many replicas are wanted is not known without the permission to get {kinds}: a missing pod is not \
                 noticed"
            ));
        }
        if self.owners > MOST_OWNERS {
            notes.push(format!(
                "only the first {MOST_OWNERS} of {} owners were read: for the others it is not known how many replicas \
                 they want, nor whether they are frozen",
                self.owners
            ));
        }
        if self.questioned > MOST_QUESTIONED {
            notes.push(format!(
                "the gates that are asked about a victim were asked for {MOST_QUESTIONED} of {} owners",
                self.questioned
            ));
        }
        notes
    }
}

/// The owner of a candidate.
pub(super) fn key(pod: &PreviewedPod) -> Option<OwnerKey> {
    let Candidate { pod, owner, .. } = &pod.candidate;
    Some((pod.namespace.clone(), owner.clone()?))
}

fn is_same_owner(one: &PreviewedPod, other: &PreviewedPod) -> bool {
    let (one, other) = (&one.candidate, &other.candidate);
    one.owner.is_some() && (&one.pod.namespace, &one.owner) == (&other.pod.namespace, &other.owner)
}
