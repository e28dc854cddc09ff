//! How far a listing has come, and whether what it lists is a crowd. Pure: pages are arguments.

use crate::k8s::PageCursor;
use macaque_core::selection::{CROWD, NameIndex};

/// How often a listing that expired between two pages starts anew. Reading takes seconds and an API server forgets
/// after minutes: a listing that expires again and again is never read whole.
const RESTARTS: u32 = 2;

/// More items than this, or pages, are taken for a list that never ends.
const MOST_ITEMS: usize = 1_000_000;
const MOST_PAGES: u32 = 2_000;

/// So many pods are read in full without knowing how many there are.
const BLIND: usize = 500;

/// A listing from page to page.
#[derive(Default)]
pub(crate) struct ListPager {
    after: Option<String>,
    restarts: u32,
    pages: u32,
    items: usize,
}

impl ListPager {
    /// Where the next page begins.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Takes note of a page of so many items.
    ///
    /// # Errors
    /// The list has no end, and why.
    pub(crate) fn turn(&mut self, turn: &PageCursor, items: usize) -> Result<(), &'static str> {
        self.pages += 1;
        self.items += items;
        self.restarts += u32::from(turn.restarted);
        if self.restarts > RESTARTS {
            return Err("the list expires between two pages, again and again");
        }
        if (self.pages >= MOST_PAGES || self.items >= MOST_ITEMS) && turn.next.is_some() {
            return Err("the list goes on and on");
        }
        self.after.clone_from(&turn.next);
        Ok(())
    }
}

/// What is known of the number of pods in scope.
pub(crate) enum ScopeSize {
    /// All are to be read, however many there are.
    Unlimited,
    /// Nothing yet.
    Unknown,
    /// The names were counted.
    Counted(ScopeNames),
}

/// The names of all pods in scope that are in a phase that can be drawn.
#[derive(Default)]
pub(crate) struct ScopeNames {
    pub(crate) roster: NameIndex,
    /// What went wrong without ending it.
    pub(crate) problems: Vec<String>,
}

impl ScopeSize {
    /// With so many pods `seen`, how many may come after a page for the page to be worth reading.
    pub(crate) fn glance(&self, seen: usize) -> Option<usize> {
        match self {
            Self::Unlimited => None,
            Self::Unknown | Self::Counted(_) => Some(CROWD.saturating_sub(seen)),
        }
    }

    /// Whether the scope is a crowd, after a page by which so many pods were `seen`, `remaining` come after them in
    /// the same list, and `more` come at all; `None` if they should be counted before more of them are read.
    pub(crate) fn of(&self, seen: usize, remaining: Option<usize>, more: bool) -> Option<bool> {
        match self {
            Self::Unlimited => Some(false),
            _ if seen.saturating_add(remaining.unwrap_or_default()) > CROWD => Some(true),
            Self::Unknown if seen >= BLIND && more && remaining.is_none() => None,
            Self::Unknown => Some(false),
            // There may be more pods, in phases that cannot be drawn.
            Self::Counted(names) => Some(names.roster.len() > CROWD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(next: Option<&str>, restarted: bool) -> PageCursor {
        PageCursor {
            next: next.map(str::to_owned),
            restarted,
            remaining: None,
        }
    }

    #[test]
    fn a_list_may_start_anew_twice_and_no_more() {
        let mut pager = ListPager::default();
        assert_eq!(pager.turn(&turn(Some("a"), false), 500), Ok(()));
        assert_eq!(pager.turn(&turn(Some("b"), true), 500), Ok(()));
        assert_eq!(pager.turn(&turn(Some("c"), true), 500), Ok(()));
        assert_eq!(pager.after(), Some("c"));
        assert!(pager.turn(&turn(None, true), 500).is_err());
    }

    #[test]
    fn a_list_that_goes_on_and_on_is_given_up_and_a_long_one_is_not() {
        let (mut endless, mut long) = (ListPager::default(), ListPager::default());
        for _ in 1..MOST_PAGES {
            assert_eq!(endless.turn(&turn(Some("a"), false), 500), Ok(()));
            assert_eq!(long.turn(&turn(Some("a"), false), 500), Ok(()));
        }
        assert!(endless.turn(&turn(Some("a"), false), 500).is_err());
        assert_eq!(long.turn(&turn(None, false), 500), Ok(()));
        let mut long_pages = ListPager::default();
        assert!(long_pages.turn(&turn(Some("a"), false), MOST_ITEMS).is_err());
    }

    #[test]
    fn a_list_that_says_how_many_remain_is_judged_by_that() {
        assert_eq!(ScopeSize::Unknown.of(500, Some(700), true), Some(false));
        assert_eq!(ScopeSize::Unknown.of(500, Some(CROWD - 499), true), Some(true));
        assert_eq!(ScopeSize::Unknown.of(500, Some(usize::MAX), true), Some(true));
        // A page that was only glanced at.
        assert_eq!(ScopeSize::Unknown.of(0, Some(CROWD + 1), true), Some(true));
    }

    #[test]
    fn a_list_that_does_not_say_is_counted_once_before_much_of_it_is_read() {
        assert_eq!(ScopeSize::Unknown.of(499, None, true), Some(false));
        assert_eq!(ScopeSize::Unknown.of(500, None, true), None);
        assert_eq!(ScopeSize::Unknown.of(500, None, false), Some(false));
        let counted = ScopeSize::Counted(ScopeNames::default());
        assert_eq!(counted.of(1500, None, true), Some(false));
        assert_eq!(counted.of(CROWD + 1, None, true), Some(true));
    }

    #[test]
    fn a_survey_that_must_be_whole_is() {
        assert_eq!(ScopeSize::Unlimited.of(100_000, Some(1), true), Some(false));
        assert_eq!(ScopeSize::Unlimited.glance(0), None);
    }
}
