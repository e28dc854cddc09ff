//! Lists in sentences.

use std::fmt;

/// `a`, `a or b`, `a, b or c`.
pub fn either<T: fmt::Display>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [only] => only.to_string(),
        [head @ .., last] => {
            let head: Vec<_> = head.iter().map(T::to_string).collect();
            format!("{} or {last}", head.join(", "))
        }
    }
}

/// The first `most` words, and the number of the others: `a, b and 7 more`.
pub fn first_of<T: fmt::Display>(words: &[T], most: usize) -> String {
    let shown: Vec<_> = words.iter().take(most).map(T::to_string).collect();
    let shown = shown.join(", ");
    match words.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_shows_its_first_words_and_counts_the_others() {
        assert_eq!(first_of(&["a", "b"], 2), "a, b");
        assert_eq!(first_of(&["a", "b", "c", "d"], 2), "a, b and 2 more");
        let none: [&str; 0] = [];
        assert_eq!(first_of(&none, 2), "");
    }

    #[test]
    fn alternatives_read_as_a_sentence() {
        let none: [&str; 0] = [];
        assert_eq!(either(&none), "");
        assert_eq!(either(&["a"]), "a");
        assert_eq!(either(&["a", "b"]), "a or b");
        assert_eq!(either(&["a", "b", "c"]), "a, b or c");
    }
}
