//! The inputs that are texts, and what laws say about texts.

/// The bytes as a text, if they are one.
pub(crate) fn of(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

/// The first line and the rest of a text.
pub(crate) fn first_line(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, ""))
}

/// The numbers in a text after each occurrence of `word`: the lines that an error names, for example.
pub(crate) fn numbers_after(text: &str, word: &str) -> Vec<usize> {
    let parts = text.split(word).skip(1);
    let digits = parts.map(|part| part.split(|c: char| !c.is_ascii_digit()).next());
    digits.filter_map(|digits| digits?.parse().ok()).collect()
}

/// How many lines a text has, the last of which may be empty.
pub(crate) fn line_count(text: &str) -> usize {
    text.split('\n').count()
}
