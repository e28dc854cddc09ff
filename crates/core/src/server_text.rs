//! Bounds the texts that come from a server: a webhook, a policy or a proxy may write as much as it likes, and a report
//! repeats it for each pod.

/// How many characters of a server's text are kept: more than a budget or a missing permission needs in words.
pub const MAX_SERVER_TEXT: usize = 400;

/// The text of a server as reports, errors and the journal hold it: at most [`MAX_SERVER_TEXT`] characters, the last of
/// them `…` if there was more.
pub fn bounded(text: &str) -> String {
    if text.chars().nth(MAX_SERVER_TEXT).is_none() {
        return text.to_owned();
    }

    let kept = text.chars().take(MAX_SERVER_TEXT - 1);
    kept.chain(['…']).collect()
}

/// At most so many characters from the beginning of a text, without control characters.
pub(crate) fn visible_beginning(text: &str, most: usize) -> String {
    let visible = text.chars().filter(|c| !c.is_control());
    visible.take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_kept_whole_up_to_the_bound_and_cut_with_an_ellipsis_beyond_it() {
        let longest = "ä".repeat(MAX_SERVER_TEXT);
        assert_eq!(bounded(""), "");
        assert_eq!(bounded(&longest), longest);

        let cut = bounded(&format!("{longest}x"));
        assert_eq!(cut.chars().count(), MAX_SERVER_TEXT);
        assert_eq!(cut, format!("{}…", "ä".repeat(MAX_SERVER_TEXT - 1)));
    }
}
