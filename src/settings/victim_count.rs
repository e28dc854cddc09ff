//! Decodes `disrupt.count`: a number of victims, a share of the owners, or a range.

use macaque_core::config::VictimCount;

use super::decoder::SettingsDecoder;
use super::forms::VICTIMS;
use super::given_table::Fault;
use super::given_value::{ChosenValue, GivenValue};
use super::mistake::{MistakeReported, quote};

/// The number of victims per round, with where it was set: a limit is compared with it.
pub(super) type GivenCount = Result<GivenValue<VictimCount>, MistakeReported>;

/// Decodes the number of victims per round.
pub(super) fn decode_count(decoder: &mut SettingsDecoder) -> GivenCount {
    let given = decoder.choice("disrupt.count", |value| match value {
        ChosenValue::Number(number) => Some(fixed(number)),
        ChosenValue::Word(word) => Some(parse(word)),
        ChosenValue::On | ChosenValue::Off => None,
    })?;

    match &given.value {
        Ok(count) => {
            let count = *count;
            Ok(given.map(|_| count))
        }
        Err((wrong, right)) => Err(decoder.refuse(&given, wrong, right)),
    }
}

fn fixed(number: i64) -> Result<VictimCount, Fault> {
    let in_bounds = usize::try_from(number)
        .ok()
        .filter(|count| VICTIMS.range().contains(count));
    in_bounds.map(VictimCount::Fixed).ok_or_else(|| {
        let side = if number < 1 { "few" } else { "many" };
        let right = format!("use {} to {}", VICTIMS.least, VICTIMS.most);
        (format!("{number} is too {side}"), right)
    })
}

/// Parses a share or a range; leading zeros and space around the numbers do not count.
fn parse(word: &str) -> Result<VictimCount, Fault> {
    if let Some(number) = word.strip_suffix('%').and_then(whole) {
        return percent(word, number);
    }
    if let Some((from, to)) = word.split_once('-')
        && let (Some(from), Some(to)) = (whole(from), whole(to))
    {
        return range(word, from, to);
    }

    let shown = quote(word);
    Err(match whole(word) {
        Some(number) => (
            format!("{shown} is not a whole number but a text"),
            format!("use {number}, without quotes"),
        ),
        None => (
            format!("{shown} is not a whole number, a percentage or a range"),
            format!("use {} to {}, \"30%\" or \"1-3\"", VICTIMS.least, VICTIMS.most),
        ),
    })
}

fn percent(word: &str, percent: usize) -> Result<VictimCount, Fault> {
    let wrong = match percent {
        0 => "is no share of the owners",
        1..=100 => return Ok(VictimCount::Percent(percent)),
        _ => "is more than all owners",
    };
    Err((
        format!("{} {wrong}", quote(word)),
        "use \"1%\" to \"100%\"".to_owned(),
    ))
}

fn range(word: &str, from: usize, to: usize) -> Result<VictimCount, Fault> {
    let least = from.min(to).clamp(VICTIMS.least, VICTIMS.most);
    let most = from.max(to).clamp(VICTIMS.least, VICTIMS.most);
    let wrong = if from > to {
        "has the higher number first"
    } else if from < VICTIMS.least {
        "begins with 0"
    } else if to > VICTIMS.most {
        "ends with more than 100"
    } else {
        return Ok(VictimCount::Range { from, to });
    };
    Err((
        format!("{} {wrong}", quote(word)),
        format!("use \"{least}-{most}\""),
    ))
}

/// A whole number of digits alone; one that is too long is the highest there is.
fn whole(text: &str) -> Option<usize> {
    let digits = text.trim();
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_and_ranges_are_understood_with_space_and_leading_zeros() {
        for (word, expected) in [
            ("1%", VictimCount::Percent(1)),
            ("030 %", VictimCount::Percent(30)),
            ("100%", VictimCount::Percent(100)),
            ("1-3", VictimCount::Range { from: 1, to: 3 }),
            ("01 - 100", VictimCount::Range { from: 1, to: 100 }),
            ("2-2", VictimCount::Range { from: 2, to: 2 }),
        ] {
            assert_eq!(parse(word), Ok(expected), "{word}");
        }
    }

    #[test]
    fn each_mistake_names_what_would_be_right() {
        let any = "use 1 to 100, \"30%\" or \"1-3\"";
        for (word, wrong, right) in [
            ("0%", "is no share of the owners", "use \"1%\" to \"100%\""),
            ("101%", "is more than all owners", "use \"1%\" to \"100%\""),
            (
                "99999999999999999999%",
                "is more than all owners",
                "use \"1%\" to \"100%\"",
            ),
            ("3-1", "has the higher number first", "use \"1-3\""),
            ("200-5", "has the higher number first", "use \"5-100\""),
            ("0-3", "begins with 0", "use \"1-3\""),
            ("5-101", "ends with more than 100", "use \"5-100\""),
            ("3", "is not a whole number but a text", "use 3, without quotes"),
            ("1.5", "is not a whole number, a percentage or a range", any),
            ("33.3%", "is not a whole number, a percentage or a range", any),
            ("-5%", "is not a whole number, a percentage or a range", any),
            ("1-", "is not a whole number, a percentage or a range", any),
            ("1-2-3", "is not a whole number, a percentage or a range", any),
            ("%", "is not a whole number, a percentage or a range", any),
        ] {
            let fault = (format!("\"{word}\" {wrong}"), right.to_owned());
            assert_eq!(parse(word), Err(fault), "{word}");
        }
    }
}
