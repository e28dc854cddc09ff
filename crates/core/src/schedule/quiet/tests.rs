//! Which quiet times are accepted, how they print, and what they cover.

use jiff::civil::DateTime;

use super::{QuietTime, QuietTimes};

fn quiet(entry: &str) -> QuietTime {
    entry.parse().unwrap()
}

fn covers(entry: &str, local: &str) -> bool {
    quiet(entry).covers(local.parse::<DateTime>().unwrap())
}

fn complaint(entry: &str) -> String {
    entry.parse::<QuietTime>().unwrap_err().to_string()
}

#[test]
fn every_documented_form_prints_as_documented() {
    for entry in [
        "Fri 15:00-24:00",
        "Sat,Sun",
        "Mon-Fri 00:00-09:00",
        "Fri 22:00-06:00",
        "12:00-13:30",
        "12-25",
        "12-24/12-26",
        "12-20/01-03",
        "2026-12-24",
        "2026-12-20/2027-01-03",
        "Mon-Wed,Fri",
        "Mon-Sun",
        "02-29",
        "12-24 12:00-24:00",
        "2026-12-24/2026-12-26 22:00-06:00",
    ] {
        assert_eq!(quiet(entry).to_string(), entry);
    }
}

#[test]
fn other_spellings_print_the_usual_one() {
    for (entry, usual) in [
        ("  sat,SUN ", "Sat,Sun"),
        ("Sat-Sun", "Sat,Sun"),
        ("Sat-Mon", "Mon,Sat,Sun"),
        ("Sun-Thu", "Mon-Thu,Sun"),
        ("Mon,Tue,Wed", "Mon-Wed"),
        ("Mon-Sun 12:00-13:00", "12:00-13:00"),
        ("Fri 15:00-00:00", "Fri 15:00-24:00"),
        ("Fri 15:00-23:59", "Fri 15:00-24:00"),
        ("Fri 15:00-23:59:59", "Fri 15:00-24:00"),
        ("23:59-23:59", "23:59-24:00"),
        ("12-24 00:00-23:59", "12-24"),
        ("00:00-23:59", "Mon-Sun"),
        ("Fri 00:00-24:00", "Fri"),
        ("00:00-24:00", "Mon-Sun"),
        ("12-25/12-25", "12-25"),
    ] {
        assert_eq!(quiet(entry).to_string(), usual);
        assert_eq!(quiet(entry), quiet(usual));
    }
}

#[test]
fn hours_include_their_first_minute_and_exclude_their_end() {
    // 2026-11-27 is a Friday.
    assert!(!covers("Fri 15:00-24:00", "2026-11-27T14:59:59"));
    assert!(covers("Fri 15:00-24:00", "2026-11-27T15:00"));
    assert!(covers("Fri 15:00-24:00", "2026-11-27T23:59:59"));
    assert!(!covers("Fri 15:00-24:00", "2026-11-28T00:00"));
    assert!(!covers("Fri 15:00-24:00", "2026-11-26T16:00"));
    assert!(covers("12:00-13:30", "2026-11-26T13:29"));
    assert!(!covers("12:00-13:30", "2026-11-26T13:30"));
}

#[test]
fn a_day_that_ends_at_23_59_has_no_open_minute() {
    // 2026-11-27 is a Friday.
    for entry in [
        "Fri 15:00-23:59",
        "Fri 15:00-23:59:59",
        "Fri 15:00-24:00",
        "Fri 15:00-00:00",
    ] {
        assert!(covers(entry, "2026-11-27T23:59"), "{entry}");
        assert!(!covers(entry, "2026-11-28T00:00"), "{entry}");
    }
    assert!(!covers("Fri 15:00-16:59", "2026-11-27T16:59"));
}

#[test]
fn another_spelling_leads_to_the_right_one() {
    for (written, right) in [
        ("Mon\u{2013}Fri", "Mon-Fri"),
        ("Mon\u{2212}Fri 09:00\u{2013}17:00", "Mon-Fri 09:00-17:00"),
        ("Mon..Fri", "Mon-Fri"),
        ("Mon - Fri 09:00 - 17:00", "Mon-Fri 09:00-17:00"),
        ("Mon to Fri", "Mon-Fri"),
        ("Mon-fri,", "Mon-fri"),
        ("Sat, Sun", "Sat,Sun"),
        ("Sat,", "Sat"),
        ("Friday", "Fri"),
        ("Saturday,Sunday", "Sat,Sun"),
        ("Monday-Friday 12:00-13:00", "Mon-Fri 12:00-13:00"),
        ("12-24\u{2013}12-26", "12-24/12-26"),
        ("12-24..12-26", "12-24/12-26"),
        ("12-24 / 12-26", "12-24/12-26"),
        ("12-24 - 12-26", "12-24/12-26"),
        ("2026-12-20 - 2027-01-03", "2026-12-20/2027-01-03"),
        ("Fri 15:00 - 17:00", "Fri 15:00-17:00"),
        ("2026-12-24 to 2026-12-26", "2026-12-24/2026-12-26"),
    ] {
        assert_eq!(
            complaint(written),
            format!("quiet time `{written}`: it is written otherwise: write `{right}`")
        );
        assert!(right.parse::<QuietTime>().is_ok(), "{right}");
    }
}

