//! Hides secrets in text that is about to be shown, in whichever encoding it holds them.
//!
//! A service may echo a secret in its answer as it likes: escaped as JSON, HTML or a URL, in base64 or hexadecimal, split
//! by characters that nobody sees, or cut off. So redaction is the last step before a text is shown, after everything that
//! decodes, cleans or shortens it, and compares what a reader could make of the text.

use std::ops::Range;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::text::is_invisible;

/// What is shown in the place of a secret.
const HIDDEN: &str = "[hidden]";
/// How short a secret may be to be looked for: shorter ones would hide ordinary words.
const MIN_SECRET: usize = 4;
/// How short a part of a URL, an encoded secret or the beginning of a secret may be to be looked for. Where an ellipsis
/// shows that the text was cut, the beginning may be as short as a secret.
const MIN_PART: usize = 9;
/// The longest escape sequence that is understood.
const MAX_ESCAPE_CHARS: usize = 12;
/// How many times a text may be escaped: JSON in JSON in a URL, and one more.
const MAX_ESCAPES: usize = 4;

/// The secrets to hide, in the forms in which they are looked for.
pub(crate) struct Redactor {
    needles: Vec<Needle>,
}

/// One form of a secret.
struct Needle {
    chars: Vec<char>,
    /// Whether the form is an encoding, whose neighbours may hold the rest of it.
    encoded: bool,
}

/// A character of a text that was unescaped, with the bytes of the text that it stands for.
#[derive(Clone, PartialEq, Eq)]
struct Decoded {
    c: char,
    source: Range<usize>,
    /// Whether a blank lies between this character and the one before.
    after_blank: bool,
    /// Whether an ellipsis follows: the text was cut after this character.
    before_cut: bool,
}

impl Redactor {
    /// Hides `secrets`, and of those that are URLs also the parts.
    pub(crate) fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles = Vec::new();
        for secret in secrets {
            let parts = url_parts(secret).filter(|part| part.len() >= MIN_PART);
            let whole = Some(secret).filter(|secret| secret.len() >= MIN_SECRET);
            for form in whole.into_iter().chain(parts) {
                needles.push(Needle::plain(form));
                needles.extend(encodings(form).filter(|needle| needle.chars.len() >= MIN_PART));
            }
        }
        Self { needles }
    }

    /// The text as it may be shown.
    pub(crate) fn redact(&self, text: &str) -> String {
        let mut hidden: Vec<Range<usize>> = Vec::new();
        let mut form = visible(text);
        for _ in 0..=MAX_ESCAPES {
            let found = self.needles.iter().flat_map(|needle| needle.find(&form));
            hidden.extend(found.map(|range| form[range.start].source.start..form[range.end - 1].source.end));

            let unescaped = unescape(&form);
            if unescaped == form {
                break;
            }
            form = unescaped;
        }
        replace(text, hidden)
    }
}

impl Needle {
    fn plain(form: &str) -> Self {
        Self {
            chars: form.chars().map(|c| c.to_ascii_lowercase()).collect(),
            encoded: false,
        }
    }

    fn encoded(form: &str) -> Self {
        Self {
            encoded: true,
            ..Self::plain(form)
        }
    }

    /// Where the needle lies in `text`, whole or, where the text was cut, its beginning.
    fn find(&self, text: &[Decoded]) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for start in 0..text.len() {
            let rest = text[start..].iter().map(|decoded| decoded.c.to_ascii_lowercase());
            let common = rest.zip(&self.chars).take_while(|(c, own)| c == *own).count();
            let end = if common == self.chars.len() {
                Some(start + common)
            } else {
                self.cut_end(start, start + common, text)
            };
            found.extend(end.map(|end| self.widened(start..end, text)));
        }
        found
    }

    /// Where `text` was cut, if it was cut after a beginning of the needle, which lies in it from `start` to `end`: in
    /// between, where the words behind the cut go on as the needle does, or within the escape sequence of the next
    /// character.
    fn cut_end(&self, start: usize, end: usize, text: &[Decoded]) -> Option<usize> {
        let is_escape = text.get(end).is_some_and(|decoded| "\\%&".contains(decoded.c));
        let longest = if is_escape { MAX_ESCAPE_CHARS } else { 0 };
        let is_long = end - start >= MIN_PART;

        (start + MIN_SECRET..=text.len().min(end + longest)).rfind(|cut| {
            let is_marked = text[cut - 1].before_cut && (!self.encoded || is_long);
            end - start >= MIN_SECRET && (is_marked || (*cut == text.len() && is_long))
        })
    }

    /// The place of an encoding with its neighbours: it holds only those characters that do not depend on them.
    fn widened(&self, range: Range<usize>, text: &[Decoded]) -> Range<usize> {
        if !self.encoded {
            return range;
        }
        let is_neighbour = |at: usize| text[at].c.is_ascii_alphanumeric() || "+/-_=".contains(text[at].c);

        let Range { mut start, mut end } = range;
        while start > 0 && !text[start].after_blank && is_neighbour(start - 1) {
            start -= 1;
        }
        while end < text.len() && !text[end].after_blank && is_neighbour(end) {
            end += 1;
        }
        start..end
    }
}

