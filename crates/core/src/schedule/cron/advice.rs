//! What to write instead of a line that is not crontab's: that of another scheduler, or one with spaces or quotes too many.

use strsim::damerau_levenshtein;

use super::{CronError, CronSchedule, NICKNAMES};
use crate::schedule::field::CronField;
use crate::schedule::interval;
use crate::schedule::spelling::respelled;

/// Words of other schedulers, and what to write instead.
const OTHER_WORDS: [(&str, &str); 7] = [
    (
        "@reboot",
        "a line cannot name the start of a process; for one round now run `macaque once`",
    ),
    ("@minutely", "write * * * * *"),
    ("@every_minute", "write * * * * *"),
    ("@noon", "write 0 12 * * *"),
    ("@weekdays", "write 0 0 * * Mon-Fri"),
    ("@weekends", "write 0 0 * * Sat,Sun"),
    ("@quarterly", "write 0 0 1 */3 *"),
];

/// The error about quotes around a line that is one without them.
pub(super) fn on_quotes(line: &str) -> Option<CronError> {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '\u{2018}'..='\u{201f}');
    let right = line.trim_matches(is_quote).trim();
    spelling(line, "has quotes around it", right)
}

/// The error about a line that does not have five fields.
pub(super) fn on_count(fields: &[&str]) -> CronError {
    let line = fields.join(" ");
    if let Some(mistake) = spelling(&line, "has spaces within a field", &respelled(&line, "-")) {
        return mistake;
    }

    CronError::Count {
        advice: on_extra_fields(fields),
        found: fields.len(),
        line,
    }
}

/// The advice on a line with more than five fields: it has one for seconds or years, or a command after the fields.
fn on_extra_fields(fields: &[&str]) -> String {
    let seconds_or_years = || {
        let advice = "; there is no field for seconds or years, and * * * * * is every minute";
        matches!(fields.len(), 6 | 7).then(|| advice.to_owned())
    };
    without_seconds(fields)
        .or_else(|| without_command(fields))
        .or_else(seconds_or_years)
        .unwrap_or_default()
}

/// The advice on a line of Quartz or Spring, which begins with the seconds and may end with the years.
fn without_seconds(fields: &[&str]) -> Option<String> {
    let (["0" | "00", five @ ..], 6 | 7) = (fields, fields.len()) else {
        return None;
    };
    let line = five[..5].join(" ").replace('?', "*");
    if !is_line(&line) {
        return None;
    }

    let counts_weekdays = five[4].contains(|c: char| c.is_ascii_digit());
    Some(if counts_weekdays {
        "; there is no field for seconds: leave it out, and name the weekdays, since Quartz counts them from 1 for \
         Sunday and crontab from 0"
            .to_owned()
    } else {
        format!("; there is no field for seconds or years: write `{line}`")
    })
}

/// The advice on a line of a system's crontab, which ends with a user or a command.
fn without_command(fields: &[&str]) -> Option<String> {
    let command = fields.get(5)?;
    let line = fields[..5].join(" ");
    let is_command = !is_field(command) && is_line(&line);
    is_command.then(|| format!("; a line ends after its fields: write `{line}`"))
}

/// The advice on a word after an `@` that crontab does not know, after its own punctuation.
pub(super) fn on_nickname(word: &str) -> String {
    let (first, rest) = word.split_once(' ').unwrap_or((word, ""));
    let first = first.to_ascii_lowercase();
    let known = NICKNAMES.map(|(known, _)| known);

    if first == "@every" {
        return format!("; {}", interval::advice_on(rest));
    }
    if known.contains(&first.as_str()) {
        return match rest {
            "" => ", all in lower case".to_owned(),
            _ => format!("; write {first} alone, or five fields"),
        };
    }
    if let Some((_, advice)) = OTHER_WORDS.iter().find(|(other, _)| *other == first) {
        return format!("; {advice}");
    }

    let nearest = known
        .into_iter()
        .min_by_key(|known| damerau_levenshtein(&first, known));
    let nearest = nearest.filter(|known| {
        let is_short = first.len() > 3 && known.starts_with(&first);
        is_short || damerau_levenshtein(&first, known) <= 2
    });
    nearest.map_or_else(String::new, |known| format!("; did you mean {known}?"))
}

/// The error about `line`, if `right` is another text and a line.
fn spelling(line: &str, fault: &'static str, right: &str) -> Option<CronError> {
    (right != line && is_line(right)).then(|| CronError::Spelling {
        line: line.to_owned(),
        fault,
        right: right.to_owned(),
    })
}

