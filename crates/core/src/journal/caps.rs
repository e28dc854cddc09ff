//! The caps: how many pods of one node or zone are disrupted at once, and of one namespace or owner in a day.

use std::fmt;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    DAY, Denial, Journal, KEPT, Reservation, StepContext, after, indented_bytes, signed, whole_second,
};
use crate::config::DisruptionLimits;
use crate::eligibility::Candidate;
use crate::pod::{PodOwner, PodPlace};

/// How long a victim counts as disrupted "at once" with others, unless its owner is known to have recovered.
pub(super) const AT_ONCE: Duration = Duration::from_secs(600);
/// How long the node and the zone of a victim are kept: longer than they count, for a clock that is set back.
const KEPT_PLACE: SignedDuration = SignedDuration::from_mins(80);

/// How much of the ConfigMap's 1 MiB the victims, the cooldowns and the turns together may take; with more, nothing is disrupted
/// that a cap would count. With names of the usual length, that is 1700 victims, or 850 and as many cooldowns.
const MOST_BYTES: usize = 510_000;
/// The bytes that the indentation of one victim or cooldown takes.
const INDENTATION: usize = 100;

/// A cap on the victims of one node, zone, namespace or owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum VictimCap {
    Node,
    Zone,
    NamespaceDay,
    OwnerDay,
}

/// A cap that is reached, which concerns the pods of one node, zone, namespace or owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapReached {
    /// The cap.
    pub cap: VictimCap,
    /// Whose victims the cap counts: `on node n1`, for example.
    pub place: String,
    /// The limit.
    pub limit: usize,
    /// When the cap allows another disruption.
    pub until: Timestamp,
    /// Whether it may do so earlier: a victim that counts is still recovering.
    pub recovering: bool,
}

/// A victim of the last minutes or days: its UID, and what the caps need of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecentVictim {
    /// The UID.
    pub uid: String,
    /// When the victim was reserved, rounded up to a second, so that it never leaves a window too early.
    pub at: Timestamp,
    /// The namespace, if a cap counts by namespace or owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// The owner, if a cap counts by owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<PodOwner>,
    /// The node, if a cap counts by node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The zone, if a cap counts by zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
}

/// How long a victim matters for the caps that `limits` sets.
pub(super) fn horizon(limits: &DisruptionLimits) -> Duration {
    let is_set = |cap: &VictimCap| cap.limit(limits).is_some();
    let windows = VictimCap::ALL.into_iter().filter(is_set).map(VictimCap::window);
    windows.max().unwrap_or_default()
}

/// The caps of `limits` that do not apply to a pod of this place because its node or zone is not known, in words.
pub fn caps_without_place(limits: &DisruptionLimits, place: &PodPlace) -> Vec<&'static str> {
    let node = "limits.per_node does not apply to pods that are not scheduled to a node yet";
    let zone = "limits.per_zone does not apply to pods without the label topology.kubernetes.io/zone, which the API \
                server sets since Kubernetes 1.35";

    let node = (limits.per_node.is_some() && place.node.is_none()).then_some(node);
    let zone = (limits.per_zone.is_some() && place.zone.is_none()).then_some(zone);
    node.into_iter().chain(zone).collect()
}

impl Journal {
    /// The UIDs of the pods that macaque disrupted, or may have, in the last ten minutes before `now`.
    pub fn recent_victims(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let recent = within(AT_ONCE, now);
        let recent = self.victims.iter().filter(move |victim| recent(victim));
        recent.map(|victim| victim.uid.as_str())
    }

    /// Checks what concerns only this candidate and pods beside it, as far as it is known before the pod is read again:
    /// the cooldown and the turn of its owner, and the caps by namespace and owner.
    ///
    /// # Errors
    /// The reason why the candidate must not be disrupted at `now`.
    pub fn check_candidate(
        &self,
        candidate: &Candidate,
        limits: &DisruptionLimits,
        now: Timestamp,
    ) -> Result<(), Denial> {
        self.check_cooldown(candidate, now)?;
        self.check_turn(candidate, now)?;
        self.check_caps(candidate, &PodPlace::default(), limits, now)
    }

    /// Checks that no cap on the node, zone, namespace or owner of `victim` is reached. A cap by what is not known of
    /// the pod does not apply.
    pub(super) fn check_caps(
        &self,
        victim: &Candidate,
        place: &PodPlace,
        limits: &DisruptionLimits,
        now: Timestamp,
    ) -> Result<(), Denial> {
        let caps = VictimCap::ALL.into_iter();
        let mut reached = caps.filter_map(|cap| self.cap_reached(cap, victim, place, limits, now));
        reached
            .next()
            .map_or(Ok(()), |reached| Err(Denial::CapReached(reached)))
    }

