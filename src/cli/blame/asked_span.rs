//! The span that a question is about: one time, or from one to another.

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use super::past_time::{PastTime, TimeSpan};

/// The flags that say which span is meant.
#[derive(Debug, Args)]
pub(super) struct SpanArgs {
    /// When it happened: 03:12 (the last time that it was), 2026-12-24T03:12 in the schedule's time zone, the instant
    /// 2026-12-24T03:12:00Z, or how long ago, 10m [default: now]
    #[arg(long, value_name = "TIME", conflicts_with_all = ["from", "to"], allow_hyphen_values = true)]
    at: Option<PastTime>,
    /// When it began, in the same words
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    from: Option<PastTime>,
    /// When it ended [default: now]
    #[arg(long, value_name = "TIME", requires = "from", allow_hyphen_values = true)]
    to: Option<PastTime>,
}

impl SpanArgs {
    /// The instants that are meant, if it is `now` in `zone`.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub(super) fn resolve(&self, zone: &TimeZone, now: Timestamp) -> Result<TimeSpan, String> {
        let span = |flag: &str, time: PastTime| {
            let span = time.span(zone, now).map_err(|error| format!("{flag}: {error}"))?;
            if span.last > now {
                return Err(format!(
                    "{flag}: {} is yet to come; there is an answer until now, {}",
                    shown(span.first),
                    shown(now)
                ));
            }
            Ok(span)
        };

        let Some(from) = self.from else {
            return span("--at", self.at.unwrap_or(PastTime::Now));
        };
        let first = span("--from", from)?.first;
        let last = span("--to", self.to.unwrap_or(PastTime::Now))?.last;
        if first > last {
            return Err(format!(
                "--from {} is after --to {}: name the earlier one first, with its day",
                shown(first),
                shown(last)
            ));
        }
        Ok(TimeSpan { first, last })
    }
}

fn shown(instant: Timestamp) -> Timestamp {
    instant.round(Unit::Second).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(at: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<TimeSpan, String> {
        let [at, from, to] = [at, from, to].map(|text| text.map(|text| text.parse().unwrap()));
        let now = "2026-11-29T03:20:30Z".parse().unwrap();
        SpanArgs { at, from, to }.resolve(&TimeZone::UTC, now)
    }

    #[test]
    fn without_flags_the_question_is_about_now() {
        let span = resolve(None, None, None).unwrap();
        assert_eq!(span.first, span.last);
        assert_eq!(span.last.to_string(), "2026-11-29T03:20:30Z");
    }

    #[test]
    fn a_span_goes_from_the_begin_of_the_first_time_to_the_end_of_the_last() {
        let span = resolve(None, Some("23:50"), Some("00:10")).unwrap();
        assert_eq!(span.first.to_string(), "2026-11-28T23:50:00Z");
        assert_eq!(span.last.to_string(), "2026-11-29T00:10:59.999999999Z");

        let span = resolve(None, Some("30m"), None).unwrap();
        assert_eq!(span.first.to_string(), "2026-11-29T02:50:30Z");
        assert_eq!(span.last.to_string(), "2026-11-29T03:20:30Z");
    }

    #[test]
    fn what_is_yet_to_come_is_refused_with_the_time_until_which_there_is_an_answer() {
        for (at, from, to, named) in [
            (Some("2026-11-29T03:21"), None, None, "--at: 2026-11-29T03:21:00Z"),
            (
                None,
                Some("2026-11-29T03:21"),
                None,
                "--from: 2026-11-29T03:21:00Z",
            ),
            (
                None,
                Some("10m"),
                Some("2026-11-29T03:21"),
                "--to: 2026-11-29T03:21:00Z",
            ),
        ] {
            let why = resolve(at, from, to).unwrap_err();
            let expected =
                format!("{named} is yet to come; there is an answer until now, 2026-11-29T03:20:30Z");
            assert_eq!(why, expected);
        }
    }

    #[test]
    fn a_span_that_ends_before_it_begins_is_refused_with_both_days() {
        let why = resolve(None, Some("02:00"), Some("04:00")).unwrap_err();
        assert_eq!(
            why,
            "--from 2026-11-29T02:00:00Z is after --to 2026-11-28T04:01:00Z: name the earlier one first, with its day"
        );
    }
}
