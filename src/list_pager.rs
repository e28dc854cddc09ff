//! Follows a list from page to page. Does no I/O.

use crate::k8s::PageCursor;

/// How many times a list that expired between two pages is restarted. Reading a list takes seconds, and the API server
/// keeps it for minutes: one that keeps expiring will never be read to its end.
const RESTARTS: u32 = 2;

/// A list with this many items, or pages, is taken for one that never ends.
const MAX_ITEMS: usize = 1_000_000;
const MAX_PAGES: u32 = 2_000;

/// The position in a list that is read page by page.
#[derive(Default)]
pub(crate) struct ListPager {
    after: Option<String>,
    restarts: u32,
    pages: u32,
    items: usize,
}

impl ListPager {
    /// The token of the next page; `None` for the first one.
    pub(crate) fn after(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// Notes a page with this many items.
    ///
    /// # Errors
    /// The reason why the list has no end.
    pub(crate) fn turn(&mut self, cursor: &PageCursor, items: usize) -> Result<(), &'static str> {
        self.pages += 1;
        self.items += items;
        self.restarts += u32::from(cursor.restarted);

        if self.restarts > RESTARTS {
            return Err("the list expired between two pages too often");
        }
        if (self.pages >= MAX_PAGES || self.items >= MAX_ITEMS) && cursor.next.is_some() {
            return Err("the list does not end");
        }

        self.after.clone_from(&cursor.next);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(next: Option<&str>, restarted: bool) -> PageCursor {
        PageCursor {
            next: next.map(str::to_owned),
            restarted,
            remaining: None,
            version: None,
        }
    }

    #[test]
    fn a_list_may_start_anew_twice_and_no_more() {
        let mut pager = ListPager::default();
        assert_eq!(pager.turn(&page(Some("a"), false), 500), Ok(()));
        assert_eq!(pager.turn(&page(Some("b"), true), 500), Ok(()));
        assert_eq!(pager.turn(&page(Some("c"), true), 500), Ok(()));
        assert_eq!(pager.after(), Some("c"));
        assert!(pager.turn(&page(None, true), 500).is_err());
    }

    #[test]
    fn a_list_that_goes_on_and_on_is_given_up_and_a_long_one_is_not() {
        let mut endless = ListPager::default();
        let mut long = ListPager::default();
        for _ in 1..MAX_PAGES {
            assert_eq!(endless.turn(&page(Some("a"), false), 500), Ok(()));
            assert_eq!(long.turn(&page(Some("a"), false), 500), Ok(()));
        }
        assert!(endless.turn(&page(Some("a"), false), 500).is_err());
        assert_eq!(long.turn(&page(None, false), 500), Ok(()));
        let mut long_pages = ListPager::default();
        assert!(long_pages.turn(&page(Some("a"), false), MAX_ITEMS).is_err());
    }
}
