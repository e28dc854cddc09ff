//! The small parts of pages: sections, badges, instants, lengths of time, and text from elsewhere.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use macaque_core::recovery::length;
use maud::{Markup, html};

use crate::text;

/// The longest text from elsewhere that a page shows, in characters.
const LONGEST_TEXT: usize = 300;

/// How something is to be taken. A mark says it too, never the colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BadgeTone {
    /// All is well.
    Good,
    /// Somebody may want to look at it.
    Notice,
    /// Somebody has to look at it.
    Bad,
    /// Nothing of interest.
    Quiet,
}

impl BadgeTone {
    fn class(self) -> &'static str {
        match self {
            Self::Good => "badge good",
            Self::Notice => "badge notice",
            Self::Bad => "badge bad",
            Self::Quiet => "badge",
        }
    }

    fn mark(self) -> &'static str {
        match self {
            Self::Good => "✓",
            Self::Notice => "▲",
            Self::Bad => "✕",
            Self::Quiet => "·",
        }
    }
}

/// A word or two that stand out.
pub(crate) fn badge(tone: BadgeTone, words: &str) -> Markup {
    html! { span class=(tone.class()) { span aria-hidden="true" { (tone.mark()) " " } (words) } }
}

/// A section under a heading of the second level; `id` is unique in the page.
pub(crate) fn section(id: &str, heading: &str, body: &Markup) -> Markup {
    html! { section aria-labelledby=(id) { h2 id=(id) { (heading) } (body) } }
}

/// Terms, each with what is to be said of it.
pub(crate) fn terms<'a>(terms: impl IntoIterator<Item = (&'a str, Markup)>) -> Markup {
    html! {
        dl {
            @for (term, description) in terms { div { dt { (term) } dd { (description) } } }
        }
    }
}

/// An instant in `zone`, to the minute; programs read it to the second in UTC.
pub(crate) fn instant(instant: Timestamp, zone: &TimeZone) -> Markup {
    let shown = instant
        .to_zoned(zone.clone())
        .strftime("%a %-d %b %H:%M %Z")
        .to_string();
    time(instant, &shown)
}

/// An instant in UTC, to the minute.
pub(crate) fn instant_utc(instant: Timestamp) -> Markup {
    let shown = instant.strftime("%a %-d %b %H:%M UTC").to_string();
    time(instant, &shown)
}

/// How long before `now` an instant was: `3 min ago`.
pub(crate) fn ago(instant: Timestamp, now: Timestamp) -> Markup {
    let since = Duration::try_from(now.duration_since(instant)).unwrap_or_default();
    time(instant, &format!("{} ago", rough(since)))
}

/// A length of time with one unit, which is all that the eye wants: `3 min`, `2 h`, `12 d`.
pub(crate) fn rough(span: Duration) -> String {
    match span.as_secs() {
        0..60 => format!("{} s", span.as_secs()),
        seconds @ 60..5_400 => format!("{} min", seconds / 60),
        seconds @ 5_400..172_800 => format!("{} h", (seconds + 1_800) / 3_600),
        seconds => format!("{} d", seconds / 86_400),
    }
}

/// A length of time as exactly as a sentence has it; `–` if there is none.
pub(crate) fn span(millis: Option<u64>) -> Markup {
    let shown = millis.map(|millis| length(Duration::from_millis(millis)));
    html! { @match shown { Some(shown) => (shown), None => (none()) } }
}

/// A number; `–` stands for 0, so that the eye finds the others.
pub(crate) fn number(number: u64) -> Markup {
    html! { @if number == 0 { (none()) } @else { (number) } }
}

/// What stands in a cell that says nothing.
pub(crate) fn none() -> Markup {
    html! { span.quiet { span aria-hidden="true" { "–" } span.spoken { "none" } } }
}

/// Text from elsewhere as one visible line of limited length. `maud` escapes it.
pub(crate) fn shown(text: &str) -> String {
    text::clean(text, LONGEST_TEXT)
}

/// Words of ours, in which backticks enclose what is typed, as in our documents.
pub(crate) fn prose(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A name of an object, which may be broken anywhere if there is no room.
pub(crate) fn name(name: &str) -> Markup {
    html! { span.name { (shown(name)) } }
}

fn time(instant: Timestamp, shown: &str) -> Markup {
    let exact = instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    html! { time datetime=(exact) title=(exact) { (shown) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_elsewhere_is_escaped_and_is_one_visible_line() {
        let hostile = "<script>alert('1')</script>\u{202e}\"&\n<img src=x onerror=alert(2)>";
        let shown = name(hostile).into_string();
        assert_eq!(
            shown,
            "<span class=\"name\">&lt;script&gt;alert('1')&lt;/script&gt;&quot;&amp; &lt;img src=x onerror=alert(2)&gt;\
             </span>"
        );
        assert!(name(&"x".repeat(10_000)).into_string().len() < 400);
    }

    #[test]
    fn what_is_typed_stands_out_in_prose_and_stays_text() {
        let shown = prose("`macaque check` says <why>.").into_string();
        assert_eq!(shown, "<code>macaque check</code> says &lt;why&gt;.");
    }

    #[test]
    fn a_badge_says_with_a_mark_what_its_colour_says() {
        let marks = [
            BadgeTone::Good,
            BadgeTone::Notice,
            BadgeTone::Bad,
            BadgeTone::Quiet,
        ];
        for (index, tone) in marks.iter().enumerate() {
            assert!(marks[..index].iter().all(|other| other.mark() != tone.mark()));
        }
    }

    #[test]
    fn an_instant_is_shown_in_its_zone_and_meant_in_utc() {
        let at: Timestamp = "2027-03-01T09:30:05Z".parse().unwrap();
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let exact = "<time datetime=\"2027-03-01T09:30:05Z\" title=\"2027-03-01T09:30:05Z\">";
        assert_eq!(
            instant(at, &zone).into_string(),
            format!("{exact}Mon 1 Mar 10:30 CET</time>")
        );
        assert_eq!(
            instant_utc(at).into_string(),
            format!("{exact}Mon 1 Mar 09:30 UTC</time>")
        );
        let later = at + jiff::SignedDuration::from_mins(3);
        assert_eq!(ago(at, later).into_string(), format!("{exact}3 min ago</time>"));
    }

    #[test]
    fn a_rough_length_has_one_unit() {
        let cases = [
            (59, "59 s"),
            (60, "1 min"),
            (5_399, "89 min"),
            (5_400, "2 h"),
            (172_800, "2 d"),
        ];
        for (seconds, words) in cases {
            assert_eq!(rough(Duration::from_secs(seconds)), words);
        }
    }
}
