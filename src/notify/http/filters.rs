//! The filters that templates have beside the engine's: they make texts from the cluster harmless, and keep the limits of a
//! service.

use minijinja::value::ValueKind;
use minijinja::{Environment, Error, ErrorKind, Value};

use crate::text::{chars, clip, list};

/// The character that keeps what surrounds it apart, and that nobody sees.
const APART: char = '\u{200b}';
/// The characters that begin or end what services take for a mention, a channel, a link or a title.
const BEGINNINGS: [char; 5] = ['@', '<', '#', '~', ']'];

/// Adds the filters to an environment.
pub(super) fn add(environment: &mut Environment<'_>) {
    environment.add_filter("plain", |value: Value| each(&value, plain));
    environment.add_filter("markdown", |value: Value| each(&value, markdown));
    environment.add_filter("limit", |value: Value, most: usize| {
        limited(&value, most, chars, clip)
    });
    environment.add_filter("limit_bytes", |value: Value, most: usize| {
        limited(&value, most, str::len, clip_bytes)
    });
}

/// Converts a text, or each text of a list.
fn each(value: &Value, convert: fn(&str) -> String) -> Result<Value, Error> {
    if !is_list(value) {
        return Ok(Value::from(convert(&shown(value))));
    }
    let converted = value.try_iter()?.map(|item| Value::from(convert(&shown(&item))));
    Ok(converted.collect::<Vec<_>>().into())
}

/// Shortens a text, or writes as many items of a list as there is room for, each on a line.
fn limited(
    value: &Value,
    most: usize,
    size: fn(&str) -> usize,
    shorten: fn(&str, usize) -> String,
) -> Result<Value, Error> {
    if most == 0 {
        return Err(Error::new(ErrorKind::InvalidOperation, "the limit is 0"));
    }
    if !is_list(value) {
        return Ok(Value::from(shorten(&shown(value), most)));
    }
    let items: Vec<_> = value.try_iter()?.map(|item| shown(&item)).collect();
    Ok(Value::from(shorten(&list(&items, "\n", most, size), most)))
}

/// Whether a value is a list; the sum of two lists is not yet one for the engine.
fn is_list(value: &Value) -> bool {
    matches!(value.kind(), ValueKind::Seq | ValueKind::Iterable)
}

/// A value as text; what is absent is empty.
fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None if value.is_none() => String::new(),
        None => value.to_string(),
    }
}

/// The text in which no service finds a mention, a channel or a link: characters that would begin one are kept apart from
/// what follows.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        out.push(c);
        if begins(before, c, &text[at + c.len_utf8()..]) {
            out.push(APART);
        }
        before = c;
    }
    out
}

/// Whether `c`, between these, begins something: a scheme by its colon, and the last part of a host by its dot.
fn begins(before: char, c: char, after: &str) -> bool {
    let mut after = after.chars();
    let next = after.next().unwrap_or(' ');
    match c {
        ':' => next == '/' || (before.is_alphabetic() && !next.is_whitespace()),
        '.' => before.is_alphanumeric() && next.is_alphabetic(),
        _ => BEGINNINGS.contains(&c),
    }
}

/// The text that markdown shows as it is, without a mention or a link.
fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in plain(text).chars() {
        if matches!(
            c,
            '\\' | '`' | '*' | '_' | '~' | '[' | ']' | '(' | ')' | '#' | '|' | '>' | '!'
        ) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The beginning of `text` that takes at most `most` bytes, with `…` if there was more.
fn clip_bytes(text: &str, most: usize) -> String {
    const CUT: char = '…';
    if text.len() <= most {
        return text.to_owned();
    }
    let room = most.saturating_sub(CUT.len_utf8());
    let end = text.char_indices().map(|(at, c)| at + c.len_utf8());
    let end = end.take_while(|end| *end <= room).last().unwrap_or(0);
    let cut = if most < CUT.len_utf8() { "" } else { "…" };
    format!("{}{cut}", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A text without what nobody sees.
    fn seen(text: &str) -> String {
        text.replace(APART, "")
    }

    #[test]
    fn a_plain_text_reads_as_before_and_mentions_and_links_nothing() {
        // A bar in the middle stands for the character that nobody sees.
        for (text, kept_apart) in [
            ("@everyone", "@¦everyone"),
            ("<!here> <@U1> <users/all>", "<¦!here> <¦@¦U1> <¦users/all>"),
            ("<https://evil.example|x>", "<¦https:¦//evil.¦example|x>"),
            ("[x](http://10.0.0.1)", "[x]¦(http:¦//10.0.0.1)"),
            ("[x][y] [y]: /z", "[x]¦[y]¦ [y]¦: /z"),
            ("www.evil.com mailto:a@b.c", "www.¦evil.¦com mailto:¦a@¦b.¦c"),
            ("s3://x ://", "s3:¦//x :¦//"),
            ("#general ~town", "#¦general ~¦town"),
            ("evil.例え", "evil.¦例え"),
            (
                "shop/web-1 (deployment/web): evicted after 4.5 s",
                "shop/web-1 (deployment/web): evicted after 4.5 s",
            ),
            (
                "2027-03-01T09:30:00Z: done. Next",
                "2027-03-01T09:30:00Z: done. Next",
            ),
            ("", ""),
        ] {
            assert_eq!(plain(text), kept_apart.replace('¦', "\u{200b}"));
            assert_eq!(seen(&plain(text)), text);
        }
    }

    #[test]
    fn markdown_shows_a_text_as_it_is() {
        let text = r"*a* _b_ `c` ~d~ [e](f) # g | h > i ! \ j";
        let escaped = seen(&markdown(text));
        let unescaped = escaped
            .replace(r"\\", "\u{0}")
            .replace('\\', "")
            .replace('\u{0}', r"\");
        assert_eq!(unescaped, text);
        let mut before = ' ';
        for c in escaped.chars() {
            assert!(!"*_`~[]()#|>!".contains(c) || before == '\\', "{escaped}");
            before = c;
        }
    }

    #[test]
    fn bytes_are_counted_and_characters_stay_whole() {
        assert_eq!(clip_bytes("äöü", 6), "äöü");
        assert_eq!(clip_bytes("äöüß", 7), "äö…");
        for most in 1..20 {
            assert!(clip_bytes("🐒🐒🐒", most).len() <= most);
        }
    }
}
