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
    assert_eq!(numbers(CronField::Minute, "*/90"), [0]);
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
            "1,,2",
            "minute: 1,,2 has an empty item: write numbers with commas between them, without spaces",
        ),
        (CronField::Minute, "+5", "minute: +5 is not a number from 0 to 59"),
        (CronField::Minute, "-5", "minute: -5 is not a number from 0 to 59"),
        (CronField::Hour, "Mon", "hour: Mon is not a number from 0 to 23"),
    ] {
        assert_eq!(complaint(field, text), words);
    }
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
