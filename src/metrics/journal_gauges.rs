//! What the gauges of the journal show: it is kept as of the last read, and judged by the clock of a scrape.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use macaque_core::config::DisruptionLimits;
use macaque_core::instants::after;
use macaque_core::journal::{Journal, LimitWindow, PauseRequest, Reservation, ReservationState};

/// How long after its recovery a namespace counts as disrupted: alerts that a disruption caused may come a little later.
const AFTERMATH: Duration = Duration::from_secs(120);

/// The journal as of the last read, reduced to what gauges show.
#[derive(Debug, Default)]
pub(super) struct JournalGauges {
    /// Whether the journal cannot be used.
    is_unusable: bool,
    quarantine_until: Option<Timestamp>,
    pause: Option<PauseRequest>,
    /// The slot of the last round.
    pub(super) last_round: Option<Timestamp>,
    /// When each open recovery is given up.
    recoveries_until: Vec<Timestamp>,
    /// The namespaces that were disrupted.
    disrupted: BTreeMap<String, DisruptedNamespace>,
    /// How many more disruptions each limit allows.
    pub(super) remaining: Vec<(LimitWindow, usize)>,
}

/// A namespace of a victim.
#[derive(Debug, Clone, Copy)]
struct DisruptedNamespace {
    /// Until when it counts as disrupted, unless its recoveries end earlier.
    until: Timestamp,
    /// Whether a recovery there was open.
    is_recovering: bool,
}

impl JournalGauges {
    /// Takes what the journal shows at `now`.
    pub(super) fn read(
        &mut self,
        journal: &Journal,
        pause: Option<&PauseRequest>,
        limits: &DisruptionLimits,
        now: Timestamp,
    ) {
        self.is_unusable = false;
        self.quarantine_until = journal.quarantine(now).map(|quarantine| quarantine.until);
        self.pause = pause.cloned();
        self.note_round(journal.round().map(|round| round.slot));
        self.recoveries_until = journal.open_recoveries(now).map(|record| record.until).collect();
        self.note_disrupted(journal, now);
        let remaining = |window| Some((window, journal.remaining_in(window, limits, now)?));
        self.remaining = LimitWindow::ALL.into_iter().filter_map(remaining).collect();
    }

    /// Notes that the journal cannot be used.
    pub(super) fn note_unusable(&mut self) {
        self.is_unusable = true;
    }

    /// Notes the slot of a round.
    pub(super) fn note_round(&mut self, slot: Option<Timestamp>) {
        self.last_round = self.last_round.max(slot);
    }

    /// Whether the journal can be used.
    pub(super) fn is_trusted(&self, now: Timestamp) -> bool {
        !self.is_unusable && self.quarantine_until.is_none_or(|until| until <= now)
    }

    /// Whether macaque is paused.
    pub(super) fn is_paused(&self, now: Timestamp) -> bool {
        self.pause.as_ref().is_some_and(|pause| !pause.is_over(now))
    }

    /// How many recoveries are open.
    pub(super) fn recovering(&self, now: Timestamp) -> usize {
        self.recoveries_until.iter().filter(|until| now < **until).count()
    }

    /// The namespaces in which a victim is not whole again, or was not a moment ago.
    pub(super) fn disrupting(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        let disrupted = self.disrupted.iter();
        let disrupting = disrupted.filter(move |(_, namespace)| now < namespace.until);
        disrupting.map(|(name, _)| name.as_str())
    }

    fn note_disrupted(&mut self, journal: &Journal, now: Timestamp) {
        // A recovery that is open no more has ended since the last read.
        for namespace in self
            .disrupted
            .values_mut()
            .filter(|namespace| namespace.is_recovering)
        {
            namespace.until = namespace.until.min(after(now, AFTERMATH));
            namespace.is_recovering = false;
        }

        for reservation in disruptions(journal) {
            self.note_disrupted_until(
                &reservation.pod.namespace,
                after(reservation.at, AFTERMATH),
                false,
            );
        }
        for record in journal.open_recoveries(now) {
            self.note_disrupted_until(&record.victim.pod.namespace, after(record.until, AFTERMATH), true);
        }
        self.disrupted.retain(|_, namespace| now < namespace.until);
    }

    fn note_disrupted_until(&mut self, namespace: &str, until: Timestamp, is_recovering: bool) {
        let noted = self
            .disrupted
            .entry(namespace.to_owned())
            .or_insert(DisruptedNamespace { until, is_recovering });
        noted.until = noted.until.max(until);
        noted.is_recovering |= is_recovering;
    }
}

/// The victims of the last round that were disrupted.
pub(super) fn disruptions(journal: &Journal) -> impl Iterator<Item = &Reservation> {
    let reservations = journal.round().into_iter().flat_map(|round| &round.reservations);
    reservations.filter(|reservation| reservation.state == ReservationState::Disrupted)
}
