//! Turns the spellings that people use for ranges and lists into those of crontab and of quiet times.

/// The full names of the months; crontab uses the first three letters.
pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// The full names of the weekdays, from Sunday as crontab counts them.
pub(super) const WEEKDAYS: [&str; 7] = [
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
];

/// `text` with `joint` for every dash, for two or three dots and for the word "to" between spaces; without spaces around
/// a joint or a comma, without empty items of a list, and with the first three letters of names that are spelled out.
pub(super) fn respelled(text: &str, joint: &str) -> String {
    let text = text
        .replace(is_dash, joint)
        .replace(['\u{2026}', '\u{2025}'], joint);
    let text = text
        .replace("...", joint)
        .replace("..", joint)
        .replace(" to ", joint);
    let text = text.replace(['\u{ff0c}', '\u{3001}'], ",");

    let items = without_spaces_around(&text, &[joint, ",", "-", "/"]);
    let items: Vec<_> = items.split(',').filter(|item| !item.is_empty()).collect();
    shortened(&items.join(","))
}

/// Whether `c` is a dash that is not the hyphen of a keyboard: hyphens, en and em dashes, minus signs.
fn is_dash(c: char) -> bool {
    matches!(
        c,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

fn without_spaces_around(text: &str, marks: &[&str]) -> String {
    let mut text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for mark in marks {
        text = text
            .replace(&format!(" {mark} "), mark)
            .replace(&format!("{mark} "), mark)
            .replace(&format!(" {mark}"), mark);
    }
    text
}

/// `text` with three letters for every name of a month or weekday that is spelled out, whole or in part.
fn shortened(text: &str) -> String {
    let mut short = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphabetic()) {
        let letters = word.trim_end_matches(|c: char| !c.is_ascii_alphabetic());
        short.push_str(short_name(letters).unwrap_or(letters));
        short.push_str(&word[letters.len()..]);
    }
    short
}

/// The first three letters of the month or weekday that `word` is the beginning of; at least four letters are needed.
pub(super) fn short_name(word: &str) -> Option<&'static str> {
    let is_begun = |name: &&&str| {
        let start = name.get(..word.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(word))
    };
    let name = WEEKDAYS
        .iter()
        .chain(&MONTHS)
        .filter(|_| word.len() > 3)
        .find(is_begun)?;
    Some(&name[..3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_lists_are_spelled_as_crontab_does() {
        for (written, right) in [
            ("Mon\u{2013}Fri", "Mon-Fri"),
            ("Mon\u{2014}Fri", "Mon-Fri"),
            ("Mon\u{2212}Fri", "Mon-Fri"),
            ("Mon\u{2010}Fri", "Mon-Fri"),
            ("Mon\u{2011}Fri", "Mon-Fri"),
            ("Mon..Fri", "Mon-Fri"),
            ("Mon...Fri", "Mon-Fri"),
            ("Mon\u{2026}Fri", "Mon-Fri"),
            ("Mon - Fri", "Mon-Fri"),
            ("Mon \u{2013} Fri", "Mon-Fri"),
            ("Mon to Fri", "Mon-Fri"),
            ("Mon-fri,", "Mon-fri"),
            ("Sat, Sun", "Sat,Sun"),
            ("Sat,,Sun", "Sat,Sun"),
            ("Monday-Friday", "Mon-Fri"),
            ("Tues,Thurs,Sept", "Tue,Thu,Sep"),
            ("9\u{2013}17", "9-17"),
            ("*/5", "*/5"),
            ("", ""),
        ] {
            assert_eq!(respelled(written, "-"), right, "{written}");
        }
        assert_eq!(respelled("12-24 \u{2013} 12-26", "/"), "12-24/12-26");
    }
}
