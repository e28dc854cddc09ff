//! Laws of what macaque stores and reads again: the journal, the history, and its lines in a log.

use arbitrary::Unstructured;
use jiff::{SignedDuration, Timestamp};
use macaque::history::{pack, read_log, unpack};
use macaque_core::config::{DisruptionLimits, RecoveryPolicy};
use macaque_core::eligibility::Candidate;
use macaque_core::history::{History, HistoryLine, LineContent};
use macaque_core::journal::{
    Journal, JournalEvent, JournalTiming, LeaseHolder, Resolution, StepContext, StoredJournal,
};
use macaque_core::outcome::DisruptionMethod;
use macaque_core::pod::{PodOwner, PodPlace, PodRef};

use crate::text;

pub(crate) const JOURNAL_LAW: &str = "a journal that is read, written and read again is the same, whatever steps are \
                                      taken with it; its sequence grows with each step, slots never go back, and a \
                                      round has no more victims than ordered";
pub(crate) const HISTORY_LAW: &str = "a history that is read, written and read again is the same, as text and packed, \
                                      and merged with itself it is itself";
pub(crate) const LOG_LAW: &str = "every line is counted, what is taken of a log is taken again of its own lines, and a \
                                  line cut short is none";

/// How many victims a round may have.
const COUNT: usize = 2;
/// The line between a journal and the bytes by which steps are taken.
const STEPS: &str = "\n---\n";

/// A journal, and steps after it.
pub(crate) fn journal(bytes: &[u8]) {
    let begin = bytes
        .windows(STEPS.len())
        .position(|part| part == STEPS.as_bytes());
    let (text, steps) = begin.map_or((bytes, &[][..]), |at| (&bytes[..at], &bytes[at + STEPS.len()..]));
    let Some(text) = text::of(text) else { return };
    let stored = StoredJournal {
        uid: "uid".to_owned(),
        text: Some(text.to_owned()),
        seal: None,
        ..StoredJournal::default()
    };
    let Ok(mut journal) = stored.read() else { return };
    assert_reads(&journal);

    let mut steps = Unstructured::new(steps);
    let mut now = Timestamp::from_second(1_800_000_000).expect("an instant");
    while !steps.is_empty() {
        let Ok(next) = step(&journal, &mut now, &mut steps) else {
            return;
        };
        if let Some(next) = next {
            assert_reads(&next);
            journal = next;
        }
    }
}

fn assert_reads(journal: &Journal) {
    let (text, seal) = journal.write();
    let stored = StoredJournal {
        uid: "other".to_owned(),
        text: Some(text),
        seal: Some(seal),
        ..StoredJournal::default()
    };
    assert_eq!(stored.read().as_ref(), Ok(journal));
}

/// The journal after a step, if it is allowed.
fn step(
    before: &Journal,
    now: &mut Timestamp,
    bytes: &mut Unstructured<'_>,
) -> arbitrary::Result<Option<Journal>> {
    let seconds: i32 = bytes.int_in_range(-60..=90_000)?;
    *now = now
        .saturating_add(SignedDuration::from_secs(seconds.into()))
        .unwrap_or(*now);
    let holder = LeaseHolder {
        process: ["a", "b"][usize::from(bytes.arbitrary::<bool>()?)].to_owned(),
        incarnation: bytes.int_in_range(0..=2)?,
    };
    let limit = |bytes: &mut Unstructured<'_>| bytes.arbitrary::<bool>().map(|is_set| is_set.then_some(3));
    let limits = DisruptionLimits {
        per_hour: limit(bytes)?,
        per_day: limit(bytes)?,
        ..DisruptionLimits::default()
    };
    let context = StepContext {
        now: *now,
        skew: Some(SignedDuration::from_secs(bytes.int_in_range(-40..=40)?)),
        holder: &holder,
        keeps_recoveries: bytes.arbitrary()?,
        pause: None,
        count: COUNT,
        limits: &limits,
        recovery: &RecoveryPolicy::off(),
        timing: &JournalTiming::default(),
    };

    let event = event(*now, bytes)?;
    let Ok(after) = before.step(&event, &context) else {
        return Ok(None);
    };
    let has_grown = after.sequence() > before.sequence();
    assert_eq!(has_grown, after != *before, "{event:?}");
    if let (Some(earlier), Some(later)) = (before.round(), after.round()) {
        assert!(later.slot >= earlier.slot, "{event:?}");
        let most = COUNT.max(earlier.reservations.len());
        assert!(later.reservations.len() <= most, "{event:?}");
    }
    Ok(Some(after))
}

