//! Text from elsewhere as a page may show it: one visible line of limited length, without addresses.

use crate::text;

/// The longest text, in characters.
const LONGEST: usize = 300;
/// What is shown in the place of an address, which may hold what only its reader may know.
const ADDRESS: &str = "[address]";

/// The text as it may be shown.
pub(super) fn text(text: &str) -> String {
    let line = text::clean(text, 4 * LONGEST);
    let words = line
        .split(' ')
        .map(|word| if is_address(word) { ADDRESS } else { word });
    text::clip(&words.collect::<Vec<_>>().join(" "), LONGEST)
}

/// A name as it may be shown.
pub(super) fn name(name: impl ToString) -> String {
    text(&name.to_string())
}

fn is_address(word: &str) -> bool {
    word.contains("://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_line_without_addresses() {
        let hostile = "INC-4711\n\u{202e}see https://user:CANARY@example.com/a?token=CANARY, then <b>";
        assert_eq!(text(hostile), "INC-4711 see [address] then <b>");
        assert_eq!(text::chars(&text(&"x ".repeat(2_000))), LONGEST);
    }
}
