//! Which lines are accepted, how they print, and why others are rejected.

use super::*;

fn complaint(line: &str) -> String {
    line.parse::<CronSchedule>().unwrap_err().to_string()
}

#[test]
fn a_line_prints_as_written_with_single_spaces() {
    let cron: CronSchedule = " */30\t9-16  * * Mon-Fri\n".parse().unwrap();
    assert_eq!(cron.to_string(), "*/30 9-16 * * Mon-Fri");
    assert_eq!(cron.to_string().parse(), Ok(cron));
}

#[test]
fn every_nickname_is_known_in_lower_case_only() {
    for (word, _) in NICKNAMES {
        assert_eq!(word.parse::<CronSchedule>().unwrap().to_string(), word);
        assert!(complaint(&word.to_uppercase()).ends_with("@hourly, all in lower case"));
    }

    let list = "@yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly";
    assert_eq!(
        complaint("@sometimes"),
        format!("`@sometimes` is not one of {list}")
    );
    assert!(complaint("@daily 5").starts_with("`@daily 5` is not one of"));
}

#[test]
fn a_wrong_number_of_fields_is_named() {
    let rule = "but crontab needs five: minute, hour, day of month, month, day of week";
    assert_eq!(complaint(""), format!("`` has no fields, {rule}"));
    assert_eq!(complaint("0 9 * *"), format!("`0 9 * *` has 4 fields, {rule}"));
    assert_eq!(
        complaint("0 0 9 * * *"),
        format!(
            "`0 0 9 * * *` has 6 fields, {rule}; there is no field for seconds or years: write `0 9 * * *`"
        )
    );
    assert_eq!(
        complaint("CRON_TZ=UTC 0 9 * * *"),
        "`CRON_TZ=UTC` in front of the fields is not valid in crontab: set schedule.timezone instead"
    );
}

#[test]
fn all_wrong_fields_are_named_at_once() {
    assert_eq!(
        complaint("61 24 * * 8"),
        "minute: 61 is out of range 0-59; hour: 24 is out of range 0-23; day of week: 8 is out of range 0-7"
    );
}

#[test]
fn a_line_that_never_fires_is_detected() {
    for never in ["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "* * 30-31 Feb *"] {
        let cron: CronSchedule = never.parse().unwrap();
        assert_eq!(
            cron.must_fire(),
            Err(CronError::Never {
                line: never.to_owned()
            })
        );
        assert_eq!(cron.next_after(0), None, "{never}");
    }
    for ever in ["0 0 29 2 *", "0 0 30 2 1", "0 0 31 */2 *", "@yearly", "* * * * *"] {
        let cron: CronSchedule = ever.parse().unwrap();
        assert_eq!(cron.must_fire(), Ok(()), "{ever}");
        assert!(cron.next_after(0).is_some(), "{ever}");
    }
}

#[test]
fn a_step_that_does_not_divide_the_hour_or_the_day_is_detected() {
    for (line, words) in [
        (
            "*/45 * * * *",
            "*/45 starts anew with each hour: no line repeats every 45m; the nearest: */30 * * * * (every 30m) or \
             0 * * * * (every 1h)",
        ),
        (
            "0,*/7 * * * *",
            "*/7 starts anew with each hour: no line repeats every 7m; the nearest: ",
        ),
        (
            "0 */5 * * *",
            "*/5 starts anew with each day: no line repeats every 5h; the nearest: ",
        ),
        (
            "0 */23 * * Mon",
            "*/23 starts anew with each day: no line repeats every 23h; the nearest: ",
        ),
    ] {
        let cron: CronSchedule = line.parse().unwrap();
        let uneven = cron.uneven_step().unwrap();
        assert!(uneven.starts_with(words), "{uneven}");
    }
    for line in [
        "*/15 */6 * * *",
        "*/60 */24 * * *",
        "* * * * *",
        "0-59/7 * */2 * */2",
        "@daily",
        "*/1 9 * * *",
    ] {
        let cron: CronSchedule = line.parse().unwrap();
        assert_eq!(cron.uneven_step(), None, "{line}");
    }
}

#[test]
fn the_engine_ends_with_the_year_2100() {
    let cron: CronSchedule = "@yearly".parse().unwrap();
    let the_year_2100 = 4_102_444_800;
    assert_eq!(cron.next_after(the_year_2100 - 1), Some(the_year_2100));
    assert_eq!(cron.next_after(the_year_2100), None);
}