fn event(now: Timestamp, bytes: &mut Unstructured<'_>) -> arbitrary::Result<JournalEvent> {
    let pod: u8 = bytes.int_in_range(0..=5)?;
    let uid = format!("uid-{pod}");
    Ok(match bytes.int_in_range(0..=7)? {
        0 | 1 => {
            let back = SignedDuration::from_secs(bytes.int_in_range(-10..=70)?);
            JournalEvent::Claim {
                slot: now.saturating_sub(back).unwrap_or(now),
                seed: bytes.arbitrary()?,
                since: now.saturating_sub(SignedDuration::from_hours(1)).unwrap_or(now),
            }
        }
        2 | 3 => JournalEvent::Reserve {
            victim: Candidate {
                pod: PodRef {
                    namespace: "shop".to_owned(),
                    name: format!("web-{pod}"),
                    uid,
                },
                owner: Some(PodOwner {
                    kind: "Deployment".to_owned(),
                    name: format!("web-{}", pod % 3),
                }),
                team: None,
                period_end: None,
            },
            place: PodPlace::default(),
            method: DisruptionMethod::Evict,
            baseline: None,
        },
        4 => JournalEvent::Resolve {
            uid,
            resolution: *bytes.choose(&[Resolution::Disrupted, Resolution::Unknown, Resolution::Released])?,
            accepted: bytes.arbitrary::<bool>()?.then_some(now),
        },
        5 => JournalEvent::TakeOver,
        6 => JournalEvent::Release,
        _ => JournalEvent::Quarantine {
            why: "fuzzing".to_owned(),
            known: bytes.int_in_range(0..=9)?,
        },
    })
}

pub(crate) fn history(bytes: &[u8]) {
    let Ok(history) = History::read(bytes) else { return };
    assert_eq!(History::read(&history.write()).as_ref(), Ok(&history));

    let mut merged = history.clone();
    merged.merge(&history);
    assert_eq!(merged, history);
    let mut empty = History::new();
    empty.merge(&history);
    assert_eq!(empty.entries(), history.entries());

    let mut whole = history.clone();
    let packed = pack(&mut whole);
    let unpacked = unpack(Some(&packed.bytes), Some(&packed.seal), Timestamp::MIN);
    let unpacked = unpacked.expect("what was packed is unpacked");
    assert!(!unpacked.is_edited);
    assert_eq!(unpacked.history, history);
}

pub(crate) fn log(bytes: &[u8]) {
    let log = read_log(bytes).expect("bytes in memory are read");
    let lines = bytes.split(|byte| *byte == b'\n').count() as u64;
    let counts = &log.counts;
    assert!(counts.read == lines || counts.read + 1 == lines, "{counts:?}");
    if let Some((line, why)) = &counts.first_unreadable {
        assert!((1..=lines).contains(line) && !why.is_empty(), "{counts:?}");
    }

    let entries = log.history.entries().iter().cloned();
    let entries = entries.map(|entry| LineContent::Entry(Box::new(entry)));
    let rounds = log.history.rounds().iter().cloned().map(LineContent::Round);
    let mut own = String::new();
    for content in entries.chain(rounds) {
        let line = serde_json::to_string(&HistoryLine::new(content)).expect("a line serialises");
        let half = (0..line.len() / 2)
            .rev()
            .find(|at| line.is_char_boundary(*at))
            .unwrap_or_default();
        assert!(serde_json::from_str::<HistoryLine>(&line[..half]).is_err());
        own += &format!("{{\"ts\":\"x\",\"level\":\"info\",\"msg\":\"y\",\"history\":{line}}}\n");
    }
    let again = read_log(own.as_bytes()).expect("bytes in memory are read");
    assert_eq!(again.history.entries(), log.history.entries(), "{own}");
    assert_eq!(again.history.rounds(), log.history.rounds(), "{own}");
}