fn is_line(text: &str) -> bool {
    text.parse::<CronSchedule>().is_ok()
}

/// Whether some field takes `text`.
fn is_field(text: &str) -> bool {
    CronField::ALL.iter().any(|field| field.parse(text).is_ok())
}

#[cfg(test)]
mod tests {
    use crate::schedule::CronSchedule;

    fn complaint(line: &str) -> String {
        line.parse::<CronSchedule>().unwrap_err().to_string()
    }

    #[test]
    fn a_line_with_spaces_or_quotes_too_many_leads_to_the_right_one() {
        for (line, fault, right) in [
            (
                "0 9 * * Mon - Fri",
                "has spaces within a field",
                "0 9 * * Mon-Fri",
            ),
            (
                "0 9 * * Mon \u{2013} Fri",
                "has spaces within a field",
                "0 9 * * Mon-Fri",
            ),
            (
                "0 9 * * Mon to Fri",
                "has spaces within a field",
                "0 9 * * Mon-Fri",
            ),
            ("0 9, 17 * * *", "has spaces within a field", "0 9,17 * * *"),
            ("* / 5 * * * *", "has spaces within a field", "*/5 * * * *"),
            ("\"@daily\"", "has quotes around it", "@daily"),
            ("'*/5 * * * *'", "has quotes around it", "*/5 * * * *"),
        ] {
            assert_eq!(complaint(line), format!("`{line}` {fault}: write `{right}`"));
        }
    }

    #[test]
    fn a_line_of_another_scheduler_leads_to_that_of_crontab() {
        let seconds = "; there is no field for seconds or years: write";
        for (line, advice) in [
            ("0 0 9 * * *", format!("{seconds} `0 9 * * *`")),
            ("0 */5 * * * ?", format!("{seconds} `*/5 * * * *`")),
            ("0 0 12 ? * MON-FRI", format!("{seconds} `0 12 * * MON-FRI`")),
            ("0 0 12 ? * MON-FRI *", format!("{seconds} `0 12 * * MON-FRI`")),
            ("0 0 12 ? * MON-FRI 2026", format!("{seconds} `0 12 * * MON-FRI`")),
            (
                "0 0 12 ? * 2-6",
                "; there is no field for seconds: leave it out, and name the weekdays, since Quartz counts them from 1 \
                 for Sunday and crontab from 0"
                    .to_owned(),
            ),
            (
                "*/10 * * * * *",
                "; there is no field for seconds or years, and * * * * * is every minute".to_owned(),
            ),
            (
                "0 9 * * Mon /usr/bin/backup",
                "; a line ends after its fields: write `0 9 * * Mon`".to_owned(),
            ),
            (
                "0 9 * * Mon root /usr/bin/backup --now please",
                "; a line ends after its fields: write `0 9 * * Mon`".to_owned(),
            ),
            ("0 9 * *", String::new()),
            ("0 9 * * * * * *", String::new()),
        ] {
            let complaint = complaint(line);
            assert!(
                complaint.ends_with(&format!("day of month, month, day of week{advice}")),
                "{complaint}"
            );
        }
    }

    #[test]
    fn an_unknown_word_leads_to_the_line_that_was_meant() {
        for (word, advice) in [
            ("@every 1h", "; for every 1h write 0 * * * *"),
            ("@every 30m", "; for every 30m write */30 * * * *"),
            ("@Every 5m", "; for every 5m write */5 * * * *"),
            (
                "@every 90m",
                "; no line repeats every 90m; the nearest: 0 * * * * (every 1h) or 0 */2 * * * (every 2h)",
            ),
            ("@every", "; for every five minutes write */5 * * * *"),
            ("@noon", "; write 0 12 * * *"),
            ("@minutely", "; write * * * * *"),
            (
                "@reboot",
                "; a line cannot name the start of a process; for one round now run `macaque once`",
            ),
            ("@dayly", "; did you mean @daily?"),
            ("@hour", "; did you mean @hourly?"),
            ("@yearl", "; did you mean @yearly?"),
            ("@DAILY", ", all in lower case"),
            ("@daily 5", "; write @daily alone, or five fields"),
            ("@sometimes", ""),
        ] {
            assert!(
                complaint(word).ends_with(&format!("@hourly{advice}")),
                "{}",
                complaint(word)
            );
        }
    }
}
