//! Makes text from elsewhere safe to show: one line, no invisible characters, of limited length.

/// `text` as one line of at most `max` characters, without control, invisible or direction-changing
/// characters, which could show another text than was written.
pub(crate) fn clean(text: &str, max: usize) -> String {
    let spaced: String = text
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    clip(&spaced.split_whitespace().collect::<Vec<_>>().join(" "), max)
}

/// The longest line of a person's terminal, in characters.
pub(crate) const LONGEST_LINE: usize = 1_000;

/// `text` as one line of visible characters, no longer than [`LONGEST_LINE`].
pub(crate) fn line(text: &str) -> String {
    clean(text, LONGEST_LINE)
}

/// `text` without control, invisible or direction-changing characters, its lines and blanks as they are.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if is_hidden(c) && c != '\n' { ' ' } else { c })
        .collect()
}

/// `text` as one line of at most `max` characters, in which characters that would not be seen are written as
/// `\u{202e}`; line breaks and tabs are spaces.
pub(crate) fn revealed(text: &str, max: usize) -> String {
    escape_within(text, max, |c, out| match c {
        '\n' | '\r' | '\t' => out.push(' '),
        c if is_hidden(c) => out.extend(c.escape_unicode()),
        c => out.push(c),
    })
}

/// `json` with an escape sequence for every character that would not be seen. Outside strings JSON has none but line
/// breaks, which stay.
pub(crate) fn revealed_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if is_hidden(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a terminal would show nothing for `c`, or obey it: control characters, line and paragraph separators, and
/// those that are invisible.
pub(crate) fn is_hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || is_invisible(c)
}

/// The first `max` characters of `text`, the last of them `…` if there was more.
pub(crate) fn clip(text: &str, max: usize) -> String {
    escape_within(text, max, |c, out| out.push(c))
}

/// `text` with every character written by `escape`, cut with `…` so that the whole is at most `max`
/// characters and no escape sequence is cut in two.
pub(crate) fn escape_within(text: &str, max: usize, escape: fn(char, &mut String)) -> String {
    let mut out = String::new();
    let mut length = 0;
    // Where to cut, if it comes to that: the end of the last character that leaves room for `…`.
    let mut cut = 0;

    for c in text.chars() {
        let start = out.len();
        escape(c, &mut out);
        length += out[start..].chars().count();
        if length > max {
            out.truncate(cut);
            out.push('…');
            return out;
        }
        if length < max {
            cut = out.len();
        }
    }

    out
}

/// `items` with `separator` between them, measured by `size` and no larger than `room`: whole items only, and
/// what does not fit is counted: `… and 3 more`.
pub(crate) fn list(items: &[String], separator: &str, room: usize, size: fn(&str) -> usize) -> String {
    let whole = items.join(separator);
    if size(&whole) <= room {
        return whole;
    }

    let mut out = String::new();
    for (shown, item) in items.iter().enumerate() {
        let lead = if shown == 0 { "" } else { separator };
        let left = items.len() - shown;
        let reserve = size(separator) + size(&more(left));
        if size(&out) + size(lead) + size(item) + reserve > room {
            return out + lead + &more(left);
        }
        out.push_str(lead);
        out.push_str(item);
    }

    out
}

/// Whole `items`, together no larger than `room` as `size` measures each; what does not fit is counted in one more item.
pub(crate) fn items_within(items: &[String], room: usize, size: impl Fn(&str) -> usize) -> Vec<String> {
    if items.iter().map(|item| size(item)).sum::<usize>() <= room {
        return items.to_vec();
    }

    let mut left = room.saturating_sub(size(&more(items.len())));
    let fits = |item: &&String| {
        let rest = left.checked_sub(size(item));
        left = rest.unwrap_or(0);
        rest.is_some()
    };
    let mut shown: Vec<_> = items.iter().take_while(fits).cloned().collect();
    shown.push(more(items.len() - shown.len()));
    shown
}

/// The number of characters in `text`.
pub(crate) fn chars(text: &str) -> usize {
    text.chars().count()
}

/// A number with its noun: `2 pods`, `1 pod`.
pub(crate) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

fn more(n: usize) -> String {
    format!("… and {n} more")
}

