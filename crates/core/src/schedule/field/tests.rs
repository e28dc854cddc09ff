//! Which fields are accepted, and why others are rejected.

use super::*;

fn numbers(field: CronField, text: &str) -> Vec<u32> {
    let set = field.parse(text).unwrap();
    (0..64).filter(|number| set & 1 << number != 0).collect()
}

fn complaint(field: CronField, text: &str) -> String {
    field.parse(text).unwrap_err().to_string()
}

#[test]
fn lists_ranges_steps_and_names_become_numbers() {
    assert_eq!(numbers(CronField::Minute, "*/20"), [0, 20, 40]);
    assert_eq!(
        numbers(CronField::Minute, "5,1-3,10-20/5"),
        [1, 2, 3, 5, 10, 15, 20]
    );
    assert_eq!(numbers(CronField::Minute, "*/60"), [0]);
    assert_eq!(numbers(CronField::Hour, "*/24"), [0]);
    assert_eq!(numbers(CronField::Minute, "1-5/5"), [1]);
    assert_eq!(numbers(CronField::Minute, "07"), [7]);
    assert_eq!(numbers(CronField::Month, "jan-MAR,Dec"), [1, 2, 3, 12]);
}

#[test]
fn sunday_is_zero_and_seven() {
    assert_eq!(numbers(CronField::DayOfWeek, "7"), [0]);
    assert_eq!(numbers(CronField::DayOfWeek, "5-7"), [0, 5, 6]);
    assert_eq!(numbers(CronField::DayOfWeek, "0-7"), [0, 1, 2, 3, 4, 5, 6]);
    assert_eq!(numbers(CronField::DayOfWeek, "1-7/2"), [0, 1, 3, 5]);
    assert_eq!(numbers(CronField::DayOfWeek, "mon-5"), [1, 2, 3, 4, 5]);
}

#[test]
fn every_complaint_names_field_text_and_rule() {
    for (field, text, words) in [
        (CronField::Minute, "61", "minute: 61 is out of range 0-59"),
        (
            CronField::Minute,
            "99999999999999999999",
            "minute: 99999999999999999999 is out of range 0-59",
        ),
        (
            CronField::Hour,
            "22-6",
            "hour: 22-6 runs backwards: write 22-23,0-6",
        ),
        (
            CronField::DayOfWeek,
            "Fri-Sun",
            "day of week: Fri-Sun runs backwards: write 5-7",
        ),
        (
            CronField::DayOfWeek,
            "6-2",
            "day of week: 6-2 runs backwards: write 6,0-2",
        ),
        (
            CronField::DayOfWeek,
            "7-1",
            "day of week: 7-1 runs backwards: write 7,0-1",
        ),
        (CronField::DayOfWeek, "8", "day of week: 8 is out of range 0-7"),
        (
            CronField::DayOfWeek,
            "Monday",
            "day of week: Monday is spelled out: write Mon",
        ),
        (
            CronField::Month,
            "January",
            "month: January is spelled out: write Jan",
        ),
        (CronField::Month, "0", "month: 0 is out of range 1-12"),
        (
            CronField::DayOfMonth,
            "?",
            "day of month: ? is not valid in crontab: `?` is Quartz syntax; write *",
        ),
        (
            CronField::Minute,
            "5/15",
            "minute: 5/15 has a step after a single number: write 5-59/15",
        ),
        (
            CronField::Minute,
            "*/0",
            "minute: */0 has no valid step: write a number of 1 or more after the slash",
        ),
        (
            CronField::Minute,
            ",",
            "minute: , has an empty item: write numbers with commas between them, without spaces",
        ),
        (
            CronField::DayOfWeek,
            "5L",
            "day of week: 5L is not valid in crontab: `L` is Quartz syntax; a crontab line cannot name the last weekday \
             of a month, only a weekday of every week",
        ),
        (
            CronField::DayOfMonth,
            "L-3",
            "day of month: L-3 is not valid in crontab: `L` is Quartz syntax; a crontab line cannot name the last day; \
             write 28, the last that every month has",
        ),
        (
            CronField::Minute,
            "H",
            "minute: H is not valid in crontab: `H` is Jenkins syntax; write a number",
        ),
        (
            CronField::Minute,
            "7/60",
            "minute: 7/60 has a step after a single number: write 7",
        ),
        (
            CronField::Minute,
            "1,,2",
            "minute: 1,,2 is not how crontab writes it: write 1,2",
        ),
        (CronField::Minute, "+5", "minute: +5 is not a number from 0 to 59"),
        (CronField::Minute, "-5", "minute: -5 is not a number from 0 to 59"),
        (CronField::Hour, "Mon", "hour: Mon is not a number from 0 to 23"),
    ] {
        assert_eq!(complaint(field, text), words);
    }
}

