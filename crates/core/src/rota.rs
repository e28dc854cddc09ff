//! The rota: gives each owner one turn in each period, in a slot that everybody can foretell.
//!
//! Who has which slot follows from a seed, the period, the owners and the slots of the calendar, and from nothing else:
//! every replica finds the same, before and after a restart. In each period an owner wants the slot that a hash of the
//! period and of its name gives. A slot holds a fixed number of turns; an owner that wants a full one takes the next that
//! is free, and after the last slot of the period the first.
//!
//! Owners may have periods of their own length. Those with the shortest get their slots first, because they have the least
//! choice; the others see what is taken.

mod chance;
mod load;
mod placing;
mod wall_clock;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use ring::hmac;

pub use self::chance::{by_chance, probability, slots_of_week};
pub use self::load::{HIGH_LOAD, RotaLoad};

use self::placing::FreeSlots;
use self::wall_clock::instant_of;
use crate::config::{DisruptConfig, DisruptionPace};
use crate::pod::OwnerRef;
use crate::schedule::{Calendar, LocalRound};

/// The longest period: a year.
pub const LONGEST_EVERY: Duration = Duration::from_secs(365 * 24 * 3600);

/// The most slots that a period may have.
pub const MOST_SLOTS: usize = 100_000;

/// The most lengths of periods that owners of one rota may name; of more the shortest count. Each length widens what has to
/// be looked at by two of its periods, and annotations are written by many people.
pub const MOST_LENGTHS: usize = 20;

/// About how many turns may have to be placed to know those of some slots; lengths that need more do not count.
const MOST_PLACED: u64 = 1_000_000;

/// The most turns in periods that are not over: the journal remembers no more.
pub const MOST_TURNS: usize = 5_000;

/// What the wall clock of the zone shows at the beginning of the first period, in seconds since it showed the beginning of
/// 1970: Monday 1970-01-05 00:00.
const FIRST_PERIOD: i64 = 4 * 24 * 3600;

/// How much further than two periods the next turns are looked for: past a weekend, for example.
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// How far the wall clock of a zone may be from UTC, and more.
const OFFSETS: SignedDuration = SignedDuration::from_hours(48);

/// The turns of owners at the slots of a calendar.
#[derive(Debug, Clone, Copy)]
pub struct Rota<'a> {
    /// The slots: quiet ones have no turns.
    pub calendar: &'a Calendar,
    /// The length of the periods of owners that have none of their own.
    pub every: Duration,
    /// How many turns a slot holds; at least 1.
    pub capacity: usize,
    /// The number that decides, with period and owner, which slot an owner wants.
    pub seed: u64,
}

/// An owner that has turns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RotaOwner {
    /// The owner.
    pub owner: OwnerRef,
    /// The length of its periods, if it is not that of the rota. One that [`Rota::accepts`] does not accept, or
    /// beyond the [`MOST_LENGTHS`] shortest, counts as if it were not there.
    pub every: Option<Duration>,
}

/// The turn of one owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The slot.
    pub slot: Timestamp,
    /// The owner.
    pub owner: OwnerRef,
    /// The length of the owner's periods.
    pub every: Duration,
    /// When the period ends, and with it the turn: the owner has no other until then.
    pub period_end: Timestamp,
}

/// The owners with periods of one length.
struct PeriodClass<'a> {
    /// The length, in seconds.
    length: i64,
    owners: Vec<&'a OwnerRef>,
    /// What the wall clock shows at the beginning of the first period that is looked at, and at the end of the last.
    range: (i64, i64),
}

/// An owner that finds no slot in a period.
struct Unplaced<'a> {
    owner: &'a OwnerRef,
    /// What the wall clock shows at the beginning and at the end of the period.
    period: (i64, i64),
}

/// The owners by the length of their periods, and what has to be looked at.
struct Classes<'a> {
    /// The shortest periods first.
    classes: Vec<PeriodClass<'a>>,
    /// What the wall clock shows at the beginning and at the end of all that has to be looked at.
    range: (i64, i64),
    /// The owners whose own length does not count, and that would have more turns than they ask for without it.
    left_out: Vec<&'a OwnerRef>,
}