#[test]
fn hours_over_midnight_belong_to_the_day_they_start_on() {
    assert!(!covers("Fri 22:00-06:00", "2026-11-27T05:00"));
    assert!(covers("Fri 22:00-06:00", "2026-11-27T22:00"));
    assert!(covers("Fri 22:00-06:00", "2026-11-28T05:59"));
    assert!(!covers("Fri 22:00-06:00", "2026-11-28T06:00"));
    assert!(!covers("Fri 22:00-06:00", "2026-11-28T22:00"));
    assert!(covers("2026-12-31 22:00-06:00", "2027-01-01T03:00"));
}

#[test]
fn a_date_without_a_year_is_quiet_every_year_and_one_with_a_year_once() {
    assert!(covers("12-25", "2026-12-25T00:00") && covers("12-25", "2031-12-25T23:59"));
    assert!(!covers("12-25", "2026-12-26T00:00"));
    assert!(covers("12-20/01-03", "2026-12-20T00:00") && covers("12-20/01-03", "2027-01-03T23:59"));
    assert!(!covers("12-20/01-03", "2026-12-19T23:59") && !covers("12-20/01-03", "2027-01-04T00:00"));
    assert!(covers("2026-12-24", "2026-12-24T12:00") && !covers("2026-12-24", "2027-12-24T12:00"));
    assert!(covers("2026-12-20/2027-01-03", "2027-01-03T23:59"));
    assert!(!covers("2026-12-20/2027-01-03", "2027-12-24T12:00"));
    assert!(covers("02-29", "2028-02-29T12:00") && !covers("02-29", "2027-03-01T12:00"));
}

#[test]
fn an_error_says_what_to_write_instead() {
    for (entry, words) in [
        ("", "it is empty"),
        ("Dec 24", "`Dec` is not a weekday"),
        (",", "`` is not a weekday"),
        ("Sat Sun 09:00-10:00", "write each without spaces"),
        ("1-5", "weekdays by name (Mon-Fri)"),
        ("25-12", "`25-12` is not a valid date: write MM-DD"),
        ("02-30", "`02-30` is not a valid date"),
        ("2027-02-29", "`2027-02-29` is not a valid date"),
        ("12/25", "`12` is not a date"),
        ("12-24-12-26", "a range with a slash (12-24/12-26)"),
        ("12-24,12-25", "write each as its own entry"),
        (
            "2027-01-03/2026-12-20",
            "it ends before it starts: write `2026-12-20/2027-01-03`",
        ),
        ("12-20/2027-01-03", "only one of its dates has a year"),
        ("Fri 15:00", "`15:00` is not a range of hours: write both ends"),
        ("Fri 9:00-10:00", "`9:00` is not a time of day: write HH:MM"),
        ("Fri 23:00-25:00", "`25:00` is not a time of day"),
        ("Fri 23:00-24:01", "`24:01` is not a time of day"),
        ("Fri 24:00-06:00", "24:00, which only ends a day: write 00:00"),
        ("Fri 00:00-00:00", "for the whole day leave the hours out"),
        ("00:00-00:00", "for the whole day write Mon-Sun alone"),
        ("Fri 23:59:59-06:00", "`23:59:59` is not a time of day"),
        ("Fri 15-24", "`15` is not a time of day"),
        ("é", "`é` is not a weekday"),
    ] {
        assert!(complaint(entry).contains(words), "{}", complaint(entry));
        assert!(complaint(entry).starts_with(&format!("quiet time `{entry}`: ")));
    }
}

#[test]
fn every_bad_entry_is_named() {
    let mistakes = QuietTimes::parse(["Sat", "Caturday", "13-01"]).unwrap_err();
    assert_eq!(mistakes.len(), 2);
}

#[test]
fn adjacent_quiet_times_form_one_stretch() {
    let times = QuietTimes::parse(["Fri 15:00-24:00", "Sat,Sun", "Mon 00:00-09:00"]).unwrap();
    let end = |local: &str| times.end(local.parse().unwrap());
    assert_eq!(end("2026-11-27T16:10"), Some("2026-11-30T09:00".parse().unwrap()));
    assert_eq!(end("2026-11-30T09:00"), None);
}
