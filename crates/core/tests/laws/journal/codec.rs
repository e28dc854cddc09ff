//! Laws of the journal as text: what was written is read, and what was not is refused.

use macaque_core::journal::{Journal, StoredJournal, UnreadableJournal};
use proptest::prelude::*;

use super::history::{JournalHistory, steps};
use super::samples::limits;

fn stored(journal: &Journal) -> StoredJournal {
    let (text, seal) = journal.write();
    StoredJournal {
        uid: "uid".to_owned(),
        text: Some(text),
        seal: Some(seal),
        ..StoredJournal::default()
    }
}

fn some_journal() -> impl Strategy<Value = Journal> {
    (limits(), steps()).prop_map(|(limits, steps)| {
        let mut history = JournalHistory::new(limits, 3);
        for step in &steps {
            history.take(step);
        }
        history.journal
    })
}

proptest! {
    #[test]
    fn what_was_written_is_read(journal in some_journal()) {
        prop_assert_eq!(stored(&journal).read(), Ok(journal));
    }

    #[test]
    fn a_text_cut_short_is_refused(journal in some_journal(), cut in any::<prop::sample::Index>()) {
        let mut cut_short = stored(&journal);
        let text = cut_short.text.as_mut().unwrap();
        text.truncate(cut.index(text.len() - 1) + 1);
        let is_whole = text.len() == stored(&journal).text.unwrap().len();
        prop_assert!(is_whole || cut_short.read().is_err());
    }

    #[test]
    fn a_changed_byte_is_refused(journal in some_journal(), place in any::<prop::sample::Index>(), byte in 32u8..127) {
        let mut changed = stored(&journal);
        let mut bytes = changed.text.take().unwrap().into_bytes();
        let place = place.index(bytes.len());
        prop_assume!(bytes[place] != byte);
        bytes[place] = byte;
        changed.text = String::from_utf8(bytes).ok();
        prop_assert!(changed.read().is_err());
    }

    #[test]
    fn no_text_makes_the_reader_fall_over(text in ".{0,300}", seal in prop::option::of(".{0,20}")) {
        let _ = StoredJournal { text: Some(text), seal, ..StoredJournal::default() }.read();
    }
}

#[test]
fn a_newer_version_is_refused_whatever_else_it_holds() {
    let newer = StoredJournal {
        text: Some(r#"{"version": 7, "anything": []}"#.to_owned()),
        ..StoredJournal::default()
    };
    assert_eq!(newer.read(), Err(UnreadableJournal::Newer(7)));
}

#[test]
fn an_empty_config_map_is_a_new_journal() {
    for text in [None, Some(String::new()), Some(" \n".to_owned())] {
        let empty = StoredJournal {
            text,
            ..StoredJournal::default()
        };
        assert_eq!(empty.read(), Ok(Journal::new("")));
    }
}

#[test]
fn a_journal_from_before_recoveries_is_read_and_written_as_it_was() {
    let text = include_str!("before_recoveries.json");
    let before = StoredJournal {
        uid: "uid".to_owned(),
        text: Some(text.to_owned()),
        seal: Some("affad58624ad4985".to_owned()),
        ..StoredJournal::default()
    };
    let journal = before.read().unwrap();
    assert_eq!(journal.recovering(), []);
    assert_eq!(journal.round().unwrap().reservations.len(), 2);
    assert!(journal.outbox()[0].round_report().is_some());
    assert_eq!(journal.write().0, text);
}
