//! A second opinion on schedules: every minute of a window is put to the crontab line, field by field.
//!
//! It shares nothing with macaque but jiff's conversion of one instant to a wall clock: no engine, no walk over
//! clock changes, a reader of its own that knows valid lines only.

use jiff::civil::DateTime;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};

/// A line as tables of which numbers match.
pub(crate) struct Oracle {
    minutes: Vec<bool>,
    hours: Vec<bool>,
    days: Vec<bool>,
    months: Vec<bool>,
    weekdays: Vec<bool>,
    /// Both day fields are restricted: either may match.
    either: bool,
}

impl Oracle {
    pub(crate) fn new(line: &str) -> Self {
        let line = match line {
            "@yearly" | "@annually" => "0 0 1 1 *",
            "@monthly" => "0 0 1 * *",
            "@weekly" => "0 0 * * 0",
            "@daily" | "@midnight" => "0 0 * * *",
            "@hourly" => "0 * * * *",
            line => line,
        };
        let fields: Vec<&str> = line.split_whitespace().collect();

        assert_eq!(fields.len(), 5, "{line}");
        let table =
            |nth: usize, from: u8, to: u8| (0..=to).map(|n| n >= from && field(fields[nth], n, to)).collect();
        let mut weekdays: Vec<bool> = table(4, 0, 7);
        weekdays[0] |= weekdays[7];

        Self {
            minutes: table(0, 0, 59),
            hours: table(1, 0, 23),
            days: table(2, 1, 31),
            months: table(3, 1, 12),
            weekdays,
            either: [fields[2], fields[4]]
                .iter()
                .all(|field| *field != "*" && *field != "*/1"),
        }
    }

    /// Whether a wall clock that shows `local` stands on a matching minute.
    pub(crate) fn fires(&self, local: DateTime) -> bool {
        if local.second() != 0 || !self.minutes[local.minute() as usize] || !self.hours[local.hour() as usize]
        {
            return false;
        }
        let day = self.days[local.day() as usize];
        let weekday = self.weekdays[local.weekday().to_sunday_zero_offset() as usize];

        self.months[local.month() as usize]
            && if self.either {
                day || weekday
            } else {
                day && weekday
            }
    }
}

/// Whether any item of a list takes the number.
fn field(text: &str, number: u8, top: u8) -> bool {
    text.split(',').any(|item| {
        let mut halves = item.split('/');
        let span = halves.next().unwrap();
        let step: u32 = halves.next().map_or(1, |step| step.parse().unwrap());
        let mut ends = span.split('-');
        let (low, high) = match (span, ends.next().unwrap(), ends.next()) {
            ("*", ..) if top == 31 || top == 12 => (1, top),
            ("*", ..) => (0, top),
            (_, only, None) => (value(only), value(only)),
            (_, low, Some(high)) => (value(low), value(high)),
        };
        (low..=high).contains(&number) && u32::from(number - low) % step == 0
    })
}

fn value(text: &str) -> u8 {
    match text.to_lowercase().as_str() {
        "jan" | "mon" => 1,
        "feb" | "tue" => 2,
        "mar" | "wed" => 3,
        "apr" | "thu" => 4,
        "may" | "fri" => 5,
        "jun" | "sat" => 6,
        "jul" => 7,
        "aug" => 8,
        "sep" => 9,
        "oct" => 10,
        "nov" => 11,
        "dec" => 12,
        "sun" => 0,
        number => number.parse().unwrap(),
    }
}

/// A stretch of time, each step of it with what the wall clock shows.
pub(crate) struct Window {
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    shown: Vec<(Timestamp, DateTime)>,
}

impl Window {
    /// Steps of `step` from `start` to before `end`; a zone with odd seconds needs steps of a second.
    pub(crate) fn new(zone: &TimeZone, start: Timestamp, end: Timestamp, step: SignedDuration) -> Self {
        let instants = std::iter::successors(Some(start), |instant| Some(*instant + step));
        let shown = instants
            .take_while(|instant| *instant < end)
            .map(|instant| (instant, zone.to_datetime(instant)))
            .collect();
        Self { start, end, shown }
    }

    /// So many hours on both sides of an instant, minute by minute.
    pub(crate) fn around(zone: &TimeZone, instant: Timestamp, hours: i64) -> Self {
        let span = SignedDuration::from_hours(hours);
        Self::new(zone, instant - span, instant + span, SignedDuration::from_mins(1))
    }

    pub(crate) fn slots(&self, line: &str) -> Vec<Timestamp> {
        let oracle = Oracle::new(line);
        let fires = self.shown.iter().filter(|(_, local)| oracle.fires(*local));
        fires.map(|(instant, _)| *instant).collect()
    }
}

/// The bundled zone, not by way of macaque.
pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

/// Every full hour at or after which the zone's offset is another than an hour before, within some years;
/// found by looking at every hour.
pub(crate) fn changes(zone: &TimeZone, from_year: i16, to_year: i16) -> Vec<Timestamp> {
    let new_year = |year| {
        jiff::civil::date(year, 1, 1)
            .to_zoned(TimeZone::UTC)
            .unwrap()
            .timestamp()
    };
    let hours = (new_year(from_year).as_second()..new_year(to_year).as_second()).step_by(3600);
    let offsets = hours
        .map(|second| Timestamp::from_second(second).unwrap())
        .map(|hour| (hour, zone.to_offset(hour)));
    let offsets: Vec<_> = offsets.collect();
    let pairs = offsets.windows(2).filter(|pair| pair[0].1 != pair[1].1);

    pairs.map(|pair| pair[1].0).collect()
}
