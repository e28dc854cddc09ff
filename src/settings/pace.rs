//! Decodes `disrupt.pace`, and what belongs to it: whose pods a round may take.

use std::time::Duration;

use macaque_core::config::{DisruptionPace, VictimCount};
use macaque_core::rota::{LONGEST_EVERY, MOST_SLOTS};
use macaque_core::schedule::Calendar;

use super::decoder::SettingsDecoder;
use super::given_value::GivenValue;
use super::mistake::{MistakeReported, quote};

/// The words of the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PaceWord {
    Count,
    Rota,
    Chance,
}

impl PaceWord {
    const ALL: [Self; 3] = [Self::Count, Self::Rota, Self::Chance];

    fn as_str(self) -> &'static str {
        let [count, rota, chance] = DisruptionPace::WORDS;
        match self {
            Self::Count => count,
            Self::Rota => rota,
            Self::Chance => chance,
        }
    }
}

/// Decodes the pace of rounds that are due by `calendar` and disrupt `count` victims. Of both `None` means that a mistake
/// in them is reported already.
pub(super) fn decode_pace(
    decoder: &mut SettingsDecoder,
    calendar: Option<&Option<Calendar>>,
    count: Option<&GivenValue<VictimCount>>,
) -> Result<DisruptionPace, MistakeReported> {
    let pace = decoder.one_of("disrupt.pace", "a pace", PaceWord::ALL, PaceWord::as_str);
    let every = decoder
        .text("disrupt.every")
        .and_then(|text| decode_every(decoder, text));
    let seed = decoder.count("disrupt.rota_seed");

    let pace = pace?;
    if pace == PaceWord::Count {
        every?;
        seed?;
        return Ok(DisruptionPace::Count);
    }

    let slots = check_slots(decoder, pace, every.as_ref().ok(), calendar);
    let turns = check_count(decoder, pace, count);
    let every = every?.value;
    let seed = seed?.value as u64;
    slots?;
    turns?;
    Ok(if pace == PaceWord::Rota {
        DisruptionPace::Rota { every, seed }
    } else {
        DisruptionPace::Chance { every }
    })
}

/// Decodes the time between two turns of one owner, within the bounds that hold for every schedule.
fn decode_every(
    decoder: &mut SettingsDecoder,
    text: GivenValue<String>,
) -> Result<GivenValue<Duration>, MistakeReported> {
    let every = decoder.duration(text)?;
    if every.value < Duration::from_secs(60) {
        Err(decoder.refuse(
            &every,
            "is less than a minute, and slots are a minute apart",
            "use \"1m\" or more, such as \"1d\"",
        ))
    } else if every.value > LONGEST_EVERY {
        Err(decoder.refuse(&every, "is longer than a year", "use \"365d\" or less"))
    } else {
        Ok(every)
    }
}

/// Checks that there is a schedule, and that its slots suit the time between two turns.
fn check_slots(
    decoder: &mut SettingsDecoder,
    pace: PaceWord,
    every: Option<&GivenValue<Duration>>,
    calendar: Option<&Option<Calendar>>,
) -> Result<(), MistakeReported> {
    let Some(calendar) = calendar else {
        return Ok(());
    };
    let Some(calendar) = calendar else {
        let wrong = format!(
            "is {}, which gives turns by the slots of schedule.cron, and that is not set",
            quote(pace.as_str())
        );
        let right = "set schedule.cron, or disrupt.pace to \"count\"";
        return Err(decoder.missing("disrupt.pace", &wrong, right));
    };
    let Some(every) = every else {
        return Ok(());
    };

    let interval = calendar.cron().shortest_interval();
    if every.value < interval {
        let interval = words_of(interval);
        let wrong = format!("is less than the {interval} between two slots of schedule.cron");
        return Err(decoder.refuse(every, wrong, format!("use \"{interval}\" or more")));
    }
    if calendar.cron().has_more_than(MOST_SLOTS, every.value) {
        let wrong = format!("has more than {MOST_SLOTS} slots of schedule.cron");
        return Err(decoder.refuse(every, wrong, "use a shorter time, or fewer slots"));
    }
    Ok(())
}

/// Checks that a slot of the rota holds a fixed number of turns, and one with turns by chance no share of the owners, of
/// which only those count that have their turn.
fn check_count(
    decoder: &mut SettingsDecoder,
    pace: PaceWord,
    count: Option<&GivenValue<VictimCount>>,
) -> Result<(), MistakeReported> {
    let Some(count) = count else {
        return Ok(());
    };
    match count.value {
        VictimCount::Fixed(_) => return Ok(()),
        VictimCount::Range { .. } if pace == PaceWord::Chance => return Ok(()),
        VictimCount::Percent(_) if pace == PaceWord::Chance => {
            let wrong = "is a share of the owners, and with the pace chance each has its own chance";
            let wrong = format!("{} {wrong}", quote(&count.value.to_string()));
            return Err(decoder.refuse(
                count,
                wrong,
                "use a whole number or a range, or another disrupt.pace",
            ));
        }
        VictimCount::Percent(_) | VictimCount::Range { .. } => {}
    }
    let wrong = format!(
        "{} changes from round to round, and with the pace rota each slot holds the same number of turns",
        quote(&count.value.to_string())
    );
    Err(decoder.refuse(count, wrong, "use a whole number, or another disrupt.pace"))
}

/// A whole number of minutes, hours or days, as a setting has it.
fn words_of(duration: Duration) -> String {
    let minutes = duration.as_secs().div_ceil(60);
    match minutes {
        0..60 => format!("{minutes}m"),
        _ if minutes.is_multiple_of(24 * 60) => format!("{}d", minutes / (24 * 60)),
        _ if minutes.is_multiple_of(60) => format!("{}h", minutes / 60),
        _ => format!("{minutes}m"),
    }
}
