//! Promises about what is hidden, in a table of encodings, and about what is not.

use proptest::prelude::*;

use super::*;

const SECRET: &str = "xoxb-CANARY/5ecr+3t";

/// Every character of `secret`, written by `escape`.
fn escaped(secret: &str, escape: impl Fn(char) -> String) -> String {
    secret.chars().map(escape).collect()
}

/// The secret in every encoding that a service may echo.
fn encodings_of_the_secret() -> Vec<(&'static str, String)> {
    let hex = |c: char| u32::from(c);
    let json = escaped(SECRET, |c| format!("\\u{:04x}", hex(c)));
    let base64 = |offset: usize| {
        let text = format!("{}{SECRET}:and-more", &"user"[..offset]);
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    let base64_url = base64::engine::general_purpose::URL_SAFE.encode(SECRET);
    vec![
        ("as it is", SECRET.to_owned()),
        ("in capitals", SECRET.to_uppercase()),
        ("one JSON escape", SECRET.replace('-', "\\u002d")),
        ("one JSON escape in capitals", SECRET.replace('-', "\\u002D")),
        ("JSON's slash", SECRET.replace('/', "\\/")),
        ("all JSON escapes", json.clone()),
        ("JSON in JSON", json.replace('\\', "\\\\")),
        ("JSON in JSON in JSON", json.replace('\\', "\\\\\\\\")),
        ("braces", escaped(SECRET, |c| format!("\\u{{{:x}}}", hex(c)))),
        ("bytes", escaped(SECRET, |c| format!("\\x{:02x}", hex(c)))),
        ("markdown", SECRET.replace('-', "\\-")),
        ("percent", SECRET.replace('-', "%2d").replace('/', "%2f")),
        (
            "percent in capitals",
            SECRET.replace('-', "%2D").replace('/', "%2F"),
        ),
        ("percent for all", escaped(SECRET, |c| format!("%{:02X}", hex(c)))),
        (
            "percent twice",
            SECRET.replace('-', "%252D").replace('/', "%252F"),
        ),
        ("percent in JSON", SECRET.replace('-', "\\u00252d")),
        ("entities", SECRET.replace('-', "&#45;").replace('/', "&sol;")),
        ("hexadecimal entities", SECRET.replace('-', "&#x2D;")),
        ("entities twice", SECRET.replace('-', "&amp;#45;")),
        ("base64", base64(0)),
        ("base64 after one byte", base64(1)),
        ("base64 after two bytes", base64(2)),
        ("base64 after three bytes", base64(3)),
        (
            "base64 without padding",
            base64_url.trim_end_matches('=').to_owned(),
        ),
        ("base64 for URLs", base64_url.clone()),
        (
            "base64 in percent",
            base64_url.replace('=', "%3D").replace('e', "%65"),
        ),
        ("hexadecimal", escaped(SECRET, |c| format!("{:02x}", hex(c)))),
        (
            "hexadecimal in capitals",
            escaped(SECRET, |c| format!("{:02X}", hex(c))),
        ),
        ("a zero-width space", SECRET.replace('-', "-\u{200b}")),
        ("soft hyphens", escaped(SECRET, |c| format!("\u{ad}{c}"))),
        ("an escaped zero-width space", SECRET.replace('-', "-\\u200b")),
        ("a line break", SECRET.replace('-', "-\r\n")),
        ("an escaped line break", SECRET.replace('-', "-\\n")),
        ("blanks", escaped(SECRET, |c| format!("{c} "))),
        ("split base64", base64(0).replace('e', "e\u{feff}")),
        ("a cut end", SECRET[..12].to_owned()),
        ("a cut end with an ellipsis", format!("{}…", &SECRET[..12])),
    ]
}

#[test]
fn a_secret_is_hidden_in_every_encoding() {
    let redactor = Redactor::of([SECRET]);
    for (encoding, echoed) in encodings_of_the_secret() {
        let shown = redactor.redact(&format!("no: {echoed}"));
        assert!(
            shown.trim_end_matches(['…', ' ']).replace('\u{ad}', "") == "no: [hidden]",
            "{encoding}: {echoed} is shown as {shown}"
        );
    }
}

#[test]
fn the_beginning_of_a_secret_is_hidden_wherever_an_ellipsis_shows_that_it_was_cut() {
    let redactor = Redactor::of([SECRET]);
    for length in MIN_SECRET..SECRET.len() {
        let cut = &SECRET[..length];
        for escape in ["", "\\", "\\u", "\\u00", "%", "%2", "&", "&#x2"] {
            let shown = redactor.redact(&format!("no {cut}{escape}… instead of a PodList"));
            assert_eq!(shown, "no [hidden]… instead of a PodList", "{cut}{escape}");
        }
    }
}

#[test]
fn the_text_around_a_secret_stays() {
    let redactor = Redactor::of(["tok-1", "room-1", ""]);
    assert_eq!(
        redactor.redact("no tok-1 in room-1, ‘tok\u{200b}-1’: 50 % of \\ & so"),
        "no [hidden] in [hidden], ‘[hidden]’: 50 % of \\ & so"
    );
    assert_eq!(redactor.redact("tok-1tok-1tok-2"), "[hidden][hidden]tok-2");

    let basic = format!("Basic {} is wrong", STANDARD_NO_PAD.encode("user:xoxb-CANARY"));
    assert_eq!(
        Redactor::of(["xoxb-CANARY"]).redact(&basic),
        "Basic [hidden] is wrong"
    );
}

#[test]
fn words_without_a_secret_stay_as_they_are_and_short_secrets_hide_no_words() {
    let redactor = Redactor::of(["xoxb-CANARY", "ok", "https://slack.com/api"]);
    for words in [
        "",
        "ok",
        "Slack answered 500",
        "the URL https:// of \\u00zz %zz &#; &x; \\u{} \\",
        "ein ä, ein 🐒 und %C3%A4",
    ] {
        assert_eq!(redactor.redact(words), words);
    }
}

#[test]
fn a_url_is_hidden_in_its_parts() {
    let url = "https://relay.example:8443/services/T0123456789/abcdefghijkl?thread_id=1234567890";
    let redactor = Redactor::of([url]);
    for part in [
        url,
        "relay.example:8443",
        "/services/T0123456789/abcdefghijkl?thread_id=1234567890",
        "/services/T0123456789/abcdefghijkl",
        "T0123456789",
        "abcdefghijkl",
        "%61bcdefghijkl",
        "1234567890",
    ] {
        assert_eq!(redactor.redact(&format!("no {part}!")), "no [hidden]!", "{part}");
    }
}

proptest! {
    #[test]
    fn a_secret_is_hidden_whatever_surrounds_it(before in hostile(), after in hostile()) {
        let shown = Redactor::of([SECRET]).redact(&format!("{before}{SECRET}{after}"));
        prop_assert!(!shown.contains(SECRET), "{shown}");
        prop_assert!(shown.contains(HIDDEN), "{shown}");
    }
}

/// Any text, rich in whole and broken escapes.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[\\\\%&#;{}xu0-9a-f]{0,6}",
        "\\PC{0,4}",
        Just("\\u{2d}".to_owned()),
        Just("&#x2d;".to_owned()),
        Just("\u{200b}".to_owned()),
        Just("…".to_owned()),
        Just(SECRET[..10].to_owned()),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}
