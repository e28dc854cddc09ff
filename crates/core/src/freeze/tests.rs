//! Which values freeze, how long, and what is said of those that cannot be read.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{frozen, seen, unreadable};

type Keys = BTreeMap<String, String>;

fn now() -> Timestamp {
    "2026-06-10T12:00:00Z".parse().unwrap()
}

fn keys(pairs: &[(&str, &str)]) -> Keys {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

/// What is said of annotations, and of the same keys as labels.
fn said(pairs: &[(&str, &str)]) -> Option<String> {
    let annotated = frozen(&keys(pairs), &Keys::new(), now());
    let labelled = frozen(&Keys::new(), &keys(pairs), now());
    assert_eq!(
        annotated, labelled,
        "a label counts as an annotation does: {pairs:?}"
    );
    annotated.map(|freeze| freeze.to_string())
}

#[test]
fn nothing_is_frozen_without_a_key_or_by_a_no_or_once_the_instant_has_come() {
    let rows: [&[(&str, &str)]; 8] = [
        &[],
        &[("macaque/enabled", "true"), ("app", "web")],
        &[("macaque/frozen", "false")],
        &[("macaque/frozen", " No ")],
        &[("macaque/frozen", "0")],
        &[("macaque/frozen-until", "2026-06-10T12:00:00Z")],
        &[("macaque/frozen-until", "2026-06-10T13:59:59+02:00")],
        &[
            ("macaque/frozen", "off"),
            ("macaque/frozen-until", "1969-12-31T23:59:59Z"),
        ],
    ];
    for row in rows {
        assert_eq!(said(row), None, "{row:?}");
    }
}

#[test]
fn a_yes_freezes_for_good_and_an_instant_until_then() {
    let rows = [
        ("macaque/frozen", "true", "frozen by macaque/frozen=\"true\""),
        ("macaque/frozen", " Yes", "frozen by macaque/frozen=\" Yes\""),
        (
            "macaque/frozen-until",
            "2026-06-10T12:00:01Z",
            "frozen until 2026-06-10T12:00:01Z by macaque/frozen-until",
        ),
        (
            "macaque/frozen-until",
            " 2026-12-24T15:00:00+01:00 ",
            "frozen until 2026-12-24T14:00:00Z by macaque/frozen-until",
        ),
    ];
    for (key, value, expected) in rows {
        assert_eq!(
            said(&[(key, value)]).as_deref(),
            Some(expected),
            "{key}={value:?}"
        );
    }
}

#[test]
fn a_value_that_cannot_be_read_freezes_and_the_reason_says_what_would_be_right() {
    let no_instant = "is not an instant such as 2026-12-24T15:00:00Z";
    let rows = [
        ("macaque/frozen", "maybe", "is neither yes nor no"),
        ("macaque/frozen", "", "is neither yes nor no"),
        (
            "macaque/frozen",
            "2026-12-24T15:00:00Z",
            "is neither yes nor no: an instant belongs in macaque/frozen-until",
        ),
        (
            "macaque/frozen-until",
            "2026-12-24",
            "has no time and offset: write 2026-12-24T00:00:00Z, for example",
        ),
        (
            "macaque/frozen-until",
            "2026-12-24T15:00",
            "has no offset from UTC: write 2026-12-24T15:00:00Z, for example",
        ),
        (
            "macaque/frozen-until",
            "2020-01-01 10:00:00",
            "has no offset from UTC: write 2020-01-01T10:00:00Z, for example",
        ),
        ("macaque/frozen-until", "2026-02-30T00:00:00Z", no_instant),
        ("macaque/frozen-until", "tomorrow", no_instant),
        ("macaque/frozen-until", "false", no_instant),
        ("macaque/frozen-until", "", no_instant),
        ("macaque/frozen-until", "1798124400", no_instant),
        ("macaque/frozen-until", "24.12.2026", no_instant),
        ("macaque/frozen-until", "2h", no_instant),
    ];
    for (key, value, fault) in rows {
        let expected = format!("frozen by {key}={value:?}, which {fault}");
        assert_eq!(said(&[(key, value)]), Some(expected), "{key}={value:?}");

        let annotations = keys(&[(key, value)]);
        let warned = unreadable(&annotations, &annotations);
        assert_eq!(warned.len(), 2, "{key}={value:?}");
    }
}

#[test]
fn a_hostile_value_is_shown_escaped_and_short() {
    let hostile = format!("\u{202e}\u{1b}[31m\n{}", "x".repeat(300));
    let said = said(&[("macaque/frozen", &hostile)]).unwrap();
    assert!(
        said.starts_with(r#"frozen by macaque/frozen="\u{202e}\u{1b}[31m\n"#),
        "{said}"
    );
    assert!(said.len() < 150, "{said}");
}

#[test]
fn of_several_values_the_one_that_freezes_the_longest_counts() {
    let until = |value| ("macaque/frozen-until", value);
    let frozen_by = |annotations: &[(&str, &str)], labels: &[(&str, &str)]| {
        let freeze = frozen(&keys(annotations), &keys(labels), now());
        freeze.map(|freeze| freeze.value)
    };

    let no = ("macaque/frozen", "false");
    let yes = ("macaque/frozen", "true");
    let (soon, later) = ("2026-06-10T13:00:00Z", "2026-06-11T13:00:00Z");
    assert_eq!(frozen_by(&[no, until(soon)], &[]).as_deref(), Some(soon));
    assert_eq!(frozen_by(&[no], &[yes]).as_deref(), Some("true"));
    assert_eq!(frozen_by(&[yes], &[no]).as_deref(), Some("true"));
    assert_eq!(frozen_by(&[yes, until(soon)], &[]).as_deref(), Some("true"));
    assert_eq!(frozen_by(&[until(later)], &[until(soon)]).as_deref(), Some(later));
    assert_eq!(
        frozen_by(&[until(soon)], &[until("2026")]).as_deref(),
        Some("2026")
    );
    assert_eq!(frozen_by(&[until("2000-01-01T00:00:00Z")], &[no]), None);
}

#[test]
fn what_was_read_is_shown_whether_it_freezes_or_not() {
    let over = [
        ("macaque/frozen", "no"),
        ("macaque/frozen-until", "2000-01-01T00:00:00Z"),
    ];
    assert_eq!(seen(&Keys::new(), &Keys::new()), "not frozen");
    assert_eq!(
        seen(&keys(&over), &Keys::new()),
        "macaque/frozen=\"no\", macaque/frozen-until=\"2000-01-01T00:00:00Z\""
    );
    assert_eq!(unreadable(&keys(&over), &Keys::new()), []);
}
