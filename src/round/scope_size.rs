//! Decides whether there are too many pods to judge them all. Does no I/O.

use macaque_core::report::SkippedNamespace;
use macaque_core::selection::{NameIndex, SAMPLING_THRESHOLD};

/// How many pods are read in full before the rest is counted, if the server does not say how many there are.
const READ_BEFORE_COUNTING: usize = 500;

/// What is known about the number of pods in scope.
pub(crate) enum ScopeSize {
    /// The number does not matter: every pod is read.
    Unlimited,
    /// The number is not known yet.
    Unknown,
    /// The names of the pods were listed and counted.
    Counted(Box<ScopeNames>),
}

/// The names of all pods in scope whose phase makes them eligible.
#[derive(Default)]
pub(crate) struct ScopeNames {
    pub(crate) names: NameIndex,
    /// Problems that did not end the listing.
    pub(crate) problems: Vec<String>,
    /// The namespaces that are left out.
    pub(crate) skipped: Vec<SkippedNamespace>,
}

impl ScopeSize {
    /// After this many pods were `seen`: a page is read only if at most this many pods follow it; `None` is no limit.
    pub(crate) fn max_following(&self, seen: usize) -> Option<usize> {
        match self {
            Self::Unlimited => None,
            Self::Unknown | Self::Counted(_) => Some(SAMPLING_THRESHOLD.saturating_sub(seen)),
        }
    }

    /// Whether there are too many pods to judge them all; `None` if they must be counted before that is known.
    ///
    /// So far this many were `seen`. `remaining` is how many follow in the same list, if the server said so, and `more`
    /// is whether any pods follow at all.
    pub(crate) fn is_large(&self, seen: usize, remaining: Option<usize>, more: bool) -> Option<bool> {
        match self {
            Self::Unlimited => Some(false),
            _ if seen.saturating_add(remaining.unwrap_or_default()) > SAMPLING_THRESHOLD => Some(true),
            Self::Unknown if seen >= READ_BEFORE_COUNTING && more && remaining.is_none() => None,
            Self::Unknown => Some(false),
            // More pods may have been seen than names: those in other phases have no name here.
            Self::Counted(names) => Some(names.names.len() > SAMPLING_THRESHOLD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_says_how_many_remain_is_judged_by_that() {
        assert_eq!(ScopeSize::Unknown.is_large(500, Some(700), true), Some(false));
        assert_eq!(
            ScopeSize::Unknown.is_large(500, Some(SAMPLING_THRESHOLD - 499), true),
            Some(true)
        );
        assert_eq!(
            ScopeSize::Unknown.is_large(500, Some(usize::MAX), true),
            Some(true)
        );
        // A page of which only the metadata was read.
        assert_eq!(
            ScopeSize::Unknown.is_large(0, Some(SAMPLING_THRESHOLD + 1), true),
            Some(true)
        );
    }

    #[test]
    fn a_list_that_does_not_say_is_counted_once_before_much_of_it_is_read() {
        assert_eq!(ScopeSize::Unknown.is_large(499, None, true), Some(false));
        assert_eq!(ScopeSize::Unknown.is_large(500, None, true), None);
        assert_eq!(ScopeSize::Unknown.is_large(500, None, false), Some(false));
        let counted = ScopeSize::Counted(Box::default());
        assert_eq!(counted.is_large(1500, None, true), Some(false));
        assert_eq!(counted.is_large(SAMPLING_THRESHOLD + 1, None, true), Some(true));
    }

    #[test]
    fn a_scan_that_must_be_complete_is() {
        assert_eq!(ScopeSize::Unlimited.is_large(100_000, Some(1), true), Some(false));
        assert_eq!(ScopeSize::Unlimited.max_following(0), None);
    }
}