/// The turns of all classes, in the periods that were looked at.
struct PlacedTurns<'a> {
    rounds: Vec<LocalRound>,
    /// The turns: the number of the slot, the owner, the length of its periods, and what the wall clock shows at the
    /// end of this one.
    turns: Vec<(usize, &'a OwnerRef, i64, i64)>,
    unplaced: Vec<Unplaced<'a>>,
    /// The owners that have no turns at all.
    left_out: Vec<&'a OwnerRef>,
}

impl<'a> Rota<'a> {
    /// The rota of the rounds of `calendar`, if `disrupt` has one.
    pub fn of(disrupt: &DisruptConfig, calendar: &'a Calendar) -> Option<Self> {
        let DisruptionPace::Rota { every, seed } = disrupt.pace else {
            return None;
        };
        Some(Self {
            calendar,
            every,
            capacity: disrupt.count.most(),
            seed,
        })
    }
}

impl Rota<'_> {
    /// Every turn at a slot from `from` on and before `to`, by slot, then by owner.
    pub fn turns(&self, owners: &BTreeSet<RotaOwner>, from: Timestamp, to: Timestamp) -> Vec<Turn> {
        let placed = self.place(owners, from, to);
        let is_within = |slot: Timestamp| from <= slot && slot < to;

        let turns = placed.turns.into_iter().filter_map(|(slot, owner, length, end)| {
            let slot = Timestamp::from_second(placed.rounds[slot].instant).ok()?;
            is_within(slot).then(|| Turn {
                slot,
                owner: owner.clone(),
                every: Duration::from_secs(length.unsigned_abs()),
                period_end: self.instant(end),
            })
        });
        let mut turns: Vec<_> = turns.collect();
        turns.sort_by(|a, b| (a.slot, &a.owner).cmp(&(b.slot, &b.owner)));
        turns
    }

    /// Every turn at `slot`, by owner.
    pub fn turns_at(&self, owners: &BTreeSet<RotaOwner>, slot: Timestamp) -> Vec<Turn> {
        self.turns(owners, slot, slot + SignedDuration::from_nanos(1))
    }

    /// The next turn of each owner after `now`, for as far as two periods and a week beyond the next slot reach.
    pub fn next_turns(&self, owners: &BTreeSet<RotaOwner>, now: Timestamp) -> BTreeMap<OwnerRef, Turn> {
        let Some(begin) = self.calendar.next_round(now) else {
            return BTreeMap::new();
        };
        let own = owners.iter().filter_map(|owner| owner.every);
        let longest = own.max().unwrap_or_default().max(self.every).min(LONGEST_EVERY);
        let ahead = (longest * 2).max(longest + WEEK);

        let mut next = BTreeMap::new();
        let end = begin.checked_add(ahead).unwrap_or(Timestamp::MAX);
        for turn in self.turns(owners, begin, end) {
            next.entry(turn.owner.clone()).or_insert(turn);
        }
        next
    }

    /// How full the rota is in the period of the first slot from `at` on, of the rota's own length.
    pub fn load(&self, owners: &BTreeSet<RotaOwner>, at: Timestamp) -> RotaLoad {
        let before = at.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(at);
        let now = self.local(self.calendar.next_round(before).unwrap_or(at));
        let (start, end) = period(now, seconds(self.every));
        let placed = self.place(owners, self.instant(start), self.instant(end));

        let is_within = |local: i64| start <= local && local < end;
        let slots = placed
            .rounds
            .iter()
            .filter(|round| is_within(round.local))
            .count();
        let taken = placed.turns.iter();
        let taken = taken
            .filter(|(slot, ..)| is_within(placed.rounds[*slot].local))
            .count();
        let unplaced = placed.unplaced.iter().filter(|unplaced| {
            let (start, end) = unplaced.period;
            start <= now && now < end
        });
        let unplaced = unplaced.map(|unplaced| unplaced.owner);
        let unplaced: Vec<_> = unplaced.chain(placed.left_out.iter().copied()).cloned().collect();

        RotaLoad {
            wanted: taken + unplaced.len(),
            offered: slots * self.capacity,
            unplaced,
        }
    }

    /// Whether the periods of an owner may have this length: at least the time between two slots, at most
    /// [`LONGEST_EVERY`], with at most [`MOST_SLOTS`] slots.
    pub fn accepts(&self, every: Duration) -> bool {
        self.accepts_beside(self.calendar.cron().shortest_interval(), every)
    }

    /// Whether the periods of an owner may have this length if `interval` is the shortest time between two slots.
    fn accepts_beside(&self, interval: Duration, every: Duration) -> bool {
        if every.is_zero() || every < interval || every > LONGEST_EVERY {
            return false;
        }

        // Counting takes time, and is seldom needed: even one slot in each interval would not be too many.
        let most = u32::try_from(MOST_SLOTS).unwrap_or(u32::MAX);
        let is_sparse = every <= interval.saturating_mul(most);
        is_sparse || !self.calendar.cron().has_more_than(MOST_SLOTS, every)
    }

    /// The lengths of periods that owners name and that count.
    ///
    /// `window` is how long the time is that is asked about, in seconds.
    fn own_lengths(&self, owners: &BTreeSet<RotaOwner>, window: u64) -> BTreeSet<Duration> {
        let mut named: BTreeMap<Duration, u64> = BTreeMap::new();
        for every in owners.iter().filter_map(|owner| owner.every) {
            *named.entry(every).or_default() += 1;
        }
        if named.is_empty() {
            return BTreeSet::new();
        }

        let interval = self.calendar.cron().shortest_interval();
        let accepted = named
            .into_iter()
            .filter(|(every, _)| self.accepts_beside(interval, *every));
        let mut accepted: BTreeMap<_, _> = accepted.take(MOST_LENGTHS).collect();
        while self.placed_by(&accepted, owners.len() as u64, window) > MOST_PLACED {
            if accepted.pop_last().is_none() {
                break;
            }
        }
        accepted.into_keys().collect()
    }

    /// About how many turns must be placed if these lengths count, each of so many owners.
    fn placed_by(&self, lengths: &BTreeMap<Duration, u64>, owners: u64, window: u64) -> u64 {
        let named: u64 = lengths.values().sum();
        let all = lengths.iter().map(|(every, owners)| (every.as_secs(), *owners));
        let all = all.chain([(self.every.as_secs().max(1), owners - named)]);
        let range = window + all.clone().map(|(length, _)| 2 * length).sum::<u64>();
        all.map(|(length, owners)| owners * (range / length + 1)).sum()
    }

    /// Places every owner in the periods that reach from `from` to `to`, and in all that matter for them.
    fn place<'a>(&self, owners: &'a BTreeSet<RotaOwner>, from: Timestamp, to: Timestamp) -> PlacedTurns<'a> {
        let begin = from.checked_sub(OFFSETS).unwrap_or(Timestamp::MIN);
        let end = to.checked_add(OFFSETS).unwrap_or(Timestamp::MAX);
        let Classes {
            classes,
            range,
            left_out,
        } = self.classes(owners, (begin.as_second(), end.as_second()));

        let instant = |local: i64| Timestamp::from_second(local).unwrap_or(Timestamp::MIN);
        let begin = instant(range.0).checked_sub(OFFSETS).unwrap_or(Timestamp::MIN);
        let end = instant(range.1).checked_add(OFFSETS).unwrap_or(Timestamp::MAX);
        let mut rounds = self.calendar.rounds(begin, end);
        rounds.retain(|round| range.0 <= round.local && round.local < range.1);

        let mut placed = PlacedTurns {
            turns: Vec::new(),
            unplaced: Vec::new(),
            left_out,
            rounds,
        };
        let window = (from.as_second(), to.as_second());
        let mut taken = vec![0; placed.rounds.len()];
        for class in &classes {
            self.place_class(class, window, &mut taken, &mut placed);
        }
        placed
    }

    /// The owners by the length of their periods, the shortest first, and all that has to be looked at. The range of each
    /// class covers those of the longer ones, because these see what it takes.
    fn classes<'a>(&self, owners: &'a BTreeSet<RotaOwner>, mut range: (i64, i64)) -> Classes<'a> {
        let own_lengths = self.own_lengths(owners, range.1.abs_diff(range.0));
        let mut by_length: BTreeMap<i64, Vec<&OwnerRef>> = BTreeMap::new();
        let mut left_out = Vec::new();
        for RotaOwner { owner, every } in owners {
            let length = match every {
                Some(own) if own_lengths.contains(own) => *own,
                // Who asks for fewer turns than the others gets none rather than as many as they.
                Some(own) if *own > self.every => {
                    left_out.push(owner);
                    continue;
                }
                _ => self.every,
            };
            by_length.entry(seconds(length)).or_default().push(owner);
        }

        let mut classes: Vec<_> = by_length
            .into_iter()
            .rev()
            .map(|(length, owners)| {
                range = (period(range.0, length).0, period(range.1 - 1, length).1);
                PeriodClass {
                    length,
                    owners,
                    range,
                }
            })
            .collect();
        classes.reverse();
        Classes {
            classes,
            range,
            left_out,
        }
    }

    /// Places the owners of one class in each of its periods; `taken` is how many turns each slot has. Only turns in the
    /// window are kept.
    fn place_class<'a>(
        &self,
        class: &PeriodClass<'a>,
        window: (i64, i64),
        taken: &mut [usize],
        placed: &mut PlacedTurns<'a>,
    ) {
        let mut slots_of: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for (slot, round) in placed.rounds.iter().enumerate() {
            if class.range.0 <= round.local && round.local < class.range.1 {
                let (start, _) = period(round.local, class.length);
                slots_of.entry(start).or_default().push(slot);
            }
        }

        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.seed.to_be_bytes());
        for (start, slots) in slots_of {
            let mut wishes: Vec<_> = class
                .owners
                .iter()
                .map(|owner| (hash(&key, start, owner), *owner))
                .collect();
            wishes.sort_unstable();

            let mut free = FreeSlots::new(
                slots
                    .iter()
                    .map(|slot| self.capacity.saturating_sub(taken[*slot])),
            );
            let period_end = start + class.length;
            for (hash, owner) in wishes {
                let wanted = (hash % slots.len() as u64) as usize;
                match free.take(wanted) {
                    Some(found) => {
                        let slot = slots[found];
                        taken[slot] += 1;
                        let instant = placed.rounds[slot].instant;
                        if window.0 <= instant && instant <= window.1 {
                            placed.turns.push((slot, owner, class.length, period_end));
                        }
                    }
                    None => placed.unplaced.push(Unplaced {
                        owner,
                        period: (start, period_end),
                    }),
                }
            }
        }
    }

    /// What the wall clock of the zone shows at `instant`, in seconds since it showed the beginning of 1970.
    fn local(&self, instant: Timestamp) -> i64 {
        let offset = self.calendar.zone().to_offset(instant);
        instant.as_second() + i64::from(offset.seconds())
    }

    /// The first instant from which on the wall clock of the zone shows this or later, in seconds since it showed the
    /// beginning of 1970.
    fn instant(&self, local: i64) -> Timestamp {
        instant_of(local, self.calendar.zone())
    }
}

/// The period around what the wall clock shows: its beginning and its end.
fn period(local: i64, length: i64) -> (i64, i64) {
    let start = local - (local - FIRST_PERIOD).rem_euclid(length);
    (start, start + length)
}

/// The hash of an owner in the period that begins when the wall clock shows `start`.
fn hash(key: &hmac::Key, start: i64, owner: &OwnerRef) -> u64 {
    let OwnerRef { namespace, owner } = owner;
    let message = format!("{start} {namespace}/{}/{}", owner.kind, owner.name);
    first_eight_bytes(hmac::sign(key, message.as_bytes()).as_ref())
}

fn first_eight_bytes(digest: &[u8]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    u64::from_be_bytes(first)
}

fn seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX).max(1)
}

#[cfg(test)]
mod tests;
