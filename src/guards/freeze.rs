//! Asks whether the namespace or the owner of a victim is frozen or opted out, and whether the victim is still opted in.

use macaque_core::eligibility::missing_opt_in;
use macaque_core::guard::{
    GuardAnswer, GuardFinding, judge_freeze, judge_opt_out, not_opted_in, unknown_freeze, unknown_selection,
    unseen_freeze, unselected_namespace,
};
use macaque_core::key_warnings::key_warnings;
use macaque_core::pod::Pod;
use macaque_core::scope_metadata::ObjectKeys;

use super::RoundGuards;
use crate::k8s::{OptionalRead, WorkloadRef};

impl RoundGuards<'_> {
    /// Asks whether the victim's namespace is frozen, then its owner; whether a namespace that was found by its labels still
    /// has them; and in the mode opt-in, whether the yes that made the victim a candidate is still there. The last two are
    /// asked even where freezes are not.
    pub(crate) async fn ask_freeze(&mut self, victim: &Pod) -> Option<GuardFinding> {
        let namespace = &victim.id.namespace;
        if !self.asks_freeze() {
            return self.ask_selected(namespace).await;
        }

        let finding = self.freeze_around(victim).await;
        if finding.answer == GuardAnswer::Go
            && let Some(unselected) = self.ask_selected(namespace).await
        {
            return Some(unselected);
        }
        let missing = match finding.answer {
            GuardAnswer::Go if self.context.eligibility.is_opt_in() => self.missing_opt_in(victim, &finding),
            _ => None,
        };
        Some(missing.unwrap_or(finding))
    }

    /// Asks whether the victim's namespace is frozen, and nothing about its owner.
    pub(crate) async fn ask_namespace_freeze(&mut self, victim: &Pod) -> Option<GuardFinding> {
        if self.asks_freeze() {
            Some(self.namespace_freeze(&victim.id.namespace).await)
        } else {
            None
        }
    }

    /// Notes that the round has just found the namespace in scope by its labels.
    pub fn note_selected(&mut self, namespace: &str) {
        let now = self.context.platform.reading();
        self.selected.insert(namespace.to_owned(), now);
    }

    /// The finding if the namespace was found by its labels, and does not match any more, or that cannot be read. It costs a
    /// request only where the namespace is not read for another guard, and not while what the round found is fresh.
    async fn ask_selected(&mut self, namespace: &str) -> Option<GuardFinding> {
        let selector = self.context.eligibility.target.namespaces.selector()?;
        if let Some(keys) = self.namespace_keys.get(namespace) {
            let is_selected = selector.matches(&keys.labels);
            return (!is_selected).then(|| unselected_namespace(namespace, selector));
        }
        let found = self.selected.get(namespace);
        if found.is_none_or(|at| self.is_fresh(*at)) {
            return None;
        }

        let cluster = self.context.cluster;
        let list = async || cluster.namespaces(selector, Some(namespace)).await;
        let found = match self.read(list).await {
            Ok(found) => found,
            Err(why) => return Some(unknown_selection(selector, why)),
        };
        if found
            .iter()
            .any(|found| found.name == namespace && !found.is_terminating)
        {
            self.note_selected(namespace);
            return None;
        }
        Some(unselected_namespace(namespace, selector))
    }

    /// Whether namespaces and owners are asked about: for a freeze, or for what opts in or out.
    fn asks_freeze(&self) -> bool {
        self.context.config.freeze || self.context.eligibility.is_opt_in()
    }

    /// Whether the victim's namespace or its owner is frozen.
    async fn freeze_around(&mut self, victim: &Pod) -> GuardFinding {
        let of_namespace = self.namespace_freeze(&victim.id.namespace).await;
        if of_namespace.answer != GuardAnswer::Go {
            return of_namespace;
        }
        let Some(owner) = WorkloadRef::of(victim) else {
            return of_namespace;
        };

        let mut of_owner = self.owner_freeze(&owner).await;
        if of_owner.answer == GuardAnswer::Go {
            of_owner.seen = format!("{}, {}", of_namespace.seen, of_owner.seen);
        }
        of_owner
    }

    /// The finding if no level of the victim, as they were just read, opts in. What `around` says of a namespace or an owner
    /// that may not be read is the likely reason.
    fn missing_opt_in(&self, victim: &Pod, around: &GuardFinding) -> Option<GuardFinding> {
        let why = missing_opt_in(self.levels(victim))?;
        let owner = WorkloadRef::of(victim);
        let [of_owner, of_namespace] = self.keys_around(victim, owner.as_ref());
        let is_read = of_namespace.is_some() && (owner.is_none() || of_owner.is_some());
        Some(not_opted_in(if is_read {
            why.to_owned()
        } else {
            format!("{why}; {}", around.seen)
        }))
    }

    /// Whether the namespace is frozen; one that is counts as frozen for the whole round.
    async fn namespace_freeze(&mut self, namespace: &str) -> GuardFinding {
        if let Some(known) = self.namespaces.get(namespace)
            && (known.finding.answer == GuardAnswer::HoldsBack || self.is_fresh(known.at))
        {
            return known.finding.clone();
        }

        let cluster = self.context.cluster;
        let read = self.read(async || cluster.namespace_keys(namespace).await).await;
        self.namespace_keys.remove(namespace);
        if let Ok(OptionalRead::Found(keys)) = &read {
            self.namespace_keys.insert(namespace.to_owned(), keys.clone());
        }
        let finding = self.judge_keys(&format!("namespace {namespace}"), read);
        let dated = self.dated(&finding);
        self.namespaces.insert(namespace.to_owned(), dated);
        finding
    }

    async fn owner_freeze(&mut self, owner: &WorkloadRef) -> GuardFinding {
        let cluster = self.context.cluster;
        let read = self.read(async || cluster.owner_keys(owner).await).await;
        self.owner_keys = match &read {
            Ok(OptionalRead::Found(keys)) => Some((owner.clone(), keys.clone())),
            _ => None,
        };
        let place = format!("{}/{}", owner.kind.to_lowercase(), owner.name);
        self.judge_keys(&place, read)
    }

    /// Judges what was read of a namespace or an owner, and keeps the warnings about its keys.
    fn judge_keys(&mut self, place: &str, read: Result<OptionalRead<ObjectKeys>, String>) -> GuardFinding {
        let keys = match read {
            Ok(OptionalRead::Found(keys)) => keys,
            Ok(OptionalRead::Missing) => ObjectKeys::default(),
            Ok(OptionalRead::NotGranted) => return unseen_freeze(place),
            Err(why) => return unknown_freeze(why),
        };

        let warnings = key_warnings(&keys.annotations, &keys.labels);
        self.warnings
            .extend(warnings.iter().map(|warning| warning.on(place)));
        if !self.context.config.freeze {
            return judge_opt_out(place, &keys.annotations, &keys.labels);
        }
        let now = self.context.cluster.server_time();
        judge_freeze(place, &keys.annotations, &keys.labels, now)
    }
}
