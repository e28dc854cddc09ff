//! Who wrote the journal's data last, by the API server's record of it: what no copy of the data can show.
//!
//! A server notes for each field of an object the manager that changed its value last (`metadata.managedFields`). Every
//! step changes both the text and its seal, so macaque owns both after each write of its own. If others own one and
//! macaque does not, they have written since: perhaps an old copy, which agrees with itself and may lack a round.

use std::fmt;

use jiff::Timestamp;

/// The name by which macaque writes, as field manager and at the beginning of its User-Agent.
pub const FIELD_MANAGER: &str = "macaque";

/// A manager that owns the journal's text, its seal or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DataWriter {
    /// The name of the manager.
    pub manager: String,
    /// Whether it owns them by server-side apply, which macaque never uses.
    pub applies: bool,
    /// When it last changed what it owns.
    pub at: Option<Timestamp>,
    /// Whether it owns the text.
    pub owns_text: bool,
    /// Whether it owns the seal.
    pub owns_seal: bool,
}

impl DataWriter {
    fn is_macaque(&self) -> bool {
        self.manager == FIELD_MANAGER && !self.applies
    }
}

/// The latest of the others that own the text or the seal without macaque, if there are any. Who applies the very value
/// that is there owns it together with macaque, and has changed nothing.
pub(super) fn foreign(writers: &[DataWriter]) -> Option<&DataWriter> {
    let owned: [fn(&DataWriter) -> bool; 2] = [|writer| writer.owns_text, |writer| writer.owns_seal];
    let foreign = owned.into_iter().flat_map(|is_owner| {
        let is_own = writers
            .iter()
            .any(|writer| is_owner(writer) && writer.is_macaque());
        writers.iter().filter(move |writer| is_owner(writer) && !is_own)
    });
    foreign.max_by_key(|writer| writer.at)
}

impl fmt::Display for DataWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            manager, applies, at, ..
        } = self;
        write!(f, "{manager:?}")?;
        if *applies {
            f.write_str(" by server-side apply")?;
        }
        match at {
            Some(at) => write!(f, " at {at}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::journal::{Journal, StoredJournal};

    use super::*;

    /// Who owns the text and the seal.
    fn owner(manager: &str, second: i64) -> DataWriter {
        DataWriter {
            manager: manager.to_owned(),
            applies: false,
            at: Timestamp::from_second(second).ok(),
            owns_text: true,
            owns_seal: true,
        }
    }

    /// The reason why a journal that these wrote is not trusted by who has never read one.
    fn distrust(writers: &[DataWriter]) -> Option<String> {
        let journal = Journal::new("uid");
        let (text, seal) = journal.write();
        let stored = StoredJournal {
            uid: "uid".to_owned(),
            text: Some(text),
            seal: Some(seal),
            writers: writers.to_vec(),
        };
        stored.distrust(&journal, 0)
    }

    #[test]
    fn a_journal_that_another_wrote_last_is_not_trusted_and_its_writer_is_named() {
        assert_eq!(
            distrust(&[owner("kubectl-replace", 60)]).unwrap(),
            "it was written last by \"kubectl-replace\" at 1970-01-01T00:01:00Z, not by macaque, and may be an old copy"
        );
        let unknown = DataWriter {
            at: None,
            ..owner("line\nbreak", 0)
        };
        assert!(distrust(&[unknown]).unwrap().contains(r#"by "line\nbreak", not"#));
    }

    #[test]
    fn a_journal_that_macaque_wrote_last_is_trusted_and_one_of_which_nobody_says_who() {
        assert_eq!(distrust(&[]), None);
        assert_eq!(distrust(&[owner(FIELD_MANAGER, 60)]), None);
    }

    #[test]
    fn who_owns_neither_text_nor_seal_does_not_matter() {
        let annotates = DataWriter {
            owns_text: false,
            owns_seal: false,
            ..owner("kubectl-edit", 90)
        };
        assert_eq!(distrust(&[owner(FIELD_MANAGER, 60), annotates.clone()]), None);
        assert_eq!(distrust(&[annotates]), None);
    }

    #[test]
    fn one_key_of_another_is_enough() {
        let own = DataWriter {
            owns_text: false,
            ..owner(FIELD_MANAGER, 60)
        };
        let other = DataWriter {
            owns_seal: false,
            ..owner("kubectl-edit", 30)
        };
        assert!(distrust(&[own, other]).unwrap().contains("kubectl-edit"));
    }

    #[test]
    fn who_applies_what_macaque_wrote_owns_it_beside_macaque() {
        let gitops = DataWriter {
            applies: true,
            ..owner("gitops", 90)
        };
        assert_eq!(distrust(&[owner(FIELD_MANAGER, 60), gitops.clone()]), None);
        assert!(
            distrust(&[gitops])
                .unwrap()
                .contains("\"gitops\" by server-side apply")
        );

        let of_the_same_name = DataWriter {
            applies: true,
            ..owner(FIELD_MANAGER, 90)
        };
        assert!(distrust(&[of_the_same_name]).is_some());
    }

    #[test]
    fn of_several_others_the_latest_is_named() {
        let why = distrust(&[owner("first", 10), owner("last", 30), owner("second", 20)]);
        assert!(why.unwrap().contains("\"last\""));
    }

    #[test]
    fn a_config_map_without_a_journal_may_be_anybodys() {
        for text in [None, Some(" \n".to_owned())] {
            let stored = StoredJournal {
                text,
                writers: vec![owner("helm", 60)],
                ..StoredJournal::default()
            };
            assert_eq!(stored.distrust(&stored.read().unwrap(), 0), None);
        }
    }

    #[test]
    fn every_reason_is_named() {
        let journal = Journal::new("uid");
        let stored = StoredJournal {
            uid: "uid".to_owned(),
            text: Some(journal.write().0),
            writers: vec![owner("kubectl", 60)],
            ..StoredJournal::default()
        };
        let why = stored.distrust(&journal, 7).unwrap();
        assert!(
            why.starts_with(
                "it is older than what was read before: number 0 after 7; it was written last by"
            )
        );
    }
}
