//! Each key and value that directs nothing has its warning.

use super::*;

fn keys(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let pairs = pairs.iter();
    pairs
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn annotated(name: &str, pairs: &[(&str, &str)]) -> Pod {
    let mut pod = Pod::sample();
    pod.id.name = name.to_owned();
    pod.annotations = keys(pairs);
    pod
}

fn warned(pairs: &[(&str, &str)]) -> Vec<String> {
    let none = BTreeMap::new();
    let warnings = key_warnings(&keys(pairs), &none);
    assert_eq!(key_warnings(&none, &keys(pairs)), warnings, "labels count too");
    warnings
        .iter()
        .map(|warning| warning.on("namespace shop"))
        .collect()
}

#[test]
fn known_keys_and_those_of_others_need_no_warning() {
    let known = [
        ("macaque/enabled", "Off"),
        ("macaque/frozen", "false"),
        ("macaque/frozen-until", "2000-01-01T00:00:00Z"),
    ];
    assert_eq!(warned(&known), [""; 0]);
    assert_eq!(
        warned(&[
            ("macaque", ""),
            ("macaque.io/x", ""),
            ("macaques/x", ""),
            ("app", "x")
        ]),
        [""; 0]
    );
    assert_eq!(warned(&[]), [""; 0]);
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    let rows = [
        ("macaque/enable", "did you mean macaque/enabled?"),
        ("macaque/Enabled", "did you mean macaque/enabled?"),
        ("macaque/disabled", "did you mean macaque/enabled?"),
        ("macaque/freeze", "did you mean macaque/frozen?"),
        ("macaque/froozen", "did you mean macaque/frozen?"),
        ("macaque/freeze-until", "did you mean macaque/frozen-until?"),
        ("macaque/frozenUntil", "did you mean macaque/frozen-until?"),
        (
            "macaque/opt-out",
            "use macaque/enabled, macaque/every, macaque/expect, macaque/frozen, macaque/frozen-until, macaque/min-ready or \
             macaque/team",
        ),
        (
            "macaque/",
            "use macaque/enabled, macaque/every, macaque/expect, macaque/frozen, macaque/frozen-until, macaque/min-ready or \
             macaque/team",
        ),
    ];
    for (key, advice) in rows {
        let expected = format!("{key} on namespace shop: no such key; {advice}");
        assert_eq!(warned(&[(key, "true")]), [expected]);
    }
}

#[test]
fn an_expected_time_that_counts_for_nothing_is_warned_of() {
    let none = BTreeMap::new();
    let warned = |annotations, labels| {
        let warnings = key_warnings(&annotations, &labels).into_iter();
        warnings
            .map(|warning| format!("{}: {}", warning.key, warning.problem))
            .collect::<Vec<_>>()
    };
    for (value, fault) in [
        ("30", "has no unit: write 30s, 30m or 30h"),
        ("soon", "is not a duration: write 30s or 2m, for example"),
        ("0s", "is zero: write 30s or 2m, for example"),
        ("-5s", "is negative: write 30s or 2m, for example"),
    ] {
        let expected = format!("macaque/expect=\"{value}\": it {fault}; it counts as if it were not there");
        assert_eq!(
            warned(keys(&[("macaque/expect", value)]), none.clone()),
            [expected]
        );
    }

    let readable = keys(&[("macaque/expect", "30s")]);
    assert_eq!(warned(readable.clone(), none.clone()), [""; 0]);
    assert_eq!(
        warned(none, readable),
        ["macaque/expect: it has no effect as a label: make it an annotation"]
    );
}

#[test]
fn a_value_that_is_neither_yes_nor_no_is_warned_of_once_for_each_value() {
    let rows = [("maybe", "maybe"), ("", ""), ("ja", "ja")];
    for (value, shown) in rows {
        let expected = format!(
            "macaque/enabled=\"{shown}\" on namespace shop: it is neither yes nor no; it counts as no"
        );
        assert_eq!(warned(&[("macaque/enabled", value)]), [expected]);
    }

    let value = keys(&[("macaque/enabled", "maybe")]);
    assert_eq!(key_warnings(&value, &value).len(), 1);
}

#[test]
fn what_a_team_wishes_and_cannot_be_read_is_warned_of_and_so_is_a_wish_as_a_label() {
    let none = BTreeMap::new();
    let wishes = keys(&[("macaque/every", "soon"), ("macaque/min-ready", "half")]);
    let warnings = key_warnings(&wishes, &none).into_iter();
    let texts: Vec<_> = warnings
        .map(|warning| format!("{}: {}", warning.key, warning.problem))
        .collect();
    assert_eq!(
        texts,
        [
            "macaque/every=\"soon\": it is not a duration: write 12h or 3d, for example; it counts as if it were not \
             there",
            "macaque/min-ready=\"half\": it is neither a number nor a percentage: write 2 or 50%, for example; it \
             counts as if it were not there",
        ]
    );

    for key in [
        "macaque/every",
        "macaque/min-ready",
        "macaque/team",
        "macaque/expect",
    ] {
        let warnings = key_warnings(&none, &keys(&[(key, "3d")]));
        assert_eq!(warnings.len(), 1, "{key}");
        assert_eq!(
            warnings[0].problem,
            "it has no effect as a label: make it an annotation"
        );
    }
}

#[test]
fn a_key_of_the_pause_is_sent_to_the_journal() {
    for key in PAUSE_KEYS {
        let expected =
            format!("{key} on namespace shop: it has no effect here: it belongs on the journal's ConfigMap");
        assert_eq!(warned(&[(key, "true")]), [expected]);
    }
}

#[test]
fn on_the_journal_only_the_keys_of_a_pause_are_known() {
    let warned = |key| {
        let warnings = journal_key_warnings([key, "kept"]).into_iter();
        warnings.map(|warning| warning.problem).collect::<Vec<_>>()
    };
    for key in PAUSE_KEYS {
        assert_eq!(warned(key), [""; 0]);
    }
    for (key, advice) in [
        ("macaque/pause", "did you mean macaque/paused?"),
        (
            "macaque/reason",
            "use macaque/paused, macaque/paused-reason or macaque/paused-by",
        ),
        (
            "macaque/frozen",
            "use macaque/paused, macaque/paused-reason or macaque/paused-by",
        ),
        ("macaque/pause-reason", "did you mean macaque/paused-reason?"),
    ] {
        assert_eq!(warned(key), [format!("no such key; {advice}")], "{key}");
    }
}

#[test]
fn a_value_that_cannot_be_read_is_warned_of_once_for_each_pod() {
    let pair = ("macaque/frozen-until", "2026-12-24");
    let mut pod = annotated("web-0", &[pair]);
    pod.labels = keys(&[pair]);
    let mut warnings = PodKeyWarnings::default();
    warnings.note(&pod);

    let expected = "macaque/frozen-until=\"2026-12-24\": it has no time and offset: write 2026-12-24T00:00:00Z, for \
                    example; it counts as frozen (pod shop/web-0)";
    assert_eq!(warnings.texts(), [expected]);
}

#[test]
fn the_warnings_of_many_pods_are_counted_and_bounded() {
    let mut first = PodKeyWarnings::default();
    first.note(&annotated("web-0", &[("macaque/enable", "false")]));
    let mut second = PodKeyWarnings::default();
    second.note(&annotated("web-1", &[("macaque/enable", "false")]));
    second.note(&annotated("web-2", &[("app.example/x", "y")]));
    first.append(second);

    let lasting = "macaque/enable: no such key; did you mean macaque/enabled?";
    let counted = format!("{lasting} (2 pods, such as shop/web-0)");
    assert_eq!(lasting_part(&counted), lasting);
    assert_eq!(first.texts(), [counted]);

    for number in 0..100 {
        first.note(&annotated("db-0", &[(&format!("macaque/key-{number:03}"), "")]));
    }
    let texts = first.texts();
    assert_eq!(texts.len(), KEPT + 1);
    assert_eq!(texts[KEPT], "more such annotations or labels (96)");
}

#[test]
fn a_warning_without_pods_lasts_as_a_whole() {
    for warning in [
        "",
        "x",
        "macaque/x on namespace shop: no such key",
        "a (b) c",
        ")",
        "(",
    ] {
        assert_eq!(lasting_part(warning), warning);
    }
}

#[test]
fn a_long_or_hostile_key_is_shown_short_and_escaped() {
    let hostile = format!("macaque/\u{1b}[31m{}", "x".repeat(300));
    let warned = warned(&[(&hostile, "")]);
    assert!(warned[0].starts_with(r"macaque/\u{1b}[31mxxx"), "{warned:?}");
    let (key, _) = warned[0].split_once(" on namespace shop").unwrap();
    assert_eq!(key.chars().count(), SHOWN_CHARS, "{warned:?}");
}