    /// Records a victim for the caps that are set.
    pub(super) fn note_victim(
        &mut self,
        victim: &Candidate,
        place: &PodPlace,
        context: &StepContext<'_>,
    ) -> Result<(), Denial> {
        self.forget_victims(context.earlier_time());

        let noted = RecentVictim::new(victim, place, context);
        let counts = noted.counts();
        self.victims.push(noted);

        let mut taken = self.bytes_of_victims();
        self.bound_usual(taken);
        while taken > MOST_BYTES {
            // What no cap counts is only a hint, and makes room.
            match self.victims.iter().position(|victim| !victim.counts()) {
                Some(oldest) => taken -= bytes(&self.victims.remove(oldest)),
                None if counts => return Err(Denial::TooManyVictims),
                None => break,
            }
        }
        Ok(())
    }

    /// Lets what is usual for recoveries have the room that victims and cooldowns leave, which have `taken` theirs.
    pub(super) fn bound_usual(&mut self, taken: usize) {
        let mut usual: usize = self.usual.iter().map(indented_bytes).sum();
        while taken + usual > MOST_BYTES && !self.usual.is_empty() {
            usual -= indented_bytes(&self.usual.remove(0));
        }
    }

    /// No longer counts a victim for its node and zone: its owner has recovered, or needs no replacement.
    pub(super) fn release_place(&mut self, uid: &str) {
        for victim in self.victims.iter_mut().filter(|victim| victim.uid == uid) {
            victim.node = None;
            victim.zone = None;
        }
    }

    /// How many bytes the victims, the cooldowns and the turns take.
    pub(super) fn bytes_of_victims(&self) -> usize {
        let cooldowns: usize = self.cooldowns.iter().map(bytes).sum();
        let victims: usize = self.victims.iter().map(bytes).sum();
        cooldowns + victims + self.bytes_of_turns()
    }

    /// Removes the victim of a reservation that was released.
    pub(super) fn release_victim(&mut self, reservation: &Reservation) {
        let at = whole_second(reservation.at);
        let is_released = |victim: &RecentVictim| victim.uid == reservation.pod.uid && victim.at == at;
        self.victims.retain(|victim| !is_released(victim));
    }

    /// Forgets what is too old for every cap. Victims in the future are kept: a clock may have been set back.
    pub(super) fn forget_victims(&mut self, now: Timestamp) {
        let open: Vec<_> = self
            .open_recoveries(now)
            .map(|record| record.victim.pod.uid.clone())
            .collect();
        let is_open = |victim: &RecentVictim| open.contains(&victim.uid);
        for victim in &mut self.victims {
            if now.duration_since(victim.at) >= KEPT_PLACE && !is_open(victim) {
                victim.node = None;
                victim.zone = None;
            }
        }
        self.victims
            .retain(|victim| now.duration_since(victim.at) < victim.kept() || is_open(victim));
    }

    /// The cap, if it is set and reached for `victim`.
    fn cap_reached(
        &self,
        cap: VictimCap,
        victim: &Candidate,
        place: &PodPlace,
        limits: &DisruptionLimits,
        now: Timestamp,
    ) -> Option<CapReached> {
        let limit = cap.limit(limits)?;
        let place_in_words = cap.place_in_words(victim, place)?;

        let recent = within(cap.window(), now);
        let shared = self
            .victims
            .iter()
            .filter(|earlier| cap.counts(earlier, victim, place));
        let ends = shared.filter_map(|earlier| {
            let open = self
                .open_recovery_of(&earlier.uid, now)
                .filter(|_| cap.is_at_once());
            let end = after(earlier.at, cap.window());
            let latest = open.map_or(end, |record| end.max(record.until));
            (open.is_some() || recent(earlier)).then_some((latest, open.is_some()))
        });
        let mut ends: Vec<_> = ends.collect();
        if ends.len() < limit {
            return None;
        }

        ends.sort_unstable();
        let recovering = ends.iter().any(|(_, is_open)| *is_open);
        let first_to_leave = ends.get(ends.len() - limit).map(|(end, _)| *end);
        Some(CapReached {
            cap,
            place: place_in_words,
            limit,
            until: first_to_leave.unwrap_or(now),
            recovering,
        })
    }
}

impl VictimCap {
    /// Every cap, in the order in which they are checked.
    pub const ALL: [Self; 4] = [Self::Node, Self::Zone, Self::NamespaceDay, Self::OwnerDay];

