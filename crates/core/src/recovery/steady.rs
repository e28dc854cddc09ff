//! Spans in which something holds without a break: only what lasts is believed.

use std::time::Duration;

use super::RecoveryPrecision;
use super::times::Moment;

/// How long an owner must be whole without a break.
pub const WHOLE_SPAN: Duration = Duration::from_secs(5);

/// How long pods must be at rest for their number to count as the wanted one, and a Job without live pods to be complete.
const REST_SPAN: Duration = Duration::from_secs(60);

/// How late the end of a span may be looked at: a process that is held up longer may have missed a break.
pub(super) const MAX_DELAY: Duration = Duration::from_secs(10);

/// How late the end of a span may be looked at where the pods' conditions tell of a break.
const MAX_DELAY_DISPROVED: Duration = Duration::from_secs(1);

/// How long after its second began a pod's condition tells of every change that follows: by then another second has begun,
/// however the clocks differ.
const CONDITION_SECOND: Duration = Duration::from_secs(2);

/// A value that stays the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steady<T> {
    pub value: T,
    since: Duration,
}

/// A span in which an owner is whole.
#[derive(Debug, Clone, Copy)]
pub(super) struct WholeSpan {
    /// When it was first seen whole.
    seen: Duration,
    /// When it was whole.
    pub at: Moment,
    /// How precisely that is known.
    pub precision: RecoveryPrecision,
    /// Since when it had been whole by its pods' conditions.
    proof: Option<Duration>,
}

/// What is known of the time between an observation and the one before.
#[derive(Debug, Clone, Copy)]
pub(super) enum Between {
    /// Every change was seen.
    Seen,
    /// The pods were known at this time, and changes may have been missed since.
    Gap(Duration),
    /// The pods could not be seen, or not before.
    Unknown,
}

impl<T: PartialEq + Copy> Steady<T> {
    /// What becomes of the span `current` when the value is this at `now`, and has been seen without a break since
    /// `continuous_since`.
    pub(super) fn next(
        current: Option<Self>,
        value: Option<T>,
        continuous_since: Option<Duration>,
        now: Duration,
    ) -> Option<Self> {
        let value = value?;
        let is_continuous = continuous_since.is_some_and(|since| now - since <= REST_SPAN + MAX_DELAY);
        let lasting = current.filter(|current| is_continuous && current.value == value);
        Some(lasting.unwrap_or(Self { value, since: now }))
    }

    /// When the span is over.
    pub(super) fn due(&self) -> Duration {
        self.since + REST_SPAN
    }

    /// Whether the span is over at `now`.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        now >= self.due()
    }
}

impl WholeSpan {
    /// The span of an owner that is first seen whole at `now`, and has been since `proof` by its pods' conditions.
    pub(super) fn begin(now: Duration, proof: Option<Duration>, precision: RecoveryPrecision) -> Self {
        Self {
            seen: now,
            at: Moment::seen(now, proof),
            precision,
            proof,
        }
    }

    /// The span if the owner is whole at `now` too, and has been since `proof` by its pods' conditions. If the pods could not
    /// be seen all the time, or nobody looked when the span was over, it begins anew; but the owner was whole when it was if
    /// the pods' conditions have not changed. Where changes may have been missed, the conditions decide.
    pub(super) fn next(self, now: Duration, proof: Option<Duration>, between: Between) -> Option<Self> {
        let is_proven = proof.is_some() && proof == self.proof;
        let is_disproved = !is_proven && proof.is_some() && self.proof.is_some();
        let allowed = if is_disproved {
            MAX_DELAY_DISPROVED
        } else {
            MAX_DELAY
        };
        let is_in_time = now.saturating_sub(self.due()) <= allowed;

        let is_unbroken = match between {
            Between::Seen => is_in_time || is_proven,
            Between::Gap(known) if is_proven => proof.is_some_and(|proof| known >= proof + CONDITION_SECOND),
            Between::Gap(_) => is_in_time && !is_disproved,
            Between::Unknown => false,
        };
        if is_unbroken {
            return Some(self);
        }
        is_proven.then_some(Self { seen: now, ..self })
    }

    /// The span, of which it is known that the owner was not whole before `earliest`.
    pub(super) fn not_before(self, earliest: Duration) -> Self {
        Self {
            at: self.at.not_before(earliest),
            ..self
        }
    }

    /// Whether the pods' conditions show that it began after `end`.
    pub(super) fn is_proven_after(&self, end: Duration) -> bool {
        self.proof.is_some_and(|proof| proof > end)
    }

    /// When the span is over.
    pub(super) fn due(&self) -> Duration {
        self.seen + WHOLE_SPAN
    }

    /// Whether the span is over at `now`.
    pub(super) fn is_over(&self, now: Duration) -> bool {
        now >= self.due()
    }
}
