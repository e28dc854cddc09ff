//! The crontab line that repeats an interval, or the nearest that there is.

use std::time::Duration;

use crate::duration::parse_duration;

/// The intervals that one line repeats evenly, in minutes: those that divide an hour or a day, a day and a week.
const EVEN: [u64; 20] = [
    1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60, 120, 180, 240, 360, 480, 720, 1440, 10_080,
];

/// A crontab line that repeats evenly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvenLine {
    /// The line.
    pub line: String,
    /// The interval that it repeats.
    pub interval: Duration,
}

/// The line that repeats `interval` evenly, or the next longer one that does. `None` for zero, and for more than a week.
pub fn even_line(interval: Duration) -> Option<EvenLine> {
    if interval.is_zero() {
        return None;
    }

    let lengths = EVEN.map(|minutes| (minutes, Duration::from_secs(60 * minutes)));
    let longer = lengths.into_iter().find(|(_, length)| *length >= interval);
    longer.map(|(minutes, interval)| EvenLine {
        line: line(minutes),
        interval,
    })
}

/// The advice on a text that may be an interval: `for every 30m write */30 * * * *`.
pub(super) fn advice_on(text: &str) -> String {
    match parse_duration(text) {
        Ok(interval) if !interval.is_zero() => advice(text, interval),
        _ => format!("for every five minutes write {}", line(5)),
    }
}

/// The advice on an interval, which a person wrote as `text`.
pub(super) fn advice(text: &str, interval: Duration) -> String {
    let seconds = interval.as_secs();
    let is_whole = seconds.is_multiple_of(60) && interval.subsec_nanos() == 0;
    if is_whole && EVEN.contains(&(seconds / 60)) {
        return format!("for every {text} write {}", line(seconds / 60));
    }

    let shorter = EVEN.into_iter().rfind(|minutes| minutes * 60 < seconds);
    let longer = EVEN.into_iter().find(|minutes| minutes * 60 > seconds);
    let nearest: Vec<String> = [shorter, longer]
        .into_iter()
        .flatten()
        .map(|minutes| format!("{} (every {})", line(minutes), brief(minutes)))
        .collect();
    format!(
        "no line repeats every {text}; the nearest: {}",
        nearest.join(" or ")
    )
}

/// The line for one of the [`EVEN`] intervals.
fn line(minutes: u64) -> String {
    match minutes {
        1 => "* * * * *".to_owned(),
        2..60 => format!("*/{minutes} * * * *"),
        60 => "0 * * * *".to_owned(),
        61..1440 => format!("0 */{} * * *", minutes / 60),
        1440 => "0 0 * * *".to_owned(),
        _ => "0 0 * * 0".to_owned(),
    }
}

fn brief(minutes: u64) -> String {
    match minutes {
        0..60 => format!("{minutes}m"),
        60..1440 => format!("{}h", minutes / 60),
        _ => format!("{}d", minutes / 1440),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::CronSchedule;

    #[test]
    fn an_interval_leads_to_the_line_that_repeats_it_or_to_the_nearest() {
        for (text, words) in [
            ("1m", "for every 1m write * * * * *"),
            ("30m", "for every 30m write */30 * * * *"),
            ("1h", "for every 1h write 0 * * * *"),
            ("60m", "for every 60m write 0 * * * *"),
            ("1h0m0s", "for every 1h0m0s write 0 * * * *"),
            ("2h", "for every 2h write 0 */2 * * *"),
            ("24h", "for every 24h write 0 0 * * *"),
            ("1d", "for every 1d write 0 0 * * *"),
            ("1w", "for every 1w write 0 0 * * 0"),
            (
                "90m",
                "no line repeats every 90m; the nearest: 0 * * * * (every 1h) or 0 */2 * * * (every 2h)",
            ),
            (
                "45m",
                "no line repeats every 45m; the nearest: */30 * * * * (every 30m) or 0 * * * * (every 1h)",
            ),
            (
                "7m",
                "no line repeats every 7m; the nearest: */6 * * * * (every 6m) or */10 * * * * (every 10m)",
            ),
            (
                "10s",
                "no line repeats every 10s; the nearest: * * * * * (every 1m)",
            ),
            (
                "36h",
                "no line repeats every 36h; the nearest: 0 0 * * * (every 1d) or 0 0 * * 0 (every 7d)",
            ),
            (
                "30d",
                "no line repeats every 30d; the nearest: 0 0 * * 0 (every 7d)",
            ),
            ("", "for every five minutes write */5 * * * *"),
            ("0s", "for every five minutes write */5 * * * *"),
            ("soon", "for every five minutes write */5 * * * *"),
        ] {
            assert_eq!(advice_on(text), words);
        }
    }

    #[test]
    fn an_interval_without_a_line_of_its_own_has_the_next_longer_one() {
        for (seconds, line, longer) in [
            (1, "* * * * *", 60),
            (60, "* * * * *", 60),
            (61, "*/2 * * * *", 120),
            (600, "*/10 * * * *", 600),
            (2700, "0 * * * *", 3600),
            (5400, "0 */2 * * *", 7200),
            (86_401, "0 0 * * 0", 604_800),
        ] {
            let found = even_line(Duration::from_secs(seconds)).unwrap();
            assert_eq!((found.line.as_str(), found.interval.as_secs()), (line, longer));
        }
        assert_eq!(even_line(Duration::ZERO), None);
        assert_eq!(even_line(Duration::from_secs(604_801)), None);
    }

    #[test]
    fn every_line_that_is_advised_is_one() {
        for minutes in EVEN {
            assert!(line(minutes).parse::<CronSchedule>().is_ok(), "{minutes}");
        }
    }
}