    /// The cap's name: its key in `[limits]`, and the name under which a report counts the pods that it exempts.
    pub fn name(self) -> &'static str {
        match self {
            Self::Node => "per_node",
            Self::Zone => "per_zone",
            Self::NamespaceDay => "per_namespace_day",
            Self::OwnerDay => "per_owner_day",
        }
    }

    fn limit(self, limits: &DisruptionLimits) -> Option<usize> {
        match self {
            Self::Node => limits.per_node,
            Self::Zone => limits.per_zone,
            Self::NamespaceDay => limits.per_namespace_day,
            Self::OwnerDay => limits.per_owner_day,
        }
    }

    /// Whether it counts victims that are disrupted at the same time, and not those of a day.
    fn is_at_once(self) -> bool {
        matches!(self, Self::Node | Self::Zone)
    }

    fn window(self) -> Duration {
        match self {
            Self::Node | Self::Zone => AT_ONCE,
            Self::NamespaceDay | Self::OwnerDay => DAY,
        }
    }

    /// Whether the cap on `victim` counts an `earlier` one.
    fn counts(self, earlier: &RecentVictim, victim: &Candidate, place: &PodPlace) -> bool {
        let is_same_namespace = earlier.namespace.as_ref() == Some(&victim.pod.namespace);
        match self {
            Self::Node => earlier.node == place.node,
            Self::Zone => earlier.zone == place.zone,
            Self::NamespaceDay => is_same_namespace,
            Self::OwnerDay => is_same_namespace && earlier.owner == victim.owner,
        }
    }

    /// Where the victims are that the cap counts, in words; `None` if that is not known, or there is no owner.
    fn place_in_words(self, victim: &Candidate, place: &PodPlace) -> Option<String> {
        let namespace = &victim.pod.namespace;
        match self {
            Self::Node => place.node.as_ref().map(|node| format!("on node {node}")),
            Self::Zone => place.zone.as_ref().map(|zone| format!("in zone {zone}")),
            Self::NamespaceDay => Some(format!("in namespace {namespace}")),
            Self::OwnerDay => {
                let owner = victim.owner.as_ref()?;
                Some(format!("of {owner} in {namespace}"))
            }
        }
    }
}

impl RecentVictim {
    fn new(victim: &Candidate, place: &PodPlace, context: &StepContext<'_>) -> Self {
        let limits = context.limits;
        let by_owner = limits.per_owner_day.is_some() && victim.owner.is_some();
        let by_namespace = limits.per_namespace_day.is_some() || by_owner;

        Self {
            uid: victim.pod.uid.clone(),
            at: whole_second(context.server_time()),
            namespace: by_namespace.then(|| victim.pod.namespace.clone()),
            owner: victim.owner.clone().filter(|_| by_owner),
            node: place.node.clone().filter(|_| limits.per_node.is_some()),
            zone: place.zone.clone().filter(|_| limits.per_zone.is_some()),
        }
    }

    /// Whether a cap counts the victim; if none does, it is only a hint.
    fn counts(&self) -> bool {
        self.namespace.is_some() || self.has_place()
    }

    fn has_place(&self) -> bool {
        self.node.is_some() || self.zone.is_some()
    }

    /// How long the victim is kept.
    fn kept(&self) -> SignedDuration {
        if self.namespace.is_some() {
            KEPT
        } else if self.has_place() {
            KEPT_PLACE
        } else {
            signed(AT_ONCE)
        }
    }
}

/// How many bytes a victim or a cooldown takes in the journal, or a few more.
fn bytes(entry: &impl Serialize) -> usize {
    let text = serde_json::to_string(entry).expect("an entry of the journal serialises");
    text.len() + INDENTATION
}

/// Whether a victim is within the window of this length that ends at `now`.
fn within(window: Duration, now: Timestamp) -> impl Fn(&RecentVictim) -> bool {
    let window = signed(window);
    move |victim| now.duration_since(victim.at) < window
}

impl fmt::Display for CapReached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            cap,
            place,
            limit,
            until,
            recovering,
        } = self;
        let name = cap.name();
        if *recovering {
            let victims = if *limit == 1 {
                "victim that has"
            } else {
                "victims that have"
            };
            return write!(
                f,
                "the limit of {limit} {victims} not recovered {place} is reached until {until} at the latest \
                 (limits.{name})"
            );
        }

        let disruptions = if *limit == 1 { "disruption" } else { "disruptions" };
        let window = if cap.is_at_once() {
            "10 minutes"
        } else {
            "24 hours"
        };
        write!(
            f,
            "the limit of {limit} {disruptions} {place} within {window} is reached until {until} (limits.{name})"
        )
    }
}