/// Characters that show nothing or reorder what is shown: soft hyphen, joiners, fillers, bidirectional
/// controls, variation selectors, annotation marks, tags, controls of shorthand and of music. Line and paragraph
/// separators are white space.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_visible_line() {
        let hostile = " a\r\nb\u{1b}[31m\u{2028}c\u{202e}d\u{200b}e\u{85}f\u{e0041}\t";
        assert_eq!(clean(hostile, 100), "a b [31m cde f");
    }

    #[test]
    fn what_is_made_visible_keeps_its_lines_and_its_columns() {
        assert_eq!(
            visible("a   b\n  c\u{1b}[2J\u{202e}\r\u{9b}d"),
            "a   b\n  c [2J  d"
        );
        assert_eq!(line("a   b\n  c\u{1b}[2J\u{202e}"), "a b c [2J");
        assert_eq!(chars(&line(&"x".repeat(20_000))), LONGEST_LINE);
    }

    /// Characters that a terminal obeys, hides, or lets turn the text around.
    const HIDDEN: [char; 14] = [
        '\u{7}',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{ad}',
        '\u{61c}',
        '\u{200b}',
        '\u{200f}',
        '\u{202e}',
        '\u{2066}',
        '\u{2028}',
        '\u{feff}',
        '\u{e0041}',
    ];

    #[test]
    fn hidden_characters_are_written_out_in_a_line_and_in_json() {
        for c in HIDDEN {
            assert!(is_hidden(c), "{c:?}");
            assert_eq!(
                revealed(&format!("a{c}b"), 100),
                format!("a{}b", c.escape_unicode())
            );

            let json = serde_json::to_string_pretty(&[format!("a{c}b")]).unwrap();
            let shown = revealed_json(&json);
            assert!(!shown.contains(|c| is_hidden(c) && c != '\n'), "{shown:?}");
            assert_eq!(
                serde_json::from_str::<[String; 1]>(&shown).unwrap(),
                [format!("a{c}b")]
            );
        }
        for c in ['a', 'é', '日', '🐒', 'ש', '…', ' '] {
            assert!(!is_hidden(c), "{c:?}");
        }
    }

    #[test]
    fn a_revealed_line_has_no_line_breaks_and_is_bounded() {
        assert_eq!(revealed("a\n\tb\r\n", 100), "a  b  ");
        assert_eq!(revealed("a\u{202e}b", 5), "a…");
        assert_eq!(chars(&revealed(&"x".repeat(20_000), 400)), 400);
    }

    #[test]
    fn a_long_text_ends_in_an_ellipsis_and_keeps_its_characters_whole() {
        assert_eq!(clean("äöüß", 4), "äöüß");
        assert_eq!(clean("äöüßx", 4), "äöü…");
        assert_eq!(chars(&clean(&"🐒".repeat(500), 200)), 200);
    }

    #[test]
    fn an_escape_sequence_is_never_cut_in_two() {
        let escape = |c: char, out: &mut String| match c {
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        };
        for max in 1..12 {
            let cut = escape_within("a&b&c", max, escape);
            assert!(chars(&cut) <= max, "{cut}");
            assert!("a&amp;b&amp;c".starts_with(cut.trim_end_matches('…')), "{cut}");
            assert!(!cut.replace("&amp;", "").contains('&'), "{cut}");
        }
        assert_eq!(escape_within("a&b&c", 13, escape), "a&amp;b&amp;c");
    }

    #[test]
    fn items_that_do_not_fit_are_counted() {
        let items: Vec<String> = ["alpha", "beta", "gamma", "delta"].map(String::from).to_vec();
        assert_eq!(items_within(&items, 19, chars), items);
        for (room, shown) in [(18, 1), (12, 0), (17, 1), (3, 0)] {
            let mut expected = items[..shown].to_vec();
            expected.push(format!("… and {} more", 4 - shown));
            assert_eq!(items_within(&items, room, chars), expected, "{room}");
        }
        assert_eq!(items_within(&[], 0, chars), Vec::<String>::new());
    }

    #[test]
    fn a_list_shows_whole_items_and_counts_the_rest() {
        let items: Vec<String> = ["alpha", "beta", "gamma", "delta"].map(String::from).to_vec();
        assert_eq!(list(&items, ", ", 25, chars), "alpha, beta, gamma, delta");
        assert_eq!(list(&items, ", ", 24, chars), "alpha, … and 3 more");
        assert_eq!(list(&items[..1], ", ", 5, chars), "alpha");
        assert_eq!(list(&items, ", ", 12, chars), "… and 4 more");
        for room in 12..40 {
            assert!(chars(&list(&items, ", ", room, chars)) <= room);
        }
    }
}
