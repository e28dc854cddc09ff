//! Decodes the kinds of messages that services, channels and routes get.

use macaque_core::words::either;

use super::super::decoder::{SettingsDecoder, convert_all};
use super::super::forms::{ALL_KINDS, NO_KINDS, kind_words};
use super::super::given_table::{Fault, GivenTable, accept};
use super::super::mistake::{MistakeReported, quote};
use super::super::nearest::nearest_name;
use crate::notify::{MessageKind, MessageKinds};

/// Decodes a key; `None` if it is not set.
pub(super) fn decode_kinds(
    decoder: &mut SettingsDecoder,
    path: &'static str,
) -> Result<Option<MessageKinds>, MistakeReported> {
    let Some(words) = decoder.optional_list(path)? else {
        return Ok(None);
    };
    let is_alone = words.len() == 1;
    let kinds: Vec<_> = convert_all(words, |word| {
        let kinds = kinds_of(&word.value, is_alone);
        kinds.map_err(|(wrong, right)| decoder.refuse(&word, wrong, right))
    })?;
    Ok(Some(MessageKinds::of(kinds.into_iter().flatten())))
}

/// Decodes the field `kinds` of a table; `None` if it is not set.
pub(super) fn decode_kinds_of_table(
    decoder: &mut SettingsDecoder,
    table: &GivenTable,
) -> Result<Option<MessageKinds>, MistakeReported> {
    const RIGHT: &str = "use a list of kinds in quotes, such as [\"disruption\", \"recovery\"]";
    if table.field("kinds").is_none() {
        return Ok(None);
    }
    let words = table.texts(decoder, "kinds", RIGHT)?;
    let kinds: Vec<Result<_, MistakeReported>> = words
        .iter()
        .map(|word| accept(decoder, table, word, kinds_of(&word.value, words.len() == 1)))
        .collect();
    let kinds: Vec<_> = kinds.into_iter().collect::<Result<_, _>>()?;
    Ok(Some(MessageKinds::of(kinds.into_iter().flatten())))
}

/// The kinds that a word of a list stands for, which may be alone in it.
fn kinds_of(word: &str, is_alone: bool) -> Result<Vec<MessageKind>, Fault> {
    if let Some(kind) = MessageKind::of_word(word) {
        return Ok(vec![kind]);
    }
    if word.eq_ignore_ascii_case(ALL_KINDS) {
        return Ok(MessageKind::ALL.into());
    }
    if word.eq_ignore_ascii_case(NO_KINDS) {
        return if is_alone {
            Ok(Vec::new())
        } else {
            let wrong = "\"none\" stands beside other kinds".to_owned();
            Err((wrong, "remove it, or the others".to_owned()))
        };
    }

    let known = kind_words();
    let right = match nearest_name(&word.to_ascii_lowercase(), known.clone()) {
        Some(nearest) => format!("did you mean \"{nearest}\"?"),
        None => {
            let quoted: Vec<_> = known.iter().map(|word| format!("\"{word}\"")).collect();
            format!("use {}", either(&quoted))
        }
    };
    Err((format!("{} is not a kind of message", quote(word)), right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stands_for_its_kind_for_all_or_for_none() {
        for kind in MessageKind::ALL {
            assert_eq!(kinds_of(kind.as_str(), false), Ok(vec![kind]));
        }
        assert_eq!(kinds_of("Held", true), Ok(vec![MessageKind::Held]));
        assert_eq!(kinds_of("all", false), Ok(MessageKind::ALL.to_vec()));
        assert_eq!(kinds_of("none", true), Ok(Vec::new()));
    }

    #[test]
    fn another_word_is_refused_with_the_nearest_kind_or_with_all_of_them() {
        let cases = [
            ("recovry", "did you mean \"recovery\"?"),
            ("disruptions", "did you mean \"disruption\"?"),
            ("Windows", "did you mean \"window\"?"),
            ("non", "did you mean \"none\"?"),
        ];
        for (word, remedy) in cases {
            let (wrong, right) = kinds_of(word, true).unwrap_err();
            assert_eq!(wrong, format!("\"{word}\" is not a kind of message"));
            assert_eq!(right, remedy);
        }
        let (_, right) = kinds_of("everything-else", true).unwrap_err();
        assert!(
            right.starts_with("use \"disruption\", \"refusal\"") && right.ends_with("or \"none\""),
            "{right}"
        );
        let (wrong, _) = kinds_of("none", false).unwrap_err();
        assert_eq!(wrong, "\"none\" stands beside other kinds");
    }
}