/// The parts of a URL that may be echoed alone: the host with its port, the path with and without the query, the
/// segments of the path, and the values of the query.
fn url_parts(url: &str) -> impl Iterator<Item = &str> {
    let rest = url.split_once("://").map(|(_, rest)| rest);
    let (host, path) = rest.map_or((None, None), |rest| match rest.find(['/', '?', '#']) {
        Some(at) => (Some(&rest[..at]), Some(&rest[at..])),
        None => (Some(rest), None),
    });
    let without_query = path.and_then(|path| path.split(['?', '#']).next());
    let pieces = path
        .into_iter()
        .flat_map(|path| path.split(['/', '?', '#', '&', '=', ';']));
    host.into_iter().chain(path).chain(without_query).chain(pieces)
}

/// The encodings of a secret that hide its characters: base64, in both alphabets and at each offset within other data,
/// and hexadecimal.
fn encodings(secret: &str) -> impl Iterator<Item = Needle> {
    let base64 = (0..3).flat_map(move |offset| {
        let data = [&b"\0\0"[..offset], secret.as_bytes()].concat();
        // The characters that hold bits of the secret alone.
        let start = (offset * 8).div_ceil(6);
        let end = data.len() * 8 / 6;
        [STANDARD_NO_PAD.encode(&data), URL_SAFE_NO_PAD.encode(&data)]
            .map(|encoded| Needle::encoded(&encoded[start..end]))
    });
    let hexadecimal: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    base64.chain([Needle::encoded(&hexadecimal)])
}

/// The characters of `text` that count: no blanks, no invisible ones, and no ellipsis, which stands where a text was cut.
fn visible(text: &str) -> Vec<Decoded> {
    let decoded = text.char_indices().map(|(at, c)| Decoded {
        c,
        source: at..at + c.len_utf8(),
        after_blank: false,
        before_cut: false,
    });
    without_blanks(decoded)
}

/// Undoes one level of escaping: JSON and other backslashes, percent-encoding, and entities of HTML.
fn unescape(text: &[Decoded]) -> Vec<Decoded> {
    let mut at = 0;
    let decoded = std::iter::from_fn(|| {
        let first = text.get(at)?;
        let (c, length) = escape_at(&text[at..]).unwrap_or((first.c, 1));
        at += length;
        Some(Decoded {
            c,
            source: first.source.start..text[at - 1].source.end,
            after_blank: first.after_blank,
            before_cut: text[at - 1].before_cut,
        })
    });
    // An escape may also stand for a character that nobody sees.
    without_blanks(decoded)
}

/// The characters that count, each with whether it comes after a blank.
fn without_blanks(text: impl Iterator<Item = Decoded>) -> Vec<Decoded> {
    let mut out: Vec<Decoded> = Vec::new();
    let mut after_blank = false;
    for mut decoded in text {
        if decoded.c.is_whitespace() || decoded.c.is_control() {
            after_blank = true;
        } else if decoded.c == '…' {
            if let Some(last) = out.last_mut() {
                last.before_cut = true;
            }
        } else if !is_invisible(decoded.c) {
            decoded.after_blank |= after_blank;
            after_blank = false;
            out.push(decoded);
        }
    }
    out
}

/// The escaped character that `text` begins with, and the length of the escape.
fn escape_at(text: &[Decoded]) -> Option<(char, usize)> {
    let first: String = text
        .iter()
        .take(MAX_ESCAPE_CHARS)
        .map(|decoded| decoded.c)
        .collect();
    match text[0].c {
        '%' => hexadecimal(&first, 1, 2),
        '\\' => match text.get(1)?.c {
            'u' if text.get(2).is_some_and(|decoded| decoded.c == '{') => {
                let digits = first[3..].find('}')?;
                hexadecimal(&first, 3, digits).map(|(c, length)| (c, length + 1))
            }
            'u' => hexadecimal(&first, 2, 4),
            'x' => hexadecimal(&first, 2, 2),
            'n' | 'r' | 't' => Some((' ', 2)),
            escaped => Some((escaped, 2)),
        },
        '&' => entity(&first),
        _ => None,
    }
}

/// The character whose code is the `digits` hexadecimal digits at `start` of `text`, and where they end.
fn hexadecimal(text: &str, start: usize, digits: usize) -> Option<(char, usize)> {
    let digits = text.get(start..start + digits)?;
    let is_hexadecimal = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let code = u32::from_str_radix(digits, 16).ok().filter(|_| is_hexadecimal)?;
    Some((char::from_u32(code)?, start + digits.len()))
}

/// The character of the HTML entity that `text` begins with, and the length of the entity.
fn entity(text: &str) -> Option<(char, usize)> {
    let (name, _) = text[1..].split_once(';')?;
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            "hyphen" | "dash" => '-',
            "lowbar" => '_',
            "sol" => '/',
            _ => return None,
        }
        .into(),
    };
    Some((char::from_u32(code)?, text[..].find(';')? + 1))
}

/// `text` with these ranges of its bytes hidden.
fn replace(text: &str, mut hidden: Vec<Range<usize>>) -> String {
    hidden.sort_by_key(|range| range.start);
    let mut out = String::new();
    let mut shown = 0;
    for range in hidden {
        if range.start >= shown {
            out.push_str(&text[shown..range.start]);
            out.push_str(HIDDEN);
        }
        shown = shown.max(range.end);
    }
    out.push_str(&text[shown..]);
    out
}

#[cfg(test)]
mod tests;
