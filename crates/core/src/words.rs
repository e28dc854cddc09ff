//! Lists in the sentences of errors.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_read_as_a_sentence() {
        let none: [&str; 0] = [];
        assert_eq!(either(&none), "");
        assert_eq!(either(&["a"]), "a");
        assert_eq!(either(&["a", "b"]), "a or b");
        assert_eq!(either(&["a", "b", "c"]), "a, b or c");
    }
}
