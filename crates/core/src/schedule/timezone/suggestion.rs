//! What was probably meant by a name that is not a time zone: an abbreviation, an offset, or a misspelt name.

use jiff::tz::TimeZoneDatabase;
use strsim::damerau_levenshtein;

use super::FACTORY_ZONE;

/// Abbreviations that are no names of zones, with the places where they are used. Some are used in several.
const ABBREVIATIONS: [(&str, &[&str]); 42] = [
    ("CEST", &["Europe/Paris"]),
    ("MEZ", &["Europe/Berlin"]),
    ("MESZ", &["Europe/Berlin"]),
    ("MEST", &["Europe/Berlin"]),
    ("EEST", &["Europe/Helsinki"]),
    ("WEST", &["Europe/Lisbon"]),
    ("BST", &["Europe/London", "Asia/Dhaka"]),
    ("IST", &["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
    ("MSK", &["Europe/Moscow"]),
    ("TRT", &["Europe/Istanbul"]),
    ("EDT", &["America/New_York"]),
    ("ET", &["America/New_York"]),
    ("CST", &["America/Chicago", "Asia/Shanghai"]),
    ("CDT", &["America/Chicago"]),
    ("CT", &["America/Chicago"]),
    ("MDT", &["America/Denver"]),
    ("MT", &["America/Denver"]),
    ("PST", &["America/Los_Angeles"]),
    ("PDT", &["America/Los_Angeles"]),
    ("PT", &["America/Los_Angeles"]),
    ("AKST", &["America/Anchorage"]),
    ("AKDT", &["America/Anchorage"]),
    ("AST", &["America/Halifax", "Asia/Riyadh"]),
    ("ADT", &["America/Halifax"]),
    ("BRT", &["America/Sao_Paulo"]),
    ("ART", &["America/Argentina/Buenos_Aires"]),
    ("JST", &["Asia/Tokyo"]),
    ("KST", &["Asia/Seoul"]),
    ("SGT", &["Asia/Singapore"]),
    ("HKT", &["Asia/Hong_Kong"]),
    ("PKT", &["Asia/Karachi"]),
    ("GST", &["Asia/Dubai"]),
    ("WIB", &["Asia/Jakarta"]),
    ("AEST", &["Australia/Sydney", "Australia/Brisbane"]),
    ("AEDT", &["Australia/Sydney"]),
    ("ACST", &["Australia/Adelaide", "Australia/Darwin"]),
    ("AWST", &["Australia/Perth"]),
    ("NZST", &["Pacific/Auckland"]),
    ("NZDT", &["Pacific/Auckland"]),
    ("SAST", &["Africa/Johannesburg"]),
    ("EAT", &["Africa/Nairobi"]),
    ("WAT", &["Africa/Lagos"]),
];

/// The places whose time `name` abbreviates.
pub(super) fn places(name: &str) -> Option<&'static [&'static str]> {
    let found = ABBREVIATIONS
        .iter()
        .find(|(abbreviation, _)| abbreviation.eq_ignore_ascii_case(name));
    found.map(|(_, places)| *places)
}

/// Whether `name` is an offset: `+01:00`, `-5`, `UTC+1`, `GMT-03`, `Z`.
pub(super) fn is_offset(name: &str) -> bool {
    let (name, number) = split_offset(name);
    name == "Z" || number.is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
}

/// The zone that always has the offset `name`, if it is one of whole hours. Its sign is that of POSIX: hours west of
/// Greenwich are positive.
pub(super) fn fixed_zone(name: &str) -> Option<String> {
    let (name, number) = split_offset(name);
    let Some(number) = number else {
        return (name == "Z").then(|| "UTC".to_owned());
    };

    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.as_str(), "00"),
        3 | 4 => digits.split_at(digits.len() - 2),
        _ => return None,
    };
    let hours: u8 = hours.parse().ok()?;

    let is_east = name.contains('+');
    match (minutes, hours, is_east) {
        ("00", 0, _) => Some("UTC".to_owned()),
        ("00", 1..=14, true) => Some(format!("Etc/GMT-{hours}")),
        ("00", 1..=12, false) => Some(format!("Etc/GMT+{hours}")),
        _ => None,
    }
}

/// The name in capitals, and what follows the sign of an offset.
fn split_offset(name: &str) -> (String, Option<String>) {
    let name = name.to_ascii_uppercase();
    let offset = ["UTC", "GMT"]
        .iter()
        .find_map(|zero| name.strip_prefix(zero))
        .unwrap_or(&name);

    let number = offset.strip_prefix(['+', '-', '\u{2212}']).map(str::to_owned);
    (name, number)
}

/// The zone that `name` probably means: the one with the fewest typing mistakes, at most one in four letters of each part,
/// so that no city is taken for another. The city alone may be written, or with a wrong region.
pub(super) fn nearest(name: &str, database: &TimeZoneDatabase) -> Option<String> {
    let written = name.to_lowercase().replace(' ', "_");
    let zones = database.available().map(|zone| zone.to_string());
    let zones = zones.filter(|zone| zone != FACTORY_ZONE && zone.len() > 3);
    let near = zones.filter_map(|zone| Some((mistakes(&written, &zone.to_lowercase())?, zone)));
    near.min().map(|(_, zone)| zone)
}

/// The number of typing mistakes in `written`, if it means `zone`.
fn mistakes(written: &str, zone: &str) -> Option<usize> {
    let (region, city) = split(written);
    let (zone_region, zone_city) = split(zone);
    let in_city = few(city, zone_city)?;

    match (region, zone_region) {
        (None, _) => Some(in_city),
        (Some(region), Some(zone_region)) => match few(region, zone_region) {
            Some(in_region) => Some(in_city + in_region),
            // A wrong region is believed only of a city without a mistake.
            None => (in_city == 0).then_some(city.len()),
        },
        (Some(_), None) => None,
    }
}

/// The region and the city of a name.
fn split(name: &str) -> (Option<&str>, &str) {
    match name.rsplit_once('/') {
        Some((region, city)) => (Some(region), city),
        None => (None, name),
    }
}

/// The number of typing mistakes in `written`, if they are few. The first letter of a short word is seldom wrong.
fn few(written: &str, right: &str) -> Option<usize> {
    let mistakes = damerau_levenshtein(written, right);
    let is_short = written.chars().count() < 6;
    let is_same_start = written.chars().next() == right.chars().next();
    (mistakes <= written.chars().count() / 4 && (mistakes == 0 || !is_short || is_same_start))
        .then_some(mistakes)
}