#[test]
fn a_step_longer_than_its_range_is_rejected_with_the_line_that_was_meant() {
    let beyond = "has a step longer than its range, so that it means";
    for (field, text, words) in [
        (
            CronField::Minute,
            "*/90",
            "0 alone: write 0; no line repeats every 90m; the nearest: 0 * * * * (every 1h) or 0 */2 * * * (every 2h)",
        ),
        (
            CronField::Minute,
            "*/61",
            "0 alone: write 0; no line repeats every 61m",
        ),
        (
            CronField::Minute,
            "*/120",
            "0 alone: write 0; for every 120m write 0 */2 * * *",
        ),
        (
            CronField::Hour,
            "*/36",
            "0 alone: write 0; no line repeats every 36h; the nearest: 0 0 * * * (every 1d)",
        ),
        (CronField::Hour, "*/99999999999999999999", "0 alone: write 0"),
        (CronField::Minute, "1-5/10", "1 alone: write 1"),
        (CronField::DayOfWeek, "Mon-Fri/9", "1 alone: write 1"),
        (CronField::DayOfMonth, "*/32", "1 alone: write 1"),
        (CronField::Month, "*/13", "1 alone: write 1"),
        (CronField::DayOfWeek, "*/8", "0 alone: write 0"),
    ] {
        let complaint = complaint(field, text);
        let expected = format!("{field}: {text} {beyond} {words}");
        assert!(complaint.starts_with(&expected), "{complaint}");
    }
}

#[test]
fn another_spelling_leads_to_the_whole_right_one() {
    for (written, right) in [
        ("Mon\u{2013}Fri", "Mon-Fri"),
        ("Mon\u{2014}Fri", "Mon-Fri"),
        ("Mon\u{2212}Fri", "Mon-Fri"),
        ("Mon..Fri", "Mon-Fri"),
        ("Mon-fri,", "Mon-fri"),
        (",Mon", "Mon"),
        ("1\u{2013}5", "1-5"),
        ("Monday-Friday", "Mon-Fri"),
        ("Mon,Wednesday", "Mon,Wed"),
        ("Tues\u{2013}Thurs,Sat", "Tue-Thu,Sat"),
    ] {
        let expected = format!("day of week: {written} is not how crontab writes it: write {right}");
        assert_eq!(complaint(CronField::DayOfWeek, written), expected);
        assert!(CronField::DayOfWeek.parse(right).is_ok(), "{right}");
    }
    assert_eq!(
        complaint(CronField::Hour, "9\u{2013}17/2"),
        "hour: 9\u{2013}17/2 is not how crontab writes it: write 9-17/2"
    );
}

#[test]
fn what_is_advised_can_be_written() {
    for (field, text) in [
        (CronField::Minute, "7/60"),
        (CronField::Minute, "7/5"),
        (CronField::Hour, "22/9"),
        (CronField::DayOfWeek, "7/2"),
        (CronField::Hour, "22-6"),
        (CronField::Hour, "22-6/2"),
        (CronField::DayOfWeek, "Fri-Mon/2"),
        (CronField::Month, "Nov-Feb/3"),
        (CronField::Minute, "*/90"),
        (CronField::Minute, "1,,2"),
        (CronField::Minute, "1-5/10"),
    ] {
        let mistake = field.parse(text).unwrap_err();
        let advised = match mistake.rule {
            FieldRule::Single(right) | FieldRule::Backwards(right) | FieldRule::Spelling(right) => right,
            FieldRule::LongStep { only, .. } => only,
            other => panic!("{text}: {other}"),
        };
        assert!(field.parse(&advised).is_ok(), "{text}: {advised}");
    }
    assert!(complaint(CronField::Hour, "22-6/2").ends_with("write 22,0,2,4,6"));
}

#[test]
fn the_syntax_of_other_schedulers_is_rejected() {
    for text in [
        "L", "15W", "LW", "5#2", "5L", "?", "H", "1-", "-", "/5", "*/", "*/2/2", "**", "*-5", "1-2-3", "é",
    ] {
        assert!(CronField::DayOfMonth.parse(text).is_err(), "{text}");
        assert!(CronField::DayOfWeek.parse(text).is_err(), "{text}");
    }
}
